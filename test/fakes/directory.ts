/** A provider directory over given providers. */

import { PrefetchError } from "../../src/base/errors.ts";
import type { Provider } from "../../src/prefetch/model/provider.ts";
import type { ProviderDirectory } from "../../src/prefetch/model/provider-directory.ts";

/** `get` throws `not_configured` for a provider that is not configured. */
export function fakeDirectory(providers: readonly Provider[], more: Partial<Omit<ProviderDirectory, "get">> = {}): ProviderDirectory {
  const known = more.known ?? providers.map((provider) => provider.id);
  const configured = more.configured ?? known;
  return {
    known,
    configured,
    problems: more.problems ?? known.filter((id) => !configured.includes(id)).map((id) => `${id} needs OTHER_KEY.`),
    fallbacks: more.fallbacks ?? [],
    refreshing: more.refreshing ?? providers.flatMap(({ id, refresh }) => (refresh && configured.includes(id) ? [id] : [])),
    assetTakers:
      more.assetTakers ?? providers.flatMap(({ id, accepts }) => (accepts.includes("asset") && configured.includes(id) ? [id] : [])),
    purposes: more.purposes ?? new Map(),
    unfinished: more.unfinished ?? [],
    routes: more.routes ?? [],
    get: async (id) => {
      const provider = providers.find((candidate) => candidate.id === id);
      if (provider && configured.includes(id)) return provider;
      throw new PrefetchError("not_configured", `${id} is not configured`, { hint: "Set OTHER_KEY." });
    },
  };
}
