/** Assets: parses an asset id, and looks up the URLs and the cost behind it. */

import { type ErrorCode, PrefetchError } from "../../base/errors.ts";
import type { ForeignText } from "../../base/foreign-text.ts";
import type { Guards } from "../model/guards.ts";
import type { Asset, Provider } from "../model/provider.ts";
import { hostAllowed } from "../model/url.ts";

interface AssetDeps {
  readonly guards: Guards;
  readonly lookups: { asset(provider: Provider, assetId: string, signal: AbortSignal): Promise<Asset> };
  readonly report: (error: unknown, about: string) => void;
}

/** Failures that say nothing about the asset. `auth_failed` is one: a vendor grants prefetching and looking up separately. */
const lookupMayFail: readonly ErrorCode[] = ["rate_limited", "vendor_unavailable", "timeout", "unsupported", "auth_failed"];

/** What sending an asset costs, and the files that it has. */
export interface AssetCost {
  /** Units of quota: one per URL of the asset. */
  readonly cost: number;
  readonly urls: readonly string[];
  /** The vendor could not tell, so the cost counts as 1. */
  readonly isUnseen: boolean;
}

const unseenCost: AssetCost = { cost: 1, urls: [], isUnseen: true };

/** Throws `forbidden_domain` for an asset on a host that the guards do not list. */
export async function assetCost(deps: AssetDeps, provider: Provider, assetId: string, signal: AbortSignal): Promise<AssetCost> {
  const { allowedDomains } = deps.guards;
  const unseen = `asset_id: the URLs of ${assetId} cannot be seen, so PREFETCH_ALLOWED_DOMAINS does not let it through`;
  if (!provider.resolveAsset) {
    if (allowedDomains) throw new PrefetchError("forbidden_domain", unseen, { provider: provider.id });
    return unseenCost;
  }
  try {
    const { urls, cost } = await deps.lookups.asset(provider, assetId, signal);
    if (allowedDomains && urls.length === 0) throw new PrefetchError("forbidden_domain", unseen, { provider: provider.id });
    const foreign = allowedDomains && urls.map((url) => URL.parse(url)?.hostname ?? "").find((host) => !hostAllowed(host, allowedDomains));
    if (foreign !== undefined) {
      throw new PrefetchError(
        "forbidden_domain",
        `asset_id: the asset ${assetId} is served from ${foreign}, which PREFETCH_ALLOWED_DOMAINS does not list`,
      );
    }
    return { cost: Math.max(1, cost), urls, isUnseen: false };
  } catch (error) {
    // A guard on domains cannot let an asset through whose URLs it cannot see.
    if (error instanceof PrefetchError && lookupMayFail.includes(error.code) && !allowedDomains) {
      deps.report(error, `looking up asset ${assetId} before prefetching it`);
      return unseenCost;
    }
    throw error;
  }
}

/** The trimmed asset id. Throws `invalid_argument`. */
export function readAssetId(input: unknown, { holdsSecret }: Pick<ForeignText, "holdsSecret">): string {
  const assetId = typeof input === "string" ? input.trim() : "";
  if (/^https?:\/\//i.test(assetId)) {
    throw new PrefetchError("invalid_argument", "asset_id: this is a URL", { hint: "Call prefetch_urls with it instead." });
  }
  if (!/^[\w-]{1,128}$/.test(assetId)) {
    throw new PrefetchError("invalid_argument", "asset_id: must be 1 to 128 letters, digits, - or _", {
      hint: "Pass the media asset's id as the vendor's console shows it, such as f488337c31c8e4622f1590735b134c65.",
    });
  }
  if (holdsSecret(assetId)) {
    throw new PrefetchError("invalid_argument", "asset_id: holds a credential of this server or of a caller", {
      hint: "Remove it, and replace the credential if others can know it.",
    });
  }
  return assetId;
}

/** The asset's URLs, for a provider that also prefetches URLs. Throws `unsupported`, and `not_found` for an asset without URLs. */
export async function urlsToExpand(
  { lookups }: Pick<AssetDeps, "lookups">,
  provider: Provider,
  assetId: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { id, title } = provider;
  if (!provider.accepts.includes("urls") || !provider.resolveAsset) {
    throw new PrefetchError("unsupported", `${title} warms assets by their ids only on this server, not the URLs of their streams`, {
      provider: id,
      hint: 'Nothing was sent. Call again with expand "none", or call prefetch_urls with the URLs and another provider.',
    });
  }
  const { urls } = await lookups.asset(provider, assetId, signal);
  if (urls.length > 0) return urls;
  throw new PrefetchError("not_found", `asset_id: the vendor names no URLs of ${assetId}`, { provider: id });
}
