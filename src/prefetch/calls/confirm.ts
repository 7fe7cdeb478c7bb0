/** Decides whether a person must agree to a plan before it is sent, and words the question. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import { deferredOf } from "../admission/admit.ts";
import type { Candidate } from "../admission/parse-urls.ts";
import type { DaySpend, Plan } from "../admission/plan.ts";
import type { CallContext } from "../model/caller.ts";
import { ConfirmationNeeded, usedAnswer } from "../model/confirmation.ts";
import type { Deps } from "./deps.ts";

export interface ConfirmOptions {
  /** The caller says that the user has agreed. It counts where the server cannot ask. */
  readonly confirm?: boolean;
  readonly refreshFirst?: boolean;
}

type Asker = Pick<CallContext, "agreedTo" | "asksUser">;

/** Fewer units are sent unasked, whatever is left. With a lower number, each URL is asked about when a day's quota runs out. */
const FEWEST_UNITS = 10;
/** Hosts that a question names. More would hide the numbers. */
const NAMED_HOSTS = 3;

/**
 * Resolves with the id of the user's answer that lets a large plan through, and with `undefined` for a plan that needs none. Throws
 * `ConfirmationNeeded` for a large plan without such an answer, and `confirmation_required` for an answer that was used before.
 */
export async function answerFor(
  { guards, digest }: Pick<Deps, "guards" | "digest">,
  plan: Plan,
  options: ConfirmOptions,
  asker: Asker,
): Promise<string | undefined> {
  const reason = reasonToAsk(plan, guards, options, asker);
  if (reason === undefined) return undefined;
  const { agreedTo } = asker;
  if (agreedTo && plan.isAnswerUsed) throw usedAnswer();
  const identity = await digest(plan.identity());
  if (agreedTo?.digest === identity) return agreedTo.answer;
  throw new ConfirmationNeeded({ text: questionAbout(plan, reason, options), digest: identity });
}

/** Why the server asks before it sends this plan; `undefined` for a plan that it sends unasked. */
export function reasonToAsk(
  plan: Plan,
  { confirmAbove }: Pick<Deps["guards"], "confirmAbove">,
  { confirm = false }: ConfirmOptions,
  { asksUser = false }: Asker,
): string | undefined {
  if (confirmAbove === 0 || !plan.sends || (confirm && !asksUser)) return undefined;
  return tooMany(plan, confirmAbove) ?? unseen(plan) ?? tooGreatAShare(plan);
}

function tooMany(plan: Plan, confirmAbove: number): string | undefined {
  const size = urlsIn(sentBy(plan));
  if (size <= confirmAbove) return undefined;
  return `${inWords(size, "URL")} are more than the ${confirmAbove.toLocaleString("en")} that this server sends unasked (PREFETCH_CONFIRM_ABOVE)`;
}

function unseen(plan: Plan): string | undefined {
  const assets = sentBy(plan).filter(({ isUnseen }) => isUnseen).length;
  return assets === 0
    ? undefined
    : `the vendor does not tell now how many files ${inWords(assets, "asset")} ${assets === 1 ? "has" : "have"}`;
}

function tooGreatAShare({ spending }: Plan): string | undefined {
  const large = spending().find(({ units, left }) => units >= FEWEST_UNITS && units * 2 > left);
  return large && `${inWords(large.units, "unit")} are more than half of the ${large.left.toLocaleString("en")} ${whose(large)}`;
}

function questionAbout(plan: Plan, reason: string, { refreshFirst = false }: ConfirmOptions): string {
  const sent = sentBy(plan);
  const providers = listed([...new Set(sent.map(({ provider }) => provider.id))]);
  const { overQuota, cost } = plan.admission;
  return [
    `Prefetch ${subject(sent)} with ${providers}?`,
    refreshFirst ? "The vendor first drops its copies of them." : undefined,
    cost === 0 ? "That takes no quota." : quotaTaken(plan),
    laterPart(plan),
    overQuota.length > 0 ? `${inWords(overQuota.length, "URL")} over the quota will not be sent.` : undefined,
    `The server asks because ${reason}.`,
  ]
    .filter((sentence) => sentence !== undefined)
    .join(" ");
}

function sentBy({ admission: { send, deferred } }: Plan): readonly Candidate[] {
  return [...send, ...deferred.map(({ candidate }) => candidate)];
}

/** An asset counts as its files. */
function urlsIn(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { kind, cost }) => sum + (kind === "asset" ? cost : 1), 0);
}

/** Such as "12 URLs of a.example.com and b.example.com". */
function subject(candidates: readonly Candidate[]): string {
  const assets = candidates.filter(({ kind }) => kind === "asset").length;
  const urls = inWords(urlsIn(candidates), "URL");
  return assets === 0 ? `${urls} of ${hostsOf(candidates)}` : `${inWords(assets, "asset")} of ${urls}`;
}

function hostsOf(candidates: readonly Candidate[]): string {
  const hosts = [...new Set(candidates.map(({ target }) => hostOf(target)))];
  const more = hosts.length - NAMED_HOSTS;
  return more > 0 ? listed([...hosts.slice(0, NAMED_HOSTS), inWords(more, "other host")]) : listed(hosts);
}

/** The target is a URL that was parsed before; this is quicker than to parse it again. */
function hostOf(url: string): string {
  return url.split("/", 3)[2] ?? url;
}

function quotaTaken({ spending, admission: { cost, refreshCost } }: Plan): string {
  const today = spending().filter(({ day }) => day === undefined);
  const shares = today.map(
    ({ provider, units, left }) => `${units.toLocaleString("en")} of the ${inWords(left, "unit")} that ${provider} has left`,
  );
  const all = `${inWords(cost, "unit")} of quota${refreshCost > 0 ? `, and ${inWords(refreshCost, "unit")} of the quota for refreshes` : ""}`;
  return [`That takes ${all}.`, ...(shares.length > 0 ? [`Today: ${shares.join("; ")}.`] : [])].join(" ");
}

function whose({ provider, day }: DaySpend): string {
  return day === undefined ? `that ${provider} has left today` : `that ${provider} has left on ${day}`;
}

function laterPart({ admission }: Plan): string | undefined {
  const later = deferredOf(admission);
  if (!later) return undefined;
  const when = later.from === later.until ? `at ${isoTime(later.from)}` : `from ${isoTime(later.from)} to ${isoTime(later.until)}`;
  return `${inWords(later.items, "URL")} ${later.items === 1 ? "goes" : "go"} out later, as the quota comes back ${when}.`;
}

function inWords(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Such as "a, b and c". */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
