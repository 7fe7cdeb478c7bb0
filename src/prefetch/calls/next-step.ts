/**
 * The next step for the caller, in one or a few sentences. Pure. Each rule gives a sentence when it applies, and the
 * sentences follow each other in the order of the rules.
 */

import { momentFrom } from "../../base/iso-time.ts";
import { passingCodes } from "../model/passing-codes.ts";
import type { TaskSnapshot } from "../model/storage.ts";
import { type Counts, isEnded, type TaskState } from "../model/task.ts";
import type { Holding } from "./holding.ts";

export interface AdviceFacts {
  readonly taskId: string;
  readonly state: TaskState;
  readonly counts: Counts;
  /** Accounts with unsent items for which this server has no credentials. */
  readonly orphaned: readonly string[];
  /** How far success reaches at each of the task's providers. */
  readonly reach: readonly string[];
  readonly holding: Holding;
  /** Rejected items by code. */
  readonly rejections: ReadonlyMap<string, number>;
  /** Why unsent items wait, by the vendor's last answer. */
  readonly delay: string | undefined;
  /** Unsent items that may not be sent yet. */
  readonly later: TaskSnapshot["later"];
  readonly now: number;
  /** The store outlives this server. */
  readonly durable: boolean;
  readonly resetsAt: number | undefined;
  /** Why the vendor gave no news just now: it could not be asked, or it does not list the task yet. */
  readonly stale: string | undefined;
}

type Rule = (facts: AdviceFacts) => string | readonly string[] | undefined;

export function nextStep(facts: AdviceFacts): string {
  const rules = rulesFor(facts);
  return rules.flatMap((rule) => rule(facts) ?? []).join(" ");
}

function rulesFor({ stale, state }: AdviceFacts): readonly Rule[] {
  if (stale !== undefined) return [staleRule];
  if (!isEnded(state)) return openRules;
  if (state === "succeeded") return [() => "Nothing more to do.", proofRule];
  if (state === "cancelled") return [() => "Everything was cancelled before it was sent. Call again to send it."];
  return endedRules;
}

const staleRule: Rule = ({ stale, taskId }) =>
  `The vendor gave no news just now, so this is the last known state: ${stale} Ask get_prefetch_status again for ${taskId} later.`;

const proofRule: Rule = ({ reach, taskId }) => [...reach, `verify_prefetch with task_id ${taskId} proves what the edge holds.`];

/** Items that become due later than this are for another call; a call waits 50 s at most. */
const LONG_WAIT_MS = 300_000;

/** Items that wait for a moment far ahead, such as the vendor's next day. */
function deferredOf({ later, now }: AdviceFacts): TaskSnapshot["later"] {
  return later && later.from > now + LONG_WAIT_MS ? later : undefined;
}

const openRules: readonly Rule[] = [
  ({ holding: { sending } }) => (sending > 0 ? `${sending} being sent right now.` : undefined),
  ({ holding: { lost }, now }) =>
    lost &&
    `${lost.items} sent without an answer: the vendor's records are asked about them ${lost.at > now ? `at ${momentFrom(now, lost.at)}` : "now"}.`,
  ({ holding: { silent }, now }) => silent && silentAdvice(silent, now),
  (facts) => {
    const { sending, lost, silent } = facts.holding;
    const unsent = facts.counts.queued - sending - (lost?.items ?? 0) - (silent?.items ?? 0) - (deferredOf(facts)?.items ?? 0);
    return unsent > 0 ? `${unsent} not sent yet; keep this server running.` : undefined;
  },
  ({ delay }) => delay,
  (facts) => {
    const deferred = deferredOf(facts);
    return deferred && deferralAdvice(deferred, facts);
  },
  ({ orphaned }) =>
    orphaned.length > 0
      ? `Some wait for a server with other credentials than this one's (ledger account ${orphaned.join(", ")}): keep that one running, or configure the key or the PREFETCH_…_ACCOUNT that they were planned for, and restart.`
      : undefined,
  (facts) => {
    const { counts, taskId } = facts;
    const deferred = deferredOf(facts);
    if (deferred && deferred.items === counts.queued && counts.processing === 0) {
      return `Call get_prefetch_status with task_id ${taskId} after that, or cancel_prefetch to drop what waits.`;
    }
    const until = deferred ? "only those are left" : "the state is final";
    return `Call get_prefetch_status with task_id ${taskId} and wait_seconds 50 until ${until}; prefetching usually takes minutes.`;
  },
];

