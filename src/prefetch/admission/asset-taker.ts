/** The provider that a call for an asset means. */

import { PrefetchError } from "../../base/errors.ts";
import type { Asset, Provider } from "../model/provider.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import { chooseTaker } from "./routing.ts";

type AssetLookup = (provider: Provider, assetId: string, signal: AbortSignal) => Promise<Asset>;

/**
 * As `chooseTaker`. Where a call names no provider and several take assets, it is the one that knows the asset: looking up is free
 * of quota. Throws `not_found` when none knows it, and what `chooseTaker` throws when several do or one of them cannot be asked.
 */
export async function chooseAssetTaker(
  directory: ProviderDirectory,
  lookup: AssetLookup,
  { provider: named, assetId }: { readonly provider: string | undefined; readonly assetId: string },
  signal: AbortSignal,
): Promise<Provider> {
  if (named !== undefined) return chooseTaker(directory, named, "asset");
  const providers = await Promise.all(directory.configured.map((id) => directory.get(id)));
  const takers = providers.filter(({ accepts }) => accepts.includes("asset"));
  const known = takers.length > 1 ? await Promise.all(takers.map((taker) => knows(taker, assetId, lookup, signal))) : [];
  const [only, ...others] = takers.filter((_, index) => known[index] === true);
  if (only && others.length === 0 && !known.includes(undefined)) return only;
  if (known.length > 0 && known.every((knows) => knows === false)) {
    const names = takers.map(({ id }) => id).join(" nor ");
    throw new PrefetchError("not_found", `asset_id: neither ${names} has an asset ${assetId} in the configured project and region`, {
      hint: "Check the id, the project and the region. For plain URLs call prefetch_urls.",
    });
  }
  return chooseTaker(directory, undefined, "asset");
}

/** `undefined`: the vendor cannot be asked. */
async function knows(provider: Provider, assetId: string, lookup: AssetLookup, signal: AbortSignal): Promise<boolean | undefined> {
  try {
    await lookup(provider, assetId, signal);
    return true;
  } catch (error) {
    if (!(error instanceof PrefetchError)) throw error;
    if (error.code === "not_published") return true;
    return error.code === "not_found" || error.code === "invalid_argument" ? false : undefined;
  }
}
