/** Which provider a call means. */

import { type ErrorCode, PrefetchError } from "../../base/errors.ts";
import type { Edge } from "../model/edge.ts";
import type { BatchContent, Provider } from "../model/provider.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import { hostMatches } from "../model/url.ts";

/** What a call can mean that names no provider. Whoever has begun to configure another one means that, not a fallback. */
function unnamed({ configured, fallbacks, unfinished }: ProviderDirectory): readonly string[] {
  const others = configured.filter((id) => !fallbacks.includes(id));
  return others.length > 0 || unfinished.length > 0 ? others : configured;
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
  const [only, ...others] = unnamed(directory);
  if (only === undefined) {
    const { unfinished, problems, fallbacks } = directory;
    const hint = `${(unfinished.length > 0 ? unfinished : problems).join(" Or ")} Then restart the server.`;
    const meanwhile = fallbacks.map((id) => ` Without credentials, provider "${id}" works now.`).join("");
    throw new PrefetchError("not_configured", unfinished.length > 0 ? "The configuration is not finished" : "No provider is configured", {
      hint: `${hint}${meanwhile} To try it without touching a CDN, start it with --sandbox.`,
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
      hint: hintFor(directory, kind),
    });
  }
  const providers = await Promise.all(directory.configured.map((id) => directory.get(id)));
  const takers = providers.filter((provider) => provider.accepts.includes(kind));
  if (takers.length === 0) {
    throw new PrefetchError("unsupported", `None of the configured providers takes ${kindNames[kind]}`, { hint: hintFor(directory, kind) });
  }
  return chooseProvider({ ...directory, configured: takers.map((provider) => provider.id) }, undefined);
}

/** Where only what needs no credentials is configured, what takes more is told. */
function hintFor({ configured, fallbacks, problems }: ProviderDirectory, kind: BatchContent["kind"]): string {
  const bare = configured.every((id) => fallbacks.includes(id));
  return bare && problems.length > 0 ? `${instead[kind]} Or configure a provider that takes them. ${problems.join(" Or ")}` : instead[kind];
}

const kindNames: Record<BatchContent["kind"], string> = { asset: "asset ids", urls: "URLs" };
const instead: Record<BatchContent["kind"], string> = {
  asset: "Use prefetch_urls with the media's URLs.",
  urls: "Use prefetch_asset with the media's asset id.",
};

/** What asks CDNs' edges. Throws `not_configured` where nothing that can is. */
export async function edgeOf(directory: ProviderDirectory): Promise<Edge> {
  for (const id of directory.configured) {
    const { edge } = await directory.get(id);
    if (edge) return edge;
  }
  throw new PrefetchError("not_configured", "No configured provider can ask a CDN's edge", {
    hint: `Have the settings of provider "http" corrected. ${directory.problems.join(" ")}`,
  });
}

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
  const [first, ...others] = unnamed(directory);
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

/** The configured ones among some providers, such as those of a task. */
export function configuredAmong(directory: ProviderDirectory, ids: readonly string[]): Promise<Provider[]> {
  return Promise.all(ids.filter((id) => directory.configured.includes(id)).map((id) => directory.get(id)));
}
