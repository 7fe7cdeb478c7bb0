/** The Tencent Cloud CDN provider. */

import { z } from "zod";
import type { Depth, Provider } from "../../prefetch/model/provider.ts";
import { provesLogin } from "../kit/login-check.ts";
import { openNetwork } from "../kit/network.ts";
import { refreshProvider } from "../kit/refresh-provider.ts";
import type { CallAnswer } from "../kit/signed-call.ts";
import { createApi } from "./api.ts";
import { type Area, areas, cdn, cdnLimits, PURGES_PER_DAY, prefetchWork, purgeWork } from "./cdn-product.ts";
import { listDomains } from "./domains.ts";
import { createErrors } from "./errors.ts";
import type { TencentOptions } from "./options.ts";
import { createTaskCalls } from "./task-calls.ts";

export interface TencentCdnOptions extends TencentOptions {
  readonly area: Area;
}

/** Has the form of a task id, and belongs to no task. */
const UNKNOWN_TASK = "0";
const domains = z.object({
  Domains: z.array(z.object({ Domain: z.string(), Status: z.string().nullish() })).nullable(),
  TotalNumber: z.number().nullish(),
});
const domainList = {
  action: "DescribeDomains",
  pageRows: 1_000,
  read: (answer: CallAnswer) => {
    const { Domains, TotalNumber } = answer.read(domains);
    return {
      domains: (Domains ?? []).map(({ Domain, Status }) => ({ name: Domain, active: isActive(Status) })),
      total: TotalNumber ?? undefined,
    };
  },
};

/** https://www.tencentcloud.com/document/product/228/33600 */
const reaches: Readonly<Record<Area, readonly [Depth, string]>> = {
  mainland: ["mid-tier", "Tencent Cloud warms the middle layer in mainland China; the first request at an edge may still miss."],
  overseas: ["edge", "Tencent Cloud warms its edges outside mainland China, and bills the traffic to them."],
  global: ["unknown", "Tencent Cloud warms the middle layer in mainland China and the edges elsewhere, and bills the traffic to these."],
};

/** Opens no connection before the first call. */
export function createTencentCdn(options: TencentCdnOptions): Provider {
  const { endpoint, area } = options;
  // Areas have quotas of their own, and so ledgers.
  const account = `${options.account}:${area}`;
  const network = openNetwork(cdn.id, options);
  const errors = createErrors(cdn);
  const api = createApi({ ...network, ...options, product: cdn, errors });
  const parts = { product: cdn, api, ...network };
  const prefetch = createTaskCalls(parts, prefetchWork(area, network.redact));
  const [depth, reach] = reaches[area];

  const self = { id: cdn.id, title: cdn.name, account, accepts: ["urls"], limits: cdnLimits } as const;

  return {
    ...self,
    docs: "https://www.tencentcloud.com/document/product/228/33600",
    accountInWords: `account ${account.slice(account.indexOf(":") + 1)} at ${endpoint}`,
    endpoints: [endpoint],
    tracking: "task",
    depth,
    reach,
    purging: "At Tencent Cloud CDN, refresh_first true does both in one call, with a quota of 10,000 refreshes a day and area.",
    ...prefetch,
    hosts: (call) => listDomains(api, errors, domainList, call),
    checkLogin: (call) => provesLogin(errors.vendor, prefetch.status({ vendorTaskIds: [UNKNOWN_TASK] }, call)),
    refresh: refreshProvider(
      {
        prefetch: self,
        vendor: "Tencent Cloud",
        docs: "https://www.tencentcloud.com/document/product/228/33599",
        urlsPerDay: PURGES_PER_DAY,
      },
      createTaskCalls(parts, purgeWork(area, network.redact)),
    ),
    close: () => network.http.close(),
  };
}

/** The area of the setting, which has been checked. */
export function areaOf(value: string | undefined): Area {
  return areas.find((area) => area === value) ?? "mainland";
}

/** A domain whose change is being deployed is served. */
function isActive(status: string | null | undefined): boolean | undefined {
  return status === null || status === undefined ? undefined : ["online", "processing"].includes(status);
}
