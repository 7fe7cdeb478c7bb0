/** Looks up the assets of one call: duplicates removed, each asset with what its look-up found, or with its rejection. */

import { explain, PrefetchError } from "../../base/errors.ts";
import { forEachConcurrently } from "../../base/for-each-concurrently.ts";
import type { ForeignText } from "../../base/foreign-text.ts";
import { readAssetId } from "./asset.ts";
import { type RejectedInput, shownInput } from "./parse-urls.ts";

/** Assets per call. More would take longer to look up than a host waits for a call. */
export const MOST_ASSETS = 100;
/** Look-ups of one call at a time. More let one call take the vendor's rate of look-ups; fewer make a call of 100 assets slow. */
const CONCURRENCY = 4;

export interface FoundAsset<Found> {
  readonly assetId: string;
  readonly found: Found;
  /** Index in the caller's list. */
  readonly position: number;
}

export interface ResolvedAssets<Found> {
  readonly assets: readonly FoundAsset<Found>[];
  readonly rejected: readonly RejectedInput[];
  readonly duplicatesRemoved: number;
}

export interface ResolveOptions {
  readonly foreign: Pick<ForeignText, "clean" | "holdsSecret">;
  readonly signal: AbortSignal;
}

/** A failed look-up rejects its asset. Throws what the look-up of the call's only asset throws. */
export async function resolveAssets<Found>(
  inputs: readonly unknown[],
  { foreign, signal }: ResolveOptions,
  lookUp: (assetId: string) => Promise<Found>,
): Promise<ResolvedAssets<Found>> {
  const positions = new Map<string, number>();
  for (const [position, input] of inputs.entries()) {
    const key = keyOf(input);
    if (!positions.has(key)) positions.set(key, position);
  }
  const assets: FoundAsset<Found>[] = [];
  const rejected: RejectedInput[] = [];
  await forEachConcurrently(positions.values(), { concurrency: CONCURRENCY }, async (position) => {
    const input = inputs[position];
    try {
      const assetId = readAssetId(input, foreign);
      assets.push({ assetId, found: await lookUp(assetId), position });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PrefetchError) || positions.size === 1) throw error;
      const target = shownInput(input, foreign.clean);
      rejected.push({ kind: "asset", target, code: error.code, reason: explain(error), position });
    }
  });
  const inOrder = (a: { readonly position: number }, b: { readonly position: number }): number => a.position - b.position;
  return { assets: assets.sort(inOrder), rejected: rejected.sort(inOrder), duplicatesRemoved: inputs.length - positions.size };
}

/** Two equal entries have the same key; a number and its text do not. */
function keyOf(input: unknown): string {
  return typeof input === "string" ? `text ${input.trim()}` : `value ${JSON.stringify(input)}`;
}
