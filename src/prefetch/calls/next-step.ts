/** The next step for the caller, in words. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import { passingCodes } from "../model/passing-codes.ts";
import type { TaskSnapshot } from "../model/storage.ts";
import { type Counts, isEnded, type TaskState } from "../model/task.ts";

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
