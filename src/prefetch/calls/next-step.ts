/**
 * The next step for the caller, in one or a few sentences. Pure. Each rule gives a sentence when it applies, and the
 * sentences follow each other in the order of the rules.
 */

import { momentFrom } from "../../base/iso-time.ts";
import { passingCodes } from "../model/passing-codes.ts";
import { type Counts, type DeferredItems, isEnded, type ShownState } from "../model/task.ts";
import type { Holding } from "./holding.ts";

export interface AdviceFacts {
  readonly taskId: string;
  readonly state: ShownState;
  readonly counts: Counts;
  /** Accounts with unsent items for which this server has no credentials. */
  readonly orphaned: readonly string[];
  /** How far success reaches at each of the task's providers. Products of one vendor may say the same. */
  readonly reach: readonly string[];
  readonly holding: Holding;
  /** Rejected items by code. */
  readonly rejections: ReadonlyMap<string, number>;
  /** Why unsent items wait, by the vendor's last answer. */
  readonly delay: string | undefined;
  readonly deferred: DeferredItems | undefined;
  /** Failed items whose URL failed in the same way before. */
  readonly failedAgain: number;
  /** Failed items that used quota. */
  readonly failedAtCost: number;
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
  if (state === "succeeded") return [() => "Nothing is left to send.", proofRule];
  if (state === "cancelled") return [() => "Everything was cancelled before it was prefetched. Nothing is left to send."];
  return endedRules;
}

const staleRule: Rule = ({ stale, taskId }) =>
  `The vendor gave no news just now, so this is the last known state: ${stale} Ask get_prefetch_status again for ${taskId} later.`;

const proofRule: Rule = ({ reach, taskId }) => [...new Set(reach), `verify_prefetch with task_id ${taskId} proves what the edge holds.`];

const openRules: readonly Rule[] = [
  ({ holding: { sending } }) => (sending > 0 ? `${sending} being sent right now.` : undefined),
  ({ holding: { lost }, now }) =>
    lost &&
    `${lost.items} sent without an answer: the vendor's records are asked about them ${lost.at > now ? `at ${momentFrom(now, lost.at)}` : "now"}.`,
  ({ holding: { silent }, now }) => silent && silentAdvice(silent, now),
  (facts) => {
    const { sending, lost, silent } = facts.holding;
    const unsent = facts.counts.queued - sending - (lost?.items ?? 0) - (silent?.items ?? 0) - (facts.deferred?.items ?? 0);
    return unsent > 0 ? `${unsent} not sent yet; keep this server running.` : undefined;
  },
  ({ delay }) => delay,
  ({ deferred, durable, now }) => deferred && deferralAdvice(deferred, { durable, now }),
  ({ orphaned }) =>
    orphaned.length > 0
      ? `Some wait for a server with other credentials than this one's (ledger account ${orphaned.join(", ")}): keep that one running, or configure the key or the PREFETCH_…_ACCOUNT that they were planned for, and restart.`
      : undefined,
  ({ state, taskId, deferred }) => {
    if (state === "scheduled") {
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

function deferralAdvice({ items, from, until }: DeferredItems, { durable, now }: Pick<AdviceFacts, "durable" | "now">): string {
  const when = from === until ? `at ${momentFrom(now, from)}` : `from ${momentFrom(now, from)} to ${momentFrom(now, until)}`;
  return `${items} wait to be sent ${when}, when the vendor's quota is there for them. ${storeAdvice(durable)}`;
}

/** The store's part in a promise to send later. */
export function storeAdvice(durable: boolean): string {
  return durable
    ? "PREFETCH_STORE keeps them: a server that runs then sends them, one that is started later does so 5 seconds after its start. Over stdio that means that this app must be open, or opened again."
    : "This server keeps them in memory only (PREFETCH_STORE is memory:): if it stops before then, which also happens when the app that started it is closed, they are forgotten and never sent.";
}

const setupCodes = ["auth_failed", "not_configured"];

function rejected({ rejections }: AdviceFacts, codes: readonly string[]): number {
  return codes.reduce((sum, code) => sum + (rejections.get(code) ?? 0), 0);
}

/**
 * A failed URL is sent once more at most, and only after its cause is found: a URL that failed twice in one way fails a third
 * time. A URL that the edge holds needs no second prefetch, and a good answer of the edge does not explain the vendor's failure.
 */
function failureAdvice({ counts: { failed }, failedAgain, failedAtCost, taskId }: AdviceFacts): string {
  const spent = spending(failed, failedAtCost, failedAgain);
  const first = failed - failedAgain;
  const edge = `verify_prefetch with task_id ${taskId} shows what the edge holds; that needs no second prefetch`;
  const again = `${failedAgain} failed${spent}, as they did before in an earlier task: do not send them again. ${edge}. For the rest find the cause in the origin's log or with the vendor: an edge that answers does not show why the vendor failed.`;
  if (first <= 0) return again;
  const once = `${first} failed${spent}: check that each can be fetched from the origin and cached. ${edge}. Send the rest once more, after the cause is gone.`;
  return failedAgain > 0 ? `${once} ${again}` : once;
}

/** Where only some used quota, it is not known how many of those had failed before. */
function spending(failed: number, failedAtCost: number, failedAgain: number): string {
  if (failedAtCost === 0) return ", at no cost of quota";
  if (failedAtCost === failed) return " and used their quota";
  return failedAgain > 0 ? "" : `, of which ${failedAtCost} used quota`;
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
    return setup > 0
      ? `${setup} refused because of the credentials or the setup: correct that first, then call again with just those.`
      : undefined;
  },
  (facts) => {
    const kept = rejected(facts, ["refresh_failed"]);
    return kept > 0
      ? `${kept} not prefetched, because their old copies may still be there: call again with just those and refresh_first, or purge them in the vendor's console first.`
      : undefined;
  },
  (facts) => (facts.counts.failed > 0 ? failureAdvice(facts) : undefined),
  ({ counts }) => (counts.cancelled > 0 ? `${counts.cancelled} cancelled before they were sent (detail "all" names them).` : undefined),
  (facts) => {
    const wrong = facts.counts.rejected - rejected(facts, ["quota_exhausted", "refresh_failed", ...passingCodes, ...setupCodes]);
    return wrong > 0 ? `${wrong} rejected: correct them as their reasons say and call again with just those.` : undefined;
  },
  (facts) => {
    const { succeeded } = facts.counts;
    return succeeded > 0 ? [`Of the ${succeeded} that succeeded:`, ...[proofRule(facts) ?? []].flat()] : undefined;
  },
];
