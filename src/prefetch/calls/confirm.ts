/** Decides whether a person must agree to a plan before it is sent, and words the question. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import type { Candidate } from "../admission/parse-urls.ts";
import type { DaySpend, Plan } from "../admission/plan.ts";
import type { CallContext } from "../model/caller.ts";
import { ConfirmationNeeded } from "../model/confirmation.ts";
import type { Deps } from "./deps.ts";
import { deferredOf } from "./dry-run.ts";

export interface ConfirmOptions {
  /** The caller says that the user has agreed. */
  readonly confirm?: boolean;
  readonly refreshFirst?: boolean;
}

/** Throws `ConfirmationNeeded` for a large plan, unless the user has agreed to it. */
export function refuseUnconfirmed(
  { guards, digest }: Pick<Deps, "guards" | "digest">,
  plan: Plan,
  options: ConfirmOptions,
  { agreedTo }: Pick<CallContext, "agreedTo">,
): void {
  if (options.confirm) return;
  const reason = reasonToAsk(plan, guards);
  if (reason === undefined) return;
  const identity = digest(plan.identity());
  if (agreedTo === identity) return;
  throw new ConfirmationNeeded(reason, { text: questionAbout(plan, reason, options), digest: identity });
}

/** Why the server asks before it sends this plan; `undefined` for a plan that it sends unasked. */
export function reasonToAsk(plan: Plan, { confirmAbove }: Pick<Deps["guards"], "confirmAbove">): string | undefined {
  if (confirmAbove === 0 || !plan.sends) return undefined;
  const size = urlsIn(sentBy(plan));
  if (size > confirmAbove) {
    return `${inWords(size, "URL")} are more than the ${confirmAbove.toLocaleString("en")} that this server sends unasked (PREFETCH_CONFIRM_ABOVE)`;
  }
  const large = plan.today.find(({ units, left }) => left !== undefined && units * 2 > left);
  if (large?.left === undefined) return undefined;
  const verb = large.units === 1 ? "is" : "are";
  return `${inWords(large.units, "unit")} ${verb} more than half of the ${large.left.toLocaleString("en")} that ${large.provider} has left today`;
}

function questionAbout(plan: Plan, reason: string, { refreshFirst = false }: ConfirmOptions): string {
  const sent = sentBy(plan);
  const providers = [...new Set(sent.map(({ provider }) => provider.id))].join(" and ");
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

function subject(candidates: readonly Candidate[]): string {
  const assets = candidates.filter(({ kind }) => kind === "asset").length;
  const urls = inWords(urlsIn(candidates), "URL");
  return assets === 0 ? urls : `${inWords(assets, "asset")} of ${urls}`;
}

function quotaTaken({ today, admission: { cost, refreshCost } }: Plan): string {
  const shares = today.filter(({ units }) => units > 0).map(share);
  const all = `${inWords(cost, "unit")} of quota${refreshCost > 0 ? `, and ${inWords(refreshCost, "unit")} of the quota for refreshes` : ""}`;
  return [`That takes ${all}.`, ...(shares.length > 0 ? [`Today: ${shares.join("; ")}.`] : [])].join(" ");
}

/** Such as "600 of the 1,000 units that huawei-vod has left". */
function share({ provider, units, left }: DaySpend): string {
  if (left === undefined) return `${inWords(units, "unit")} of ${provider}`;
  return `${units.toLocaleString("en")} of the ${inWords(left, "unit")} that ${provider} has left`;
}

function laterPart({ admission }: Plan): string | undefined {
  const later = deferredOf(admission);
  if (!later) return undefined;
  const when = later.from === later.until ? `at ${isoTime(later.from)}` : `from ${isoTime(later.from)} to ${isoTime(later.until)}`;
  return `${later.items.toLocaleString("en")} of them ${later.items === 1 ? "goes" : "go"} out later, as the quota comes back ${when}.`;
}

function inWords(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
