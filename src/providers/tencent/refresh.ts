/** The refresh of a product: the call that makes its CDN drop copies, as a provider of its own. */

import type { Provider, ProviderLimits, RefreshProvider } from "../../prefetch/model/provider.ts";
import type { Product } from "./product.ts";
import type { TaskCalls } from "./task-calls.ts";

interface RefreshFacts extends Pick<Provider, "docs" | "account"> {
  readonly product: Product;
  /** A batch goes through both calls, so its size follows from the prefetch. */
  readonly limits: ProviderLimits;
  readonly urlsPerDay: number | undefined;
}

export function refreshOf(
  { product, docs, account, limits, urlsPerDay }: RefreshFacts,
  calls: Pick<TaskCalls, "submit" | "status"> & Partial<TaskCalls>,
): RefreshProvider {
  const id = `${product.id}-refresh`;
  return {
    id,
    title: `${product.name}, refresh`,
    docs,
    account: `${id}${account.slice(account.indexOf(":"))}`,
    // The prefetching provider names the endpoint of both, and checks the credentials.
    endpoints: [],
    accepts: ["urls"],
    limits: { ...limits, urlsPerDay },
    tracking: "task",
    depth: "unknown",
    reach: "Tencent Cloud drops its copies; the next request of each node asks the origin.",
    purging: "This is the purge itself.",
    ...calls,
    // The prefetching provider closes the client that both use.
    close: async () => undefined,
  };
}
