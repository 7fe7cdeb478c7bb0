/** The Tencent EdgeOne provider. The vendor counts by zone, so the provider has one for each zone. */

import { PrefetchError } from "../../base/errors.ts";
import { type Call, type Provider, type RefreshProvider, type ServedHost, zoneAccount } from "../../prefetch/model/provider.ts";
import { provesLogin } from "../kit/login-check.ts";
import { openNetwork } from "../kit/network.ts";
import { refreshProvider } from "../kit/refresh-provider.ts";
import { statusByTask } from "../kit/url-tasks.ts";
import { createApi } from "./api.ts";
import { edgeOne, edgeOneLimits, prefetchIn, purgeIn, zoneOfTask } from "./edgeone-product.ts";
import { createZoneLookUp } from "./edgeone-zones.ts";
import { createErrors } from "./errors.ts";
import type { TencentOptions } from "./options.ts";
import { createTaskCalls, noTask } from "./task-calls.ts";

export interface TencentEdgeOneOptions extends TencentOptions {
  /** The zone of each host; `auto` asks the vendor. */
  readonly hosts: readonly ServedHost[] | "auto";
}

const docs = "https://www.tencentcloud.com/document/product/1145/50537";

/** Opens no connection before the first call. */
export function createTencentEdgeOne(options: TencentEdgeOneOptions): Provider {
  const { endpoint, account, hosts } = options;
  const network = openNetwork(edgeOne.id, options);
  const errors = createErrors(edgeOne);
  const api = createApi({ ...network, ...options, product: edgeOne, errors });
  const parts = { product: edgeOne, api, ...network };
  const zones = createZoneLookUp(api, errors);
  const callsIn = (zone: string) => ({
    prefetch: createTaskCalls(parts, prefetchIn(zone, network.redact)),
    purge: createTaskCalls(parts, purgeIn(zone, network.redact)),
  });

  /** The zone stands in each task id, so a question needs no zone of its own. */
  const statusBy = (kind: "prefetch" | "purge") =>
    statusByTask((taskId, call) => {
      const zone = zoneOfTask(taskId);
      if (zone === undefined) throw noTask(taskId, edgeOne);
      return callsIn(zone)[kind].status({ vendorTaskIds: [taskId] }, call);
    });

  const self = { id: edgeOne.id, title: edgeOne.name, account, accepts: ["urls"], limits: edgeOneLimits } as const;
  const refresh = refreshProvider(
    {
      prefetch: self,
      vendor: "Tencent Cloud",
      docs: "https://www.tencentcloud.com/document/product/1145/50536",
      urlsPerDay: undefined,
    },
    { submit: needsZone, status: statusBy("purge") },
  );
  const common = {
    ...self,
    docs,
    endpoints: [endpoint],
    tracking: "task",
    depth: "mid-tier",
    reach: "Tencent EdgeOne warms its middle layer; the first request at an edge may still miss.",
    purging: "At Tencent EdgeOne, refresh_first true does both in one call, with a quota of refreshes of the zone.",
    status: statusBy("prefetch"),
    checkLogin: async (call: Call) => {
      const zone = hosts === "auto" ? undefined : hosts[0]?.zone;
      const asked = zone === undefined ? zones.prove(call) : callsIn(zone).prefetch.status({ vendorTaskIds: [`${zone}/0`] }, call);
      await provesLogin(errors.vendor, asked);
    },
    close: () => network.http.close(),
  } as const;

  const made = new Map<string, Provider>();
  const createZone = (zoneId: string): Provider => {
    const { prefetch, purge } = callsIn(zoneId);
    return {
      ...common,
      zoneId,
      account: zoneAccount({ account }, zoneId),
      accountInWords: `zone ${zoneId} of account ${account.slice(account.indexOf(":") + 1)} at ${endpoint}`,
      ...prefetch,
      refresh: { ...refresh, zoneId, account: zoneAccount(refresh, zoneId), ...purge } satisfies RefreshProvider,
      // The provider of all zones closes the client that they use.
      close: async () => undefined,
    };
  };

  return {
    ...common,
    accountInWords: `account ${account.slice(account.indexOf(":") + 1)} at ${endpoint}`,
    submit: needsZone,
    hosts: async (call) => (hosts === "auto" ? zones.hosts(call) : hosts),
    zone: (id) => {
      const provider = made.get(id) ?? createZone(id);
      made.set(id, provider);
      return provider;
    },
    refresh,
  };
}

/** The server sends through zones only. */
async function needsZone(): Promise<never> {
  throw new PrefetchError("unsupported", "Tencent EdgeOne takes URLs by zone only", { provider: edgeOne.id, delivery: "not_sent" });
}
