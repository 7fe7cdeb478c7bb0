/** What a caller asks and is told of a task: bounded, and with the next step in words. */

import type { ErrorCode } from "../../base/errors.ts";
import type { StreamView } from "../admission/expand-streams.ts";
import type { Quota } from "../model/quota.ts";
import type { StoredItem, TaskSnapshot } from "../model/storage.ts";
import { type Counts, type Item, type ItemState, isEnded, type TaskState } from "../model/task.ts";

/** Problems that are shown unasked. */
export const SUMMARY_ROWS = 20;
export const PAGE_ROWS = 100;

export type Detail = "summary" | "problems" | "all";

export interface StatusRequest {
  /** Ours, or with `provider` the vendor's own. */
  readonly taskId: string;
  readonly provider?: string | undefined;
  readonly detail: Detail;
  readonly cursor?: string | undefined;
  readonly waitSeconds: number;
  /** For nobody in particular: a vendor that could not answer is left alone for a while. */
  readonly unhurried?: boolean;
}

export interface ItemRow {
  readonly url?: string;
  readonly assetId?: string;
  readonly state: ItemState;
  readonly code?: string;
  readonly reason?: string;
  /** Of an item that waits for a time: milliseconds since the epoch. */
  readonly notBefore?: number;
}

export interface TaskView {
  /** Absent for a dry run. */
  readonly taskId?: string;
  readonly provider: string;
  readonly state: TaskState;
  readonly counts: Counts;
  readonly batches: number;
  /** Units that a dry run would spend. */
  readonly cost?: number;
  readonly dryRun?: boolean;
  readonly duplicatesRemoved: number;
  readonly skippedRecent: number;
  readonly problems: readonly ItemRow[];
  /** What was expanded, on a call that asked for it. */
  readonly streams?: readonly StreamView[];
  /** Moved for it by this server itself. */
  readonly bytes?: number;
  readonly items?: readonly ItemRow[];
  readonly nextCursor?: string;
  /** Absent when the task's provider is no longer configured. */
  readonly quota: Quota | undefined;
  readonly nextStep: string;
}

export const problemStates: readonly ItemState[] = ["failed", "rejected", "unknown"];

/** Longer URLs are cut in answers; storage and the vendor have them whole. */
const SHOWN_URL = 1_000;
const SHOWN_REASON = 600;

/** The rows of one item: an asset whose URLs fared differently is told URL by URL. */
export function rowsOf(item: Item & Partial<Pick<StoredItem, "notBefore">>): ItemRow[] {
  const own: ItemRow = {
    ...(item.kind === "asset" ? { assetId: item.target } : { url: shownUrl(item.target) }),
    state: item.state,
    ...(item.code !== undefined && { code: item.code }),
    ...(item.reason !== undefined && { reason: cut(item.reason, SHOWN_REASON) }),
    ...(item.notBefore !== undefined && { notBefore: item.notBefore }),
  };
  const parts = (item.parts ?? []).map(
    (part): ItemRow => ({
      assetId: item.target,
      url: shownUrl(part.url),
      state: part.state,
      ...(part.reason !== undefined && { reason: cut(part.reason, SHOWN_REASON) }),
    }),
  );
  return [own, ...parts];
}

/** As `rowsOf`, leaving out the parts of an asset that went well. */
export function problemRowsOf(item: Item): ItemRow[] {
  return rowsOf(item).filter((row) => problemStates.includes(row.state));
}

