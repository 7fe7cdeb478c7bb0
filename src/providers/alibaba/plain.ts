/** The provider of a product of Alibaba Cloud that takes URLs only: CDN and DCDN. */

import type { PrefetchError } from "../../base/errors.ts";
import type { Provider } from "../../prefetch/model/provider.ts";
import { type KeySource, rememberKeys } from "../kit/access-keys.ts";
import { quotaInstead } from "../kit/exhausted-quota.ts";
import { provesLogin } from "../kit/login-check.ts";
import { type NetworkOptions, openNetwork } from "../kit/network.ts";
import { refreshProvider } from "../kit/refresh-provider.ts";
import { createErrors } from "./errors.ts";
import { createHosts } from "./hosts.ts";
import type { Product, UrlCall } from "./product.ts";
import { createQuotaReader } from "./quota.ts";
import { createRpc, type Endpoint } from "./rpc.ts";
import { UNKNOWN_TASK } from "./tasks.ts";
import { createPlainCalls } from "./url-calls.ts";

/** The facts of a product. */
export interface PlainProduct extends Product {
  readonly prefetch: Omit<UrlCall, "what" | "params">;
  readonly refresh: Omit<UrlCall, "what" | "params">;
  readonly refreshDocs: string;
  /** URLs that an account may refresh a day, by default. */
  readonly refreshesPerDay: number;
}

export interface PlainOptions extends NetworkOptions {
  readonly title: string;
  readonly docs: string;
  readonly endpoint: Endpoint;
  readonly credentials: KeySource;
  /** Names the vendor account in the ledger. Holds no secret. */
  readonly account: string;
  /** Parameters of the prefetch, by the vendor's names. */
  readonly params: UrlCall["params"];
}

/**
 * The vendor says that the queue is full also when the day's quota is used up.
 * https://www.alibabacloud.com/help/en/cdn/support/preload-queue-is-full
 */
const isAmbiguous = ({ code }: PrefetchError): boolean => code === "queue_full";
const hint = "Wait for the vendor's next day, or ask Alibaba Cloud for a higher quota.";

/** Opens no connection before the first call. */
export function createPlain(product: PlainProduct, options: PlainOptions): Provider {
  const { endpoint, credentials, account, title } = options;
  const { id, limits, service } = product;
  const { http, clock, secrets, redact } = openNetwork(id, options);
  const rpc = createRpc({ product, http, clock, credentials, redact, onKeys: (keys) => rememberKeys(secrets, keys) });
  const parts = { product, rpc, readQuota: createQuotaReader(rpc, endpoint, product.quotaAction), endpoint, clock, redact };
  const prefetch = createPlainCalls(parts, {
    urlCall: { ...product.prefetch, what: "the prefetch", params: options.params },
    taskType: "preload",
    quotaFields: ["PreloadQuota", "PreloadRemain"],
  });
  const refresh = createPlainCalls(parts, {
    urlCall: { ...product.refresh, what: "the refresh", params: { ObjectType: "File" } },
    taskType: "file",
    quotaFields: ["UrlQuota", "UrlRemain"],
  });
  const name = account.slice(account.indexOf(":") + 1);

  const self = { id, title, account, accepts: ["urls"], limits } as const;

  return {
    ...self,
    docs: options.docs,
    accountInWords: `account ${name} at ${endpoint.url}`,
    endpoints: [endpoint.url],
    tracking: "task",
    depth: "mid-tier",
    reach: "Alibaba Cloud warms mid-tier nodes and reports success from 90 percent of them; the first request at an edge may still miss.",
    purging: `At ${service}, refresh_first true does both in one call, with a quota of ${product.refreshesPerDay.toLocaleString("en")} refreshes a day.`,
    ...prefetch,
    submit: (batch, call) =>
      prefetch.submit(batch, call).catch(async (error: unknown) => {
        throw await quotaInstead({ error, isAmbiguous, quota: prefetch.quota, hint, call });
      }),
    hosts: createHosts(rpc, endpoint, product),
    checkLogin: (call) => provesLogin(createErrors(product).vendor, prefetch.status({ vendorTaskIds: [UNKNOWN_TASK] }, call)),
    refresh: refreshProvider(
      { prefetch: self, vendor: "Alibaba Cloud", docs: product.refreshDocs, urlsPerDay: product.refreshesPerDay },
      refresh,
    ),
    close: () => http.close(),
  };
}
