/** The answer to a dry run. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import { type Admission, deferredOf, unitsToday } from "../admission/admit.ts";
import type { Candidate } from "../admission/parse-urls.ts";
import { quotaName } from "../model/provider.ts";
import type { Quota, QuotaPolicy } from "../model/quota.ts";
import type { NewTask } from "../model/storage.ts";
import { countItems, noCounts } from "../model/task.ts";
import { storeAdvice } from "./next-step.ts";
import { PAGE_ROWS, type ProviderView, rowsOf, summaryOf, type TaskView } from "./view.ts";

export interface Planned {
  readonly admission: Admission;
  readonly policy: QuotaPolicy;
  /** One per provider, the one with least left first. */
  readonly quotas: readonly Quota[];
  /** The store outlives this server. */
  readonly durable: boolean;
  /** Why the server asks the user before it sends the list. */
  readonly reasonToAsk: string | undefined;
  /** The client can put the question to its user. */
  readonly asksUser: boolean;
}

export function dryRunView({ task, batches, items }: NewTask, planned: Planned): TaskView {
  const { admission, quotas } = planned;
  const [tightest] = quotas;
  const rejected = items.filter((item) => item.state === "rejected");
  return {
    providers: task.providers,
    state: "planned",
    counts: countItems(items),
    deferred: deferredOf(admission),
    batches: batches.length,
    ...costsOf(planned),
    dryRun: true,
    plan: {
      fitsToday: admission.deferred.length + admission.overQuota.length === 0,
      leftToday: tightest && (isRefused(planned) ? tightest.remaining : leftToday(tightest, admission)),
    },
    duplicatesRemoved: task.duplicatesRemoved,
    skippedRecent: task.skippedRecent,
    problems: summaryOf(rejected.slice(0, PAGE_ROWS).flatMap((item) => rowsOf(item))),
    ...(task.providers.length > 1 && { byProvider: task.providers.map((id) => shareOf(id, planned)) }),
    quota: tightest,
    nextStep:
      batches.length + admission.overQuota.length === 0
        ? "Nothing would be sent: all of it was sent in the last 10 minutes or waits to be sent. Use force true to send it again."
        : `Nothing was sent. ${schedule(planned)}${beyondQuota(planned)}${budget(planned)}`,
  };
}

/** A provider's share of a plan with several providers. */
function shareOf(provider: string, { admission, quotas }: Planned): ProviderView {
  const own = (candidates: readonly Candidate[]) => candidates.filter((candidate) => candidate.provider.id === provider).length;
  const queued = own(admission.send) + own(admission.deferred.map(({ candidate }) => candidate));
  return {
    provider,
    counts: { ...noCounts(), queued, rejected: own(admission.overQuota) },
    cost: admission.costs.get(provider) ?? 0,
    quota: quotas.find((quota) => quota.provider === provider),
  };
}

function schedule({ admission, durable }: Planned): string {
  const deferred = deferredOf(admission);
  if (!deferred) return "";
  const { from, until, items } = deferred;
  const when = from === until ? `at ${isoTime(from)}` : `from ${isoTime(from)} to ${isoTime(until)}`;
  return `${admission.send.length.toLocaleString("en")} would be sent today and ${items.toLocaleString("en")} later, as the quota comes back ${when}. ${storeAdvice(durable)} `;
}

function beyondQuota({ admission: { overQuota, send }, policy }: Planned): string {
  if (overQuota.length === 0) return "";
  const over = `${overQuota.length.toLocaleString("en")} are over the quota`;
  if (policy === "defer") return `${over} and would not be sent. `;
  const later = 'on_quota_exceeded "defer" would send them on later days.';
  if (policy === "partial") return `${over} and would not be sent. ${later} `;
  const some = send.length > 0 ? `, and "partial" the other ${send.length.toLocaleString("en")} alone` : "";
  return `${over}, so the call would be refused: ${later.slice(0, -1)}${some}. `;
}

/** Under the policy `reject`, a list that is over the quota is not sent at all. */
function isRefused({ admission: { overQuota }, policy }: Planned): boolean {
  return policy === "reject" && overQuota.length > 0;
}

/** The cost of a list that would be refused is that of the whole list. */
function costsOf(planned: Planned): Pick<TaskView, "cost" | "refreshCost"> {
  const { cost, refreshCost, overQuota } = planned.admission;
  const more = isRefused(planned) ? overQuota.reduce((sum, candidate) => sum + candidate.cost, 0) : 0;
  return { cost: cost + more, ...(refreshCost > 0 && { refreshCost: refreshCost + more }) };
}

function leftToday({ account, remaining }: Quota, admission: Admission): number | undefined {
  return remaining === undefined ? undefined : remaining - unitsToday(admission, account);
}

function budget(planned: Planned): string {
  const { admission, quotas } = planned;
  if (isRefused(planned)) return `Nothing is spent until then.${asking(planned)}`;
  if (admission.cost === 0) return `Call again without dry_run to send them; that uses no quota.${asking(planned)}`;
  const lines = quotas.flatMap((quota) => {
    const left = leftToday(quota, admission);
    if (left === undefined) return [];
    const today = unitsToday(admission, quota.account).toLocaleString("en");
    return [`${quotaName({ id: quota.provider, zoneId: quota.zone })}: ${today} units today, and then ${left.toLocaleString("en")} left.`];
  });
  const cost = `${admission.cost.toLocaleString("en")} ${admission.cost === 1 ? "unit" : "units"}`;
  const costs = admission.refreshCost > 0 ? `${cost}, and as many of the quota for refreshes` : cost;
  return `${lines.join(" ")} Call again without dry_run to spend ${costs}.${asking(planned)}`.trim();
}

function asking({ reasonToAsk, asksUser }: Planned): string {
  if (reasonToAsk === undefined) return "";
  if (asksUser) return ` The server asks the user before it sends them, because ${reasonToAsk}.`;
  return ` It needs the user's word, because ${reasonToAsk}: pass confirm true once the user agrees.`;
}
