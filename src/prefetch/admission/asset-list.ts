/** A list of assets: each is looked up by itself, and one that cannot be used is rejected alone. */

import { explain, PrefetchError } from "../../base/errors.ts";
import { forEachConcurrently } from "../../base/for-each-concurrently.ts";
import type { ForeignText } from "../../base/foreign-text.ts";
import { readAssetId } from "./asset.ts";
import { type RejectedInput, shownInput } from "./parse-urls.ts";

/** Assets of one call that are looked up at a time. More only wait for the vendor's rate; fewer make a list slow. */
const CONCURRENCY = 4;
/** More would not be looked up in the time that a host allows a call, at one request a second and four at a time. */
export const MOST_ASSETS = 100;

export interface ResolvedAssets<Found> {
  /** In the order of the list. */
  readonly found: readonly (Found & { readonly assetId: string; readonly position: number })[];
  readonly rejected: readonly RejectedInput[];
  readonly duplicatesRemoved: number;
}

export interface ResolveOptions<Found> {
  readonly lookUp: (assetId: string) => Promise<Found>;
  readonly signal: AbortSignal;
  readonly clean: ForeignText["clean"];
}

/** Throws `invalid_argument` for an empty list and for one that is too long, and whatever the signal was aborted with. */
export async function resolveAssets<Found extends object>(
  inputs: readonly unknown[],
  { lookUp, signal, clean }: ResolveOptions<Found>,
): Promise<ResolvedAssets<Found>> {
  if (inputs.length === 0)
    throw new PrefetchError("invalid_argument", "asset_ids: the list is empty", { hint: "Pass 1 to 100 asset ids." });
  if (inputs.length > MOST_ASSETS) {
    throw new PrefetchError("invalid_argument", `asset_ids: ${inputs.length} entries; one call takes at most ${MOST_ASSETS}`, {
      hint: "Nothing was sent. Split the list into several calls.",
    });
  }
  const entries = new Map<unknown, { readonly input: unknown; readonly position: number }>();
  for (const [position, input] of inputs.entries()) {
    const key = keyOf(input);
    if (!entries.has(key)) entries.set(key, { input, position });
  }
  const found: (Found & { assetId: string; position: number })[] = [];
  const rejected: RejectedInput[] = [];

  await forEachConcurrently(
    entries.values(),
    { concurrency: CONCURRENCY, shouldStop: () => signal.aborted },
    async ({ input, position }) => {
      try {
        const assetId = readEntry(input);
        found.push({ ...(await lookUp(assetId)), assetId, position });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PrefetchError)) throw error;
        rejected.push({ kind: "asset", target: shownInput(input, clean), code: error.code, reason: explain(error), position });
      }
    },
  );
  signal.throwIfAborted();
  const inOrder = (a: { readonly position: number }, b: { readonly position: number }): number => a.position - b.position;
  return { found: found.sort(inOrder), rejected: rejected.sort(inOrder), duplicatesRemoved: inputs.length - entries.size };
}

function readEntry(input: unknown): string {
  if (typeof input === "string") return readAssetId(input);
  throw new PrefetchError("invalid_argument", "asset_ids: each entry must be a text", { hint: "Pass ids in quotation marks." });
}

/** Two spellings of one id differ in surrounding blanks only. */
function keyOf(input: unknown): unknown {
  return typeof input === "string" ? input.trim() : `${typeof input} ${JSON.stringify(input)}`;
}