/** A URL as rows show it. */
export function shownUrl(url: string): string {
  return cut(url, SHOWN_URL);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** Refusals that another call may not meet. */
export const passingCodes: readonly ErrorCode[] = ["rate_limited", "queue_full", "vendor_unavailable", "timeout"];

export interface AdviceFacts {
  readonly taskId: string;
  readonly state: TaskState;
  readonly counts: Counts;
  /** Accounts with unsent items for which this server has no credentials. */
  readonly orphaned: readonly string[];
  /** What success means at each of the task's providers. */
  readonly reach: readonly string[];
  /** Items that are on the wire at this moment. */
  readonly sending: number;
  readonly rejections: ReadonlyMap<string, number>;
  /** What keeps unsent items waiting, by the vendor's last answer. */
  readonly delay: string | undefined;
  /** Unsent items that may not be sent yet. */
  readonly later: TaskSnapshot["later"];
  readonly now: number;
  /** Whether the store outlives this server. */
  readonly durable: boolean;
  readonly resetsAt: number | undefined;
  /** Why the vendor could not be asked just now. */
  readonly stale: string | undefined;
}

/** From here on, waiting is for another call and not for this one. */
const LONG_WAIT_MS = 300_000;

function deferralAdvice({ items, from, until }: NonNullable<TaskSnapshot["later"]>, durable: boolean): string {
  const when = from === until ? `at ${isoTime(from)}` : `from ${isoTime(from)} to ${isoTime(until)}`;
  const kept = durable
    ? "PREFETCH_STORE keeps them: a server that runs then sends them, one that is started later does so 5 seconds after its start. Over stdio that means that this app must be open, or opened again."
    : "They are forgotten when this server stops, because PREFETCH_STORE is memory:.";
  return `${items} wait to be sent ${when}, when the vendor's quota is there for them. ${kept}`;
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** One or two sentences for the model that called. */
export function nextStep(facts: AdviceFacts): string {
  const { counts, taskId } = facts;
  if (facts.stale !== undefined) {
    return `The vendor could not be asked just now, so this is the last known state: ${facts.stale} Ask get_prefetch_status again for ${taskId} later.`;
  }
  if (!isEnded(facts.state)) {
    const parts: string[] = [];
    if (facts.sending > 0) parts.push(`${facts.sending} being sent right now.`);
    const later = facts.later && facts.later.from > facts.now + LONG_WAIT_MS ? facts.later : undefined;
    const unsent = counts.queued - facts.sending - (later?.items ?? 0);
    if (unsent > 0) parts.push(`${unsent} not sent yet; keep this server running.`);
    if (facts.delay !== undefined) parts.push(facts.delay);
    if (later) parts.push(deferralAdvice(later, facts.durable));
    if (facts.orphaned.length > 0) {
      parts.push(
        `Some wait for a server with other credentials than this one's (ledger account ${facts.orphaned.join(", ")}): keep that one running, or configure the key or the PREFETCH_…_ACCOUNT that they were planned for, and restart.`,
      );
    }
    const waitsOnly = later !== undefined && later.items === counts.queued && counts.processing === 0;
    parts.push(
      waitsOnly
        ? `Call get_prefetch_status with task_id ${taskId} after that, or cancel_prefetch to drop what waits.`
        : `Call get_prefetch_status with task_id ${taskId} and wait_seconds 50 until ${later ? "only those are left" : "the state is final"}; prefetching usually takes minutes.`,
    );
    return parts.join(" ");
  }
  if (facts.state === "succeeded") return ["Nothing more to do.", ...facts.reach, proof(facts)].join(" ");
  if (facts.state === "cancelled") return "Everything was cancelled before it was sent. Call again to send it.";
  const advice: string[] = [];
  if (counts.unknown > 0) {
    advice.push(
      `${counts.unknown} URL(s) may or may not have reached the vendor and are not sent again by themselves; verify_prefetch shows in a few minutes whether they are warm; call again with force true only if sending twice is acceptable.`,
    );
  }
  if (counts.untracked > 0) {
    advice.push(
      `${counts.untracked} accepted, but their outcome cannot be asked for (any more); detail "all" gives the reasons. Call verify_prefetch with the task_id in about five minutes to see.`,
    );
  }
  const rejected = (codes: readonly string[]) => codes.reduce((sum, code) => sum + (facts.rejections.get(code) ?? 0), 0);
  const overQuota = rejected(["quota_exhausted"]);
  const passing = rejected(passingCodes);
  const setup = rejected(["auth_failed", "not_configured"]);
  if (overQuota > 0) {
    const when = facts.resetsAt === undefined ? "the vendor's midnight" : isoTime(facts.resetsAt);
    advice.push(`${overQuota} over quota: call again with those after ${when}, or now with on_quota_exceeded "defer".`);
  }
  if (passing > 0) advice.push(`${passing} refused for reasons that usually pass: call again with those in a few minutes.`);
  if (setup > 0) advice.push(`${setup} refused because of the credentials or the setup: correct that first.`);
  if (counts.failed > 0) {
    advice.push(
      `${counts.failed} failed: check as their reasons say that each can be fetched and cached, then call again with just those.`,
    );
  }
  const wrong = counts.rejected - overQuota - passing - setup;
  if (counts.cancelled > 0)
    advice.push(`${counts.cancelled} cancelled before they were sent (detail "all" names them): call again with those to send them.`);
  if (wrong > 0) advice.push(`${wrong} rejected: correct them as their reasons say and call again with just those.`);
  if (counts.succeeded > 0) advice.push(`Of the ${counts.succeeded} that succeeded:`, ...facts.reach, proof(facts));
  return advice.join(" ");
}

function proof({ taskId }: AdviceFacts): string {
  return `verify_prefetch with task_id ${taskId} proves what the edge holds.`;
}
