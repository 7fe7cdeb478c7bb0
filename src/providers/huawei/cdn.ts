/**
 * The Huawei Cloud CDN provider.
 * https://support.huaweicloud.com/api-cdn/CreatePreheatingTasks.html (submit),
 * https://support.huaweicloud.com/api-cdn/ShowHistoryTaskDetails.html (status)
 */

import type { Provider } from "../../prefetch/model/provider.ts";
import { provesLogin } from "../kit/login-check.ts";
import { type NetworkOptions, openNetwork } from "../kit/network.ts";
import { refreshProvider } from "../kit/refresh-provider.ts";
import { createApi } from "./api.ts";
import { createAuth } from "./auth.ts";
import { createTaskCalls } from "./cdn-calls.ts";
import { createHosts } from "./cdn-hosts.ts";
import { cdn, cdnLimits, prefetchCall, refreshCall } from "./cdn-product.ts";
import { type HuaweiCredentials, rememberCredentials } from "./credentials.ts";
import { createErrors } from "./errors.ts";

export interface HuaweiCdnOptions extends NetworkOptions {
  /** Full URL, such as https://cdn.myhuaweicloud.com. */
  readonly endpoint: string;
  readonly credentials: HuaweiCredentials;
  /** Names the vendor account in the ledger. Holds no secret. */
  readonly account: string;
  /** Id of the account, for `X-Domain-Id`. */
  readonly domainId?: string | undefined;
  readonly enterpriseProject?: string | undefined;
}

/** Has the form of a task id, and belongs to no task. */
const UNKNOWN_TASK = "0";

/** Opens no connection before the first call. */
export function createHuaweiCdn(options: HuaweiCdnOptions): Provider {
  const { endpoint, credentials, account, domainId, enterpriseProject } = options;
  const network = openNetwork(cdn.id, options);
  const { http, secrets } = network;
  rememberCredentials(secrets, credentials);
  const errors = createErrors(cdn);
  const scope = {
    headers: { ...(domainId !== undefined && { "x-domain-id": domainId }) },
    login: credentials.kind === "password" ? { domain: { name: credentials.domain } } : {},
  };
  const auth = createAuth({ ...network, credentials, scope, errors, onSecret: secrets.add });
  const api = createApi({ ...network, endpoint, path: "/v1.0/cdn/", auth, errors });
  const project = enterpriseProject === undefined ? [] : [["enterprise_project_id", enterpriseProject] as const];
  const prefetch = createTaskCalls({ ...network, api, project }, prefetchCall);
  const name = account.slice(account.indexOf(":") + 1);

  const self = { id: cdn.id, title: "Huawei Cloud CDN", account, accepts: ["urls"], limits: cdnLimits } as const;

  return {
    ...self,
    docs: "https://support.huaweicloud.com/api-cdn/CreatePreheatingTasks.html",
    accountInWords: `account ${name} at ${endpoint}`,
    endpoints: [...new Set([endpoint, ...(credentials.kind === "password" ? [credentials.iamEndpoint] : [])])],
    tracking: "task",
    depth: "mid-tier",
    reach: "Huawei Cloud warms the central nodes of the domain's service area; the first request at an edge may still miss.",
    purging: "At Huawei Cloud CDN, refresh_first true does both in one call, with a quota of refreshes of its own.",
    ...prefetch,
    hosts: createHosts(api, project),
    checkLogin: (call) => provesLogin(errors.vendor, prefetch.status({ vendorTaskIds: [UNKNOWN_TASK] }, call)),
    refresh: refreshProvider(
      {
        prefetch: self,
        vendor: "Huawei Cloud",
        docs: "https://support.huaweicloud.com/api-cdn/CreateRefreshTasks.html",
        urlsPerDay: 2_000,
      },
      createTaskCalls({ ...network, api, project }, refreshCall),
    ),
    close: () => http.close(),
  };
}
