/**
 * The provider for Volcengine CDN and BytePlus CDN.
 * https://www.volcengine.com/docs/6454/70436 (submit), https://www.volcengine.com/docs/6454/70437 (status)
 */

import type { Provider } from "../../prefetch/model/provider.ts";
import { type KeySource, rememberKeys } from "../kit/access-keys.ts";
import { provesLogin } from "../kit/login-check.ts";
import { type NetworkOptions, openNetwork } from "../kit/network.ts";
import { refreshProvider } from "../kit/refresh-provider.ts";
import { createTaskCalls } from "./calls.ts";
import { id, limits, prefetchCall, REFRESHES_PER_DAY, refreshCall } from "./cdn-product.ts";
import { createErrors } from "./errors.ts";
import { createHosts } from "./hosts.ts";
import { createRpc } from "./rpc.ts";
import type { Site } from "./sites.ts";

export interface VolcengineCdnOptions extends NetworkOptions {
  /** The site, with the endpoint and the region of the settings where they have some. */
  readonly site: Site;
  readonly credentials: KeySource;
  /** Names the vendor account in the ledger. Holds no secret. */
  readonly account: string;
  /** One of the vendor's words for areas. */
  readonly area?: string | undefined;
}

/** Has the form of a task id, and belongs to no task. */
const UNKNOWN_TASK = "prefetch_url_0";

/** Opens no connection before the first call. */
export function createVolcengineCdn({ site, credentials, account, area, ...options }: VolcengineCdnOptions): Provider {
  const network = openNetwork(id, options);
  const errors = createErrors(site);
  const { vendor } = errors;
  const onKeys = rememberKeys.bind(undefined, network.secrets);
  const rpc = createRpc({ ...network, endpoint: site.endpoint, region: site.region, credentials, errors, onKeys });
  const parts = { ...network, rpc, vendor };
  const prefetch = createTaskCalls(parts, prefetchCall(area));
  const name = account.slice(account.indexOf(":") + 1);
  const title = `${site.name} CDN`;

  const self = { id, title, account, accepts: ["urls"], limits } as const;

  return {
    ...self,
    docs: "https://www.volcengine.com/docs/6454/70436",
    accountInWords: `account ${name} at ${site.endpoint}`,
    endpoints: [site.endpoint],
    tracking: "task",
    depth: "unknown",
    reach: `${site.name} fills cache nodes and does not say which; the first request at an edge may still miss.`,
    purging: `At ${title}, refresh_first true does both in one call, with a quota of ${REFRESHES_PER_DAY.toLocaleString("en")} refreshes a day.`,
    ...prefetch,
    hosts: createHosts(rpc, vendor),
    checkLogin: (call) => provesLogin(vendor, prefetch.status({ vendorTaskIds: [UNKNOWN_TASK] }, call)),
    refresh: refreshProvider(
      {
        prefetch: self,
        vendor: site.name,
        docs: "https://www.volcengine.com/docs/6454/70438",
        urlsPerDay: REFRESHES_PER_DAY,
      },
      createTaskCalls(parts, refreshCall),
    ),
    close: () => network.http.close(),
  };
}
