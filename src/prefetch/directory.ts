/** Which provider a call means. */

import { type ErrorCode, PrefetchError } from "../errors.ts";
import type { BatchContent, Provider } from "./provider.ts";
import { hostMatches } from "./url.ts";

/** URLs of hosts that match the pattern go to the provider; the first route that matches counts. */
export interface Route {
  readonly pattern: string;
  readonly provider: string;
}

/** The providers that this server knows, and those that it has credentials for. */
export interface ProviderDirectory {
  readonly known: readonly string[];
  readonly configured: readonly string[];
  /** What each of the others needs, naming the variables to set. */
  readonly problems: readonly string[];
  readonly routes: readonly Route[];
  /** Throws `not_configured`, naming the variables to set. */
  get(id: string): Promise<Provider>;
}

/** The provider that a call means: the one it names, or the only one there is to mean. */
export async function chooseProvider(directory: ProviderDirectory, named: string | undefined): Promise<Provider> {
  const { known, configured } = directory;
  if (named !== undefined) {
    if (!known.includes(named)) {
      throw new PrefetchError("invalid_argument", `provider: "${named.slice(0, 60)}" is not known`, {
        hint: `Choose one of: ${known.join(", ")}.`,
      });
    }
    return directory.get(named);
  }
  const [only, ...others] = configured;
  if (only === undefined) {
    throw new PrefetchError("not_configured", "No provider is configured", {
      hint: `${directory.problems.join(" Or ")} Then restart the server. To try it without credentials, start it with --sandbox.`,
    });
  }
  if (others.length === 0) return directory.get(only);
  throw new PrefetchError("invalid_argument", "provider: several providers are configured and none was named", {
    hint: `Nothing was sent. Choose one of: ${configured.join(", ")}.`,
  });
}

/** As `chooseProvider`, for something that not every provider takes; the only one that takes it is meant. */
export async function chooseTaker(directory: ProviderDirectory, named: string | undefined, kind: BatchContent["kind"]): Promise<Provider> {
  if (named !== undefined || directory.configured.length <= 1) {
    const provider = await chooseProvider(directory, named);
    if (provider.accepts.includes(kind)) return provider;
    throw new PrefetchError("unsupported", `${provider.title} does not take ${kindNames[kind]} as it is configured`, {
      provider: provider.id,
      hint: instead[kind],
    });
  }
  const providers = await Promise.all(directory.configured.map((id) => directory.get(id)));
  const takers = providers.filter((provider) => provider.accepts.includes(kind));
  const [only, ...others] = takers;
  if (only === undefined) {
    throw new PrefetchError("unsupported", `None of the configured providers takes ${kindNames[kind]}`, { hint: instead[kind] });
  }
  if (others.length === 0) return only;
  return chooseProvider({ ...directory, configured: takers.map((provider) => provider.id) }, undefined);
}

const kindNames: Record<BatchContent["kind"], string> = { asset: "asset ids", urls: "URLs" };
const instead: Record<BatchContent["kind"], string> = {
  asset: "Use prefetch_urls with the media's URLs.",
  urls: "Use prefetch_asset with the media's asset id.",
};

export type Destination =
  | { readonly ok: true; readonly provider: Provider }
  | { readonly ok: false; readonly code: ErrorCode; readonly reason: string };

/** Where the URLs of a host go. */
export type Router = (hostname: string) => Destination;

/** Everything to one provider where there is but one to mean, else host by host as the routes say. */
export async function createRouter(directory: ProviderDirectory, named: string | undefined): Promise<Router> {
  const { routes, configured } = directory;
  if (named !== undefined || routes.length === 0 || configured.length === 0) {
    const provider = await chooseTaker(directory, named, "urls");
    return () => ({ ok: true, provider });
  }
  const [first, ...others] = configured;
  const rest = others.length === 0 ? first : undefined;
  const providers = new Map<string, Provider>();
  for (const id of configured) providers.set(id, await directory.get(id));
  return (hostname) => {
    const route = routes.find(({ pattern }) => hostMatches(hostname, pattern));
    const id = route?.provider ?? rest;
    if (id === undefined) {
      const choices = configured.join(", ");
      return {
        ok: false,
        code: "invalid_argument",
        reason: `is on ${hostname}, for which PREFETCH_ROUTES names no provider; pass provider: ${choices}`,
      };
    }
    const provider = providers.get(id);
    if (!provider) {
      return {
        ok: false,
        code: "not_configured",
        reason: `is on ${hostname}, which PREFETCH_ROUTES sends to ${id}, and that has no credentials; read prefetch://providers`,
      };
    }
    if (provider.accepts.includes("urls")) return { ok: true, provider };
    return { ok: false, code: "unsupported", reason: `is on ${hostname}, whose provider ${id} takes no URLs as it is configured` };
  };
}