function silentAdvice({ items, sent, at }: NonNullable<Holding["silent"]>, now: number): string {
  const begun = sent > 0 ? ` It had begun to send ${sent} of them: those are looked up, or end as unknown.` : "";
  return `${items} held by another server process, perhaps a dead one. Unless it shows life, this server takes them up by ${momentFrom(now, at)}.${begun}`;
}

function deferralAdvice(
  { items, from, until }: NonNullable<TaskSnapshot["later"]>,
  { durable, now }: Pick<AdviceFacts, "durable" | "now">,
): string {
  const when = from === until ? `at ${momentFrom(now, from)}` : `from ${momentFrom(now, from)} to ${momentFrom(now, until)}`;
  const kept = durable
    ? "PREFETCH_STORE keeps them: a server that runs then sends them, one that is started later does so 5 seconds after its start. Over stdio that means that this app must be open, or opened again."
    : "They are forgotten when this server stops, because PREFETCH_STORE is memory:.";
  return `${items} wait to be sent ${when}, when the vendor's quota is there for them. ${kept}`;
}

const setupCodes = ["auth_failed", "not_configured"];

function rejected({ rejections }: AdviceFacts, codes: readonly string[]): number {
  return codes.reduce((sum, code) => sum + (rejections.get(code) ?? 0), 0);
}

const endedRules: readonly Rule[] = [
  ({ counts }) =>
    counts.unknown > 0
      ? `${counts.unknown} URL(s) may or may not have reached the vendor and are not sent again by themselves; verify_prefetch shows in a few minutes whether they are warm; call again with force true only if sending twice is acceptable.`
      : undefined,
  ({ counts }) =>
    counts.untracked > 0
      ? `${counts.untracked} accepted, but their outcome cannot be asked for (any more); detail "all" gives the reasons. Call verify_prefetch with the task_id in about five minutes to see.`
      : undefined,
  (facts) => {
    const overQuota = rejected(facts, ["quota_exhausted"]);
    const when = facts.resetsAt === undefined ? "the vendor's midnight" : momentFrom(facts.now, facts.resetsAt);
    return overQuota > 0
      ? `${overQuota} over quota: call again with those after ${when}, or now with on_quota_exceeded "defer".`
      : undefined;
  },
  (facts) => {
    const passing = rejected(facts, passingCodes);
    return passing > 0 ? `${passing} refused for reasons that usually pass: call again with those in a few minutes.` : undefined;
  },
  (facts) => {
    const setup = rejected(facts, setupCodes);
    return setup > 0 ? `${setup} refused because of the credentials or the setup: correct that first.` : undefined;
  },
  ({ counts }) =>
    counts.failed > 0
      ? `${counts.failed} failed: check as their reasons say that each can be fetched and cached, then call again with just those.`
      : undefined,
  ({ counts }) =>
    counts.cancelled > 0
      ? `${counts.cancelled} cancelled before they were sent (detail "all" names them): call again with those to send them.`
      : undefined,
  (facts) => {
    const wrong = facts.counts.rejected - rejected(facts, ["quota_exhausted", ...passingCodes, ...setupCodes]);
    return wrong > 0 ? `${wrong} rejected: correct them as their reasons say and call again with just those.` : undefined;
  },
  (facts) => {
    const { succeeded } = facts.counts;
    return succeeded > 0 ? [`Of the ${succeeded} that succeeded:`, ...[proofRule(facts) ?? []].flat()] : undefined;
  },
];
