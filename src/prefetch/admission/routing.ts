/** Which provider a call means. */

import { DOCTOR_HINT, PrefetchError } from "../../base/errors.ts";
import type { Edge } from "../model/edge.ts";
import type { BatchContent, Provider } from "../model/provider.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";

type Kind = BatchContent["kind"];

/** The provider that a call names, or the only one that it can mean. Throws `invalid_argument` and `not_configured`. */
export async function chooseProvider(directory: ProviderDirectory, named: string | undefined): Promise<Provider> {
  if (named !== undefined) {
    if (!directory.known.includes(named)) throw unknownProvider(named, directory.known, directory.fallbacks);
    return directory.get(named);
  }
  const [only, ...others] = unnamedChoices(directory);
  if (only === undefined) throw nothingConfigured(directory);
  if (others.length === 0) return directory.get(only);
  throw new PrefetchError("invalid_argument", "provider: several providers are configured and none was named", {
    hint: `Nothing was sent. Choose one of: ${directory.configured.join(", ")}.`,
  });
}

export function unknownProvider(name: string, known: readonly string[], fallbacks: readonly string[] = []): PrefetchError {
  return new PrefetchError("invalid_argument", `provider: "${name.slice(0, 60)}" is not known`, {
    hint: `${fallbacks.map((id) => `A CDN without a provider of its own is warmed by provider "${id}". `).join("")}Choose one of: ${known.join(", ")}.`,
  });
}

/**
 * Providers that a call without a name can mean. An operator with a vendor configured, even by half, means that vendor and
 * not a fallback.
 */
export function unnamedChoices({ configured, fallbacks, unfinished }: ProviderDirectory): readonly string[] {
  const vendors = configured.filter((id) => !fallbacks.includes(id));
  return vendors.length > 0 || unfinished.length > 0 ? vendors : configured;
}

function nothingConfigured({ unfinished, problems, fallbacks }: ProviderDirectory): PrefetchError {
  const isUnfinished = unfinished.length > 0;
  const fix = `${(isUnfinished ? unfinished : problems).join(" Or ")} Then restart the server.`;
  const fallback = fallbacks.map((id) => ` Without credentials, provider "${id}" works now.`).join("");
  return new PrefetchError("not_configured", isUnfinished ? "The configuration is not finished" : "No provider is configured", {
    hint: `${fix}${fallback} To try it without touching a CDN, start it with --sandbox. ${DOCTOR_HINT}`,
  });
}

/** As `chooseProvider`, among the providers that accept this kind. Throws `unsupported` when none does. */
export async function chooseTaker(directory: ProviderDirectory, named: string | undefined, kind: Kind): Promise<Provider> {
  if (named !== undefined || directory.configured.length <= 1) {
    const provider = await chooseProvider(directory, named);
    if (provider.accepts.includes(kind)) return provider;
    throw new PrefetchError("unsupported", `${provider.title} takes no ${kindNames[kind]} on this server`, {
      provider: provider.id,
      hint: alternativeTo(kind, directory),
    });
  }
  const providers = await Promise.all(directory.configured.map((id) => directory.get(id)));
  const takers = providers.filter((provider) => provider.accepts.includes(kind));
  if (takers.length === 0) {
    throw new PrefetchError("unsupported", `None of the configured providers takes ${kindNames[kind]}`, {
      hint: alternativeTo(kind, directory),
    });
  }
  return chooseProvider({ ...directory, configured: takers.map((provider) => provider.id) }, undefined);
}

const kindNames: Record<Kind, string> = { asset: "asset ids", urls: "URLs" };
const otherTool: Record<Kind, string> = {
  asset: "Use prefetch_urls with the media's URLs.",
  urls: "Use prefetch_asset with the media's asset id.",
};

/** Names the other tool and, while only fallbacks are configured, the providers that would accept this kind. */
function alternativeTo(kind: Kind, { configured, fallbacks, problems }: ProviderDirectory): string {
  const onlyFallbacks = configured.every((id) => fallbacks.includes(id));
  if (!onlyFallbacks || problems.length === 0) return otherTool[kind];
  return `${otherTool[kind]} Or configure a provider that takes them. ${problems.join(" Or ")}`;
}

/** The first configured provider that can ask a CDN's edge. Throws `not_configured`. */
export async function edgeOf(directory: ProviderDirectory): Promise<Edge> {
  for (const id of directory.configured) {
    const { edge } = await directory.get(id);
    if (edge) return edge;
  }
  throw new PrefetchError("not_configured", "No configured provider can ask a CDN's edge", {
    hint: `Have the settings of provider "http" corrected. ${directory.problems.join(" ")} ${DOCTOR_HINT}`,
  });
}

/** The configured ones among some providers, such as those of a task. */
export function configuredAmong(directory: ProviderDirectory, ids: readonly string[]): Promise<Provider[]> {
  return Promise.all(ids.filter((id) => directory.configured.includes(id)).map((id) => directory.get(id)));
}
