/** Parses a caller's list: one spelling per URL, duplicates removed, each URL with its provider or its rejection. */

import type { Breathe } from "../../base/breathe.ts";
import { explain } from "../../base/errors.ts";
import type { ForeignText } from "../../base/foreign-text.ts";
import { visibleText } from "../../base/visible-text.ts";
import type { Provider } from "../model/provider.ts";
import { type ParsedUrl, parseUrl, tooLong } from "../model/url.ts";
import type { Refusals } from "./expandable.ts";
import type { Router } from "./router.ts";

/** A URL or an asset that can be sent. */
export interface Candidate {
  readonly provider: Provider;
  readonly kind: "url" | "asset";
  readonly target: string;
  /** The caller's spelling, if it differs from `target`. */
  readonly given?: string | undefined;
  /** Units of quota. */
  readonly cost: number;
  /** An asset whose files the vendor could not tell, so that it may cost more. */
  readonly isUnseen?: boolean;
  /** Index in the caller's list. */
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
  /** Two entries that are one URL, spelt differently where the list has such a pair. */
  readonly duplicate?: { readonly kept: string; readonly dropped: string } | undefined;
}

export interface ParseRules {
  readonly route: Router;
  /** Host names or `*.` patterns; `undefined` allows every host. */
  readonly allowedDomains: readonly string[] | undefined;
  readonly refusals?: Refusals | undefined;
  /** Name of the argument that the inputs are, such as `urls`. Left out for a list that the caller did not write. */
  readonly argument?: string | undefined;
  readonly foreign: Pick<ForeignText, "clean" | "holdsSecret">;
  readonly breathe: Breathe;
}

/** Longer input is refused unparsed. The limit of the URL's own provider, which is lower, is checked after routing. */
const LONGEST_URL = 65_536;
/** Characters of an unusable entry that are shown and stored. An entry of 20 kB must not fill the answer. */
const SHOWN_OF_BAD_INPUT = 200;
/** More makes the store grow with fragments, which are not sent; less hides where two spellings differ. */
const LONGEST_SPELLING = 1_024;

export async function parseUrls(inputs: readonly unknown[], rules: ParseRules): Promise<ParsedUrls> {
  const seen = createSpellings();
  const candidates: Candidate[] = [];
  const rejected: RejectedInput[] = [];
  for (const [position, input] of inputs.entries()) {
    const pause = rules.breathe();
    if (pause) await pause;
    const parsed = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains: rules.allowedDomains });
    const key = keyOf(input, parsed);
    if (!seen.isNew(key, input)) continue;
    const found = holdsSecret(input, rules) ? withheld : await candidateOrRejection(parsed, rules);
    if ("provider" in found) candidates.push({ ...found, given: spellingOf(parsed, rules), kind: "url", cost: 1, position });
    else rejected.push(rejectedInput(input, found, position, rules));
  }
  return {
    candidates,
    rejected,
    duplicatesRemoved: seen.repeats(),
    duplicate: seen.example((input) => shownInput(input, rules.foreign.clean)),
  };
}

/** Tells the first spelling of each URL from its repeats, and keeps one pair as an example. */
function createSpellings() {
  const first = new Map<string, unknown>();
  let repeats = 0;
  let pair: readonly [kept: unknown, dropped: unknown] | undefined;
  return {
    isNew: (key: string, input: unknown): boolean => {
      if (!first.has(key)) {
        first.set(key, input);
        return true;
      }
      repeats += 1;
      const kept = first.get(key);
      // Two spellings show more than one entry that is there twice.
      if (pair === undefined || (pair[0] === pair[1] && kept !== input)) pair = [kept, input];
      return false;
    },
    repeats: () => repeats,
    example: (show: (input: unknown) => string): ParsedUrls["duplicate"] => pair && { kept: show(pair[0]), dropped: show(pair[1]) },
  };
}

/** A caller's spelling as it may be stored and shown. A fragment can be long, so a long spelling is cut. */
function spellingOf(parsed: ParsedUrl, { foreign }: ParseRules): string | undefined {
  if (!parsed.ok || parsed.given === undefined) return undefined;
  const text = foreign.clean(parsed.given);
  return text.length > LONGEST_SPELLING ? `${text.slice(0, LONGEST_SPELLING)}…` : text;
}

/** A program cannot find an entry in its list by a masked or shortened spelling, so the reason then begins with its place: `urls[17]: …`. */
function rejectedInput(input: unknown, found: Rejection, position: number, { argument, foreign }: ParseRules): RejectedInput {
  const target = shownInput(found.target ?? input, foreign.clean);
  const isWhole = target === textOf(found.target ?? input);
  const place = argument === undefined || isWhole ? "" : `${argument}[${position}]: `;
  return { kind: "url", target, position, code: found.code, reason: `${place}${found.reason}` };
}

/** The store would keep the secret, and a vendor or an edge would receive it. Of a longer entry nothing is kept, sent or shown. */
function holdsSecret(input: unknown, { foreign }: ParseRules): boolean {
  const text = textOf(input);
  return text.length <= LONGEST_URL && foreign.holdsSecret(text);
}

type Rejection = Pick<RejectedInput, "code" | "reason"> & { readonly target?: string };

const withheld: Rejection = rejection(
  "invalid_argument",
  "holds a credential of this server or of a caller; remove it, and replace the credential if others can know the URL",
);

async function candidateOrRejection(
  parsed: ParsedUrl,
  { route, refusals }: ParseRules,
): Promise<Pick<Candidate, "provider" | "target"> | Rejection> {
  if (!parsed.ok) return rejection(parsed.forbidden ? "forbidden_domain" : "invalid_argument", parsed.reason);
  const { url, hostname } = parsed;
  const known = refusals?.get(url);
  if (known) return { ...known, target: url };
  const destination = await route(hostname);
  if (!destination.ok) return rejection(destination.code, destination.reason);
  const { provider } = destination;
  const refusal = provider.refusalOf?.(url);
  if (refusal) return { code: refusal.code, reason: explain(refusal) };
  const { urlLength } = provider.limits;
  return url.length > urlLength ? rejection("invalid_argument", tooLong(url.length, urlLength)) : { provider, target: url };
}

function rejection(code: string, reason: string): Rejection {
  return { code, reason: `The URL ${reason}.` };
}

/** Two spellings of one URL have the same key, and so have two equal unreadable entries. */
export function keyOf(input: unknown, parsed: ParsedUrl): string {
  return parsed.ok ? parsed.url : `invalid ${typeof input} ${textOf(input)}`;
}

/** An entry of a list as it may be shown: cut short, and without credentials and invisible characters. */
export function shownInput(input: unknown, clean: ForeignText["clean"]): string {
  const text = textOf(input);
  if (text.length > LONGEST_URL) return `(${text.length.toLocaleString("en")} characters)`;
  // It is cleaned before it is cut, so that no cut leaves half a secret.
  const safe = withoutCredentials(clean(visibleText(text)).trim());
  return safe.length > SHOWN_OF_BAD_INPUT ? `${safe.slice(0, SHOWN_OF_BAD_INPUT)}…` : safe;
}

function textOf(input: unknown): string {
  if (typeof input === "string") return input;
  try {
    return JSON.stringify(input) ?? String(input);
  } catch {
    return "(nested too deeply)"; // Very deep nesting overflows the stack of JSON.stringify.
  }
}

/** In text that is no URL nothing marks the end of a password, so everything before the last @ goes. */
function withoutCredentials(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return text;
  const [scheme = ""] = /^(https?|ftp):/i.exec(text) ?? [];
  return `${scheme && `${scheme}//`}***${text.slice(at)}`;
}
