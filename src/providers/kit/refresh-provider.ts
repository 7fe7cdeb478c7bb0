/** The refresh of a provider: the call that makes a CDN drop its copies, with an account, a quota and records of its own. */

import type { Provider, RefreshProvider } from "../../prefetch/model/provider.ts";

export interface RefreshFacts {
  /** The provider that prefetches afterwards. A batch goes through both calls, so its size follows from the prefetch. */
  readonly prefetch: Pick<Provider, "id" | "title" | "account" | "accepts" | "limits">;
  /** The vendor's name, such as "Alibaba Cloud". */
  readonly vendor: string;
  readonly docs: string;
  /** URLs that an account may refresh a day; `undefined` where the vendor names no limit. */
  readonly urlsPerDay: number | undefined;
}

type RefreshCalls = Pick<RefreshProvider, "submit" | "status"> & Partial<Pick<RefreshProvider, "quota" | "findSubmitted" | "resolveAsset">>;

export function refreshProvider({ prefetch, vendor, docs, urlsPerDay }: RefreshFacts, calls: RefreshCalls): RefreshProvider {
  const id = `${prefetch.id}-refresh`;
  return {
    id,
    title: `${prefetch.title}, refresh`,
    docs,
    account: `${id}${prefetch.account.slice(prefetch.account.indexOf(":"))}`,
    // The prefetching provider names the endpoints of both, and checks the credentials.
    endpoints: [],
    accepts: prefetch.accepts,
    limits: { ...prefetch.limits, urlsPerDay },
    tracking: "task",
    depth: "unknown",
    reach: `${vendor} drops its copies; the next request of each node asks the origin.`,
    purging: "This is the purge itself.",
    ...calls,
    // The prefetching provider closes the client that both use.
    close: async () => undefined,
  };
}
