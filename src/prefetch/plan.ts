/**
 * Planning: from what the caller wrote to what will be sent. Pure, so that a dry run and a real run
 * cannot differ, and so that it can be repeated inside a storage transaction.
 */

import { PrefetchError } from "../errors.ts";
import type { ProviderLimits } from "./provider.ts";
import { type LedgerEntry, remainingUnits } from "./quota.ts";
import { readUrl, type UrlRules } from "./url.ts";

/** Something to send: a URL or an asset, with the units of quota that it costs. */
export interface Candidate {
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

export interface Reading {
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly RejectedInput[];
  readonly duplicatesRemoved: number;
}

/** Shown and stored of an unreadable URL; a 20 kB one must not fill the answer. */
const SHOWN_OF_BAD_INPUT = 200;

/** Normalises a list, takes each URL once and names every entry that cannot be used. */
export function readUrls(inputs: readonly unknown[], rules: UrlRules): Reading {
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  const rejected: RejectedInput[] = [];
  let duplicatesRemoved = 0;
  for (const [position, input] of inputs.entries()) {
    const reading = readUrl(input, rules);
    const key = reading.ok ? reading.url : `invalid ${JSON.stringify(input)}`;
    if (seen.has(key)) {
      duplicatesRemoved += 1;
      continue;
    }
    seen.add(key);
    if (reading.ok) candidates.push({ kind: "url", target: reading.url, cost: 1, position });
    else {
      const code = reading.forbidden ? "forbidden_domain" : "invalid_argument";
      rejected.push({ kind: "url", target: shown(input), code, reason: `The URL ${reading.reason}.`, position });
    }
  }
  return { candidates, rejected, duplicatesRemoved };
}

function shown(input: unknown): string {
  const text = typeof input === "string" ? input.trim() : (JSON.stringify(input) ?? String(input));
  const safe = withoutCredentials(text);
  return safe.length > SHOWN_OF_BAD_INPUT ? `${safe.slice(0, SHOWN_OF_BAD_INPUT)}…` : safe;
}

/** In text that is no URL there is no telling where a password ends, so everything before the last @ goes. */
function withoutCredentials(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return text;
  const [scheme = ""] = /^(https?|ftp):/i.exec(text) ?? [];
  return `${scheme && `${scheme}//`}***${text.slice(at)}`;
}

export type QuotaPolicy = "reject" | "partial";

export interface Facts {
  readonly ledger: LedgerEntry;
  /** Target to the task that sent it lately. */
  readonly recent: ReadonlyMap<string, string>;
}

export interface Admission {
  readonly send: readonly Candidate[];
  readonly skipped: readonly { readonly target: string; readonly taskId: string }[];
  readonly overQuota: readonly Candidate[];
  readonly cost: number;
}

export interface AdmissionRules {
  readonly limit: number | undefined;
  readonly policy: QuotaPolicy;
  readonly force: boolean;
}

/** Leaves out what was sent lately and admits what the day's quota allows, in the caller's order. */
export function admit(candidates: readonly Candidate[], facts: Facts, rules: AdmissionRules): Admission {
  const skipped: { target: string; taskId: string }[] = [];
  const send: Candidate[] = [];
  const overQuota: Candidate[] = [];
  let remaining = remainingUnits(rules.limit, facts.ledger);
  let cost = 0;
  let needed = 0;
  for (const candidate of candidates) {
    const taskId = rules.force ? undefined : facts.recent.get(candidate.target);
    if (taskId !== undefined) {
      skipped.push({ target: candidate.target, taskId });
      continue;
    }
    needed += candidate.cost;
    if (candidate.cost <= remaining) {
      send.push(candidate);
      cost += candidate.cost;
      remaining -= candidate.cost;
    } else overQuota.push(candidate);
  }
  const nothingFits = send.length === 0 && overQuota.length > 0;
  if (overQuota.length > 0 && (rules.policy === "reject" || nothingFits)) {
    const left = remainingUnits(rules.limit, facts.ledger);
    throw new PrefetchError("quota_exhausted", quotaMessage(needed, left, rules.limit), {
      hint: nothingFits
        ? "Nothing was sent. Wait for the reset, or ask the vendor for a higher quota."
        : `Nothing was sent. Call again with on_quota_exceeded "partial" to send the first ${send.length} now, or wait for the reset.`,
    });
  }
  return { send, skipped, overQuota, cost };
}

function quotaMessage(needed: number, left: number, limit: number | undefined): string {
  const of = limit === undefined ? "" : ` of ${limit.toLocaleString("en")} a day`;
  return `This call needs ${needed.toLocaleString("en")} units of prefetch quota; ${left.toLocaleString("en")}${of} are left.`;
}

/**
 * Cuts a list into vendor requests. URLs of one host travel together, so that a host which the vendor refuses
 * takes no other host's URLs down with it; an asset always travels alone.
 */
export function split(candidates: readonly Candidate[], limits: Pick<ProviderLimits, "urlsPerRequest" | "bytesPerRequest">): Candidate[][] {
  const batches: Candidate[][] = [];
  const byHost = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    if (candidate.kind === "asset") {
      batches.push([candidate]);
      continue;
    }
    const host = new URL(candidate.target).host;
    const group = byHost.get(host);
    if (group) group.push(candidate);
    else byHost.set(host, [candidate]);
  }
  for (const group of byHost.values()) batches.push(...chunks(group, limits));
  return batches;
}

function chunks(group: readonly Candidate[], limits: Pick<ProviderLimits, "urlsPerRequest" | "bytesPerRequest">): Candidate[][] {
  const batches: Candidate[][] = [];
  let current: Candidate[] = [];
  let bytes = 2;
  for (const candidate of group) {
    const size = JSON.stringify(candidate.target).length + 1;
    if (current.length > 0 && (current.length >= limits.urlsPerRequest || bytes + size > limits.bytesPerRequest)) {
      batches.push(current);
      current = [];
      bytes = 2;
    }
    current.push(candidate);
    bytes += size;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}
