/** The parts that the expansions of a list share: the URLs that may be read, and the errors of those that cannot. */

import type { Breathe } from "../../base/breathe.ts";
import { asPrefetchError, explain, PrefetchError } from "../../base/errors.ts";
import type { ForeignText } from "../../base/foreign-text.ts";
import type { Semaphore } from "../../base/semaphore.ts";
import type { Edge } from "../model/edge.ts";
import { parseUrl } from "../model/url.ts";

export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** URLs of a list that cannot be used, by their normal spelling, and why. */
export type Refusals = ReadonlyMap<string, Refusal>;

/** The list that a call means, after its documents are read. */
export interface ExpandedList {
  readonly urls: readonly unknown[];
  readonly refusals: Refusals;
}

export interface ExpandTools {
  readonly edge: Edge;
  readonly allowedDomains: readonly string[] | undefined;
  readonly mostUrls: number;
  readonly signal: AbortSignal;
  /** Bounds the documents that are read at a time, over all calls. */
  readonly semaphore: Semaphore;
  /** An entry with a secret is never read. */
  readonly holdsSecret: ForeignText["holdsSecret"];
  readonly breathe: Breathe;
  /** Told of unforeseen errors, which do not fail the call. */
  readonly report: (error: unknown, about: string) => void;
}

/** Longer input is refused unparsed. */
const LONGEST_URL = 65_536;

/** The entries in normal spelling; `undefined` in the place of an entry that is no URL, or that must not be read. */
export async function readableUrls(
  inputs: readonly unknown[],
  { allowedDomains, holdsSecret, breathe }: Pick<ExpandTools, "allowedDomains" | "holdsSecret" | "breathe">,
): Promise<(string | undefined)[]> {
  const urls: (string | undefined)[] = [];
  for (const input of inputs) {
    const pause = breathe();
    if (pause) await pause;
    const parsed = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains });
    urls.push(parsed.ok && !holdsSecret(parsed.url) ? parsed.url : undefined);
  }
  return urls;
}

const problems = { stream: "The stream cannot be expanded.", sitemap: "It cannot be read as a sitemap." };

/** The refusal of a document whose reading failed. Throws when the whole call is over. */
export function refusalOf(
  error: unknown,
  what: keyof typeof problems,
  { signal, report }: Pick<ExpandTools, "signal" | "report">,
): Refusal {
  signal.throwIfAborted();
  if (!(error instanceof PrefetchError)) report(error, `expanding a ${what}`);
  const known = asPrefetchError(error);
  return { code: known.code, reason: `${problems[what]} ${explain(known)}` };
}
