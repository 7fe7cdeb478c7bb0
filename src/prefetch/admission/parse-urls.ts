/** Planning: from what the caller wrote to what goes out together. Pure, so that a dry run and a real run cannot differ. */

import { explain } from "../../base/errors.ts";
import type { Provider } from "../model/provider.ts";
import { type ParsedUrl, parseUrl, tooLong } from "../model/url.ts";
import type { Expanded } from "./expand-streams.ts";
import type { Router } from "./routing.ts";

/** Something to send: a URL or an asset, where it goes, and the units of quota that it costs. */
export interface Candidate {
  readonly provider: Provider;
  readonly kind: "url" | "asset";
  readonly target: string;
  readonly cost: number;
  /** Where it stood in the caller's list. */
  readonly position: number;
}

export interface RejectedInput {
  readonly kind: "url" | "asset";
  readonly target: string;
  readonly code: string;
  readonly reason: string;
  readonly position: number;
}

export interface ParsedUrls {
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly RejectedInput[];
  readonly duplicatesRemoved: number;
}

/** Shown and stored of an unreadable URL; a 20 kB one must not fill the answer. */
const SHOWN_OF_BAD_INPUT = 200;

export interface ParseRules {
  readonly route: Router;
  /** Host names or `*.` patterns; `undefined` allows every host. */
  readonly allowedDomains: readonly string[] | undefined;
  /** What is known to be unusable, by its normal spelling, and why. */
  readonly refusals?: Expanded["refusals"] | undefined;
}

/** As long as is parsed at all; the limit of the URL's own provider is checked once that is known. */
const LONGEST_URL = 65_536;

/** Normalises a list, takes each URL once, finds its provider, and names every entry that cannot be used. */
export function parseUrls(inputs: readonly unknown[], { route, allowedDomains, refusals }: ParseRules): ParsedUrls {
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  const rejected: RejectedInput[] = [];
  let duplicatesRemoved = 0;
  for (const [position, input] of inputs.entries()) {
    const reading = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains });
    const key = keyOf(input, reading);
    if (seen.has(key)) {
      duplicatesRemoved += 1;
      continue;
    }
    seen.add(key);
    const reject = (code: string, reason: string) =>
      rejected.push({ kind: "url", target: shownInput(input), code, reason: `The URL ${reason}.`, position });
    if (!reading.ok) {
      reject(reading.forbidden ? "forbidden_domain" : "invalid_argument", reading.reason);
      continue;
    }
    const known = refusals?.get(reading.url);
    if (known) {
      rejected.push({ kind: "url", target: shownInput(reading.url), ...known, position });
      continue;
    }
    const destination = route(reading.hostname);
    if (!destination.ok) {
      reject(destination.code, destination.reason);
      continue;
    }
    const { provider } = destination;
    const refusal = provider.refusalOf?.(reading.url);
    if (refusal) rejected.push({ kind: "url", target: shownInput(input), code: refusal.code, reason: explain(refusal), position });
    else if (reading.url.length > provider.limits.urlLength) {
      reject("invalid_argument", tooLong(reading.url.length, provider.limits.urlLength));
    } else candidates.push({ provider, kind: "url", target: reading.url, cost: 1, position });
  }
  return { candidates, rejected, duplicatesRemoved };
}

/** What tells entries of a list apart: two spellings of one URL are one entry. */
export function keyOf(input: unknown, reading: ParsedUrl): string {
  return reading.ok ? reading.url : `invalid ${typeof input} ${textOf(input)}`;
}

/** An entry of a list as it may be shown: cut short, and without credentials. */
export function shownInput(input: unknown): string {
  const safe = withoutCredentials(textOf(input).trim());
  return safe.length > SHOWN_OF_BAD_INPUT ? `${safe.slice(0, SHOWN_OF_BAD_INPUT)}…` : safe;
}

function textOf(input: unknown): string {
  if (typeof input === "string") return input;
  try {
    return JSON.stringify(input) ?? String(input);
  } catch {
    // Nesting without end is more than the stack can write down.
    return "(nested too deeply)";
  }
}

/** In text that is no URL there is no telling where a password ends, so everything before the last @ goes. */
function withoutCredentials(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return text;
  const [scheme = ""] = /^(https?|ftp):/i.exec(text) ?? [];
  return `${scheme && `${scheme}//`}***${text.slice(at)}`;
}
