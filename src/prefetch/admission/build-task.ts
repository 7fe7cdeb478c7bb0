/** A plan written down: as the task that will be stored, and as what a dry run tells. Pure. */

import { isoTime, rowsOf, SUMMARY_ROWS, type TaskView } from "../calls/view.ts";
import type { Provider } from "../model/provider.ts";
import type { NewTask } from "../model/storage.ts";
import { type Batch, type Item, noCounts } from "../model/task.ts";
import type { Admission, QuotaPolicy } from "./admit.ts";
import { type Candidate, type Reading, split } from "./parse-urls.ts";

export interface DraftContext {
  readonly now: number;
  /** The vendor's day on which a provider's batches will be sent. */
  readonly dayOf: (provider: Provider) => string;
  readonly resetOf: (provider: Provider) => number;
  readonly policy: QuotaPolicy;
  readonly tenant: string;
  readonly traceparent: string | undefined;
}

interface Group {
  readonly candidates: readonly Candidate[];
  /** The later day that it waits for. */
  readonly to?: { readonly day: string; readonly begins: number };
}

/** The task, batches and items that an admission amounts to, in the caller's order. */
export function planTask(id: string, reading: Reading, admission: Admission, context: DraftContext): NewTask {
  const { now, dayOf, policy, tenant, traceparent } = context;
  const groups = groupsOf(admission);
  const batchOf = new Map<Candidate, number>();
  for (const [number, { candidates }] of groups.entries()) for (const candidate of candidates) batchOf.set(candidate, number);

  const entries = [
    ...[...admission.send, ...admission.deferred.map(({ candidate }) => candidate)].map((entry) => ({
      ...entry,
      batch: batchOf.get(entry),
      state: "queued" as const,
      code: undefined,
      reason: undefined,
    })),
    ...admission.overQuota.map((entry) => ({
      ...entry,
      batch: undefined,
      state: "rejected" as const,
      code: "quota_exhausted",
      reason: overQuotaReason(entry, context),
    })),
    ...reading.rejected.map((entry) => ({ ...entry, batch: undefined, state: "rejected" as const })),
  ].sort((a, b) => a.position - b.position);

  return {
    task: {
      id,
      tenant,
      traceparent,
      createdAt: now,
      providers: [...new Set(reading.candidates.map((candidate) => candidate.provider.id))],
      duplicatesRemoved: reading.duplicatesRemoved,
      skippedRecent: admission.skipped.length,
    },
    batches: groups.flatMap(({ candidates, to }, number): Batch[] => {
      const [first] = candidates;
      if (!first) return [];
      const { provider } = first;
      return [
        {
          taskId: id,
          number,
          origin: number,
          provider: provider.id,
          account: provider.account,
          kind: first.kind === "asset" ? "asset" : "urls",
          state: "queued",
          day: to?.day ?? dayOf(provider),
          cost: candidates.reduce((sum, candidate) => sum + candidate.cost, 0),
          deferrable: policy === "defer",
          attempts: 0,
          notBefore: to?.begins ?? now,
          leaseUntil: undefined,
          sentAt: undefined,
          vendorTaskIds: [],
          requestId: undefined,
        },
      ];
    }),
    items: entries.map(
      ({ batch, kind, target, state, code, reason }, index): Item => ({
        index,
        batch,
        kind,
        target,
        state,
        code,
        reason,
        parts: undefined,
      }),
    ),
  };
}

/** What goes out together: today's requests first, then those of each later day. */
function groupsOf({ send, deferred }: Admission): Group[] {
  const later = [...Map.groupBy(deferred, ({ to }) => to)].sort(([a], [b]) => a.begins - b.begins);
  return [
    ...split(send).map((candidates) => ({ candidates })),
    ...later.flatMap(([to, put]) => split(put.map(({ candidate }) => candidate)).map((candidates) => ({ candidates, to }))),
  ];
}

function overQuotaReason({ provider }: Candidate, { policy, resetOf }: DraftContext): string {
  if (policy === "defer") return `Over the quota of ${provider.id}, today and on each of the days that something can be put off to.`;
  return `Over today's quota of ${provider.id}; it can be sent after ${isoTime(resetOf(provider))}.`;
}

/** What a dry run says of it. */
export function planView(plan: NewTask, admission: Admission, quota: TaskView["quota"]): TaskView {
  const counts = noCounts();
  for (const item of plan.items) counts[item.state] += 1;
  const nothing = plan.batches.length === 0;
  return {
    provider: plan.task.providers.join(", "),
    state: "queued",
    counts,
    batches: plan.batches.length,
    cost: admission.cost,
    dryRun: true,
    duplicatesRemoved: plan.task.duplicatesRemoved,
    skippedRecent: plan.task.skippedRecent,
    problems: plan.items
      .filter((item) => item.state === "rejected")
      .slice(0, SUMMARY_ROWS)
      .flatMap(rowsOf),
    quota,
    nextStep: nothing
      ? "Nothing would be sent: all of it was sent in the last 10 minutes. Use force true to send it again."
      : `Nothing was sent. ${schedule(admission)}Call again without dry_run to spend this.`,
  };
}

function schedule({ send, deferred }: Admission): string {
  const begins = deferred.map(({ to }) => to.begins).sort((a, b) => a - b);
  const [first, last] = [begins[0], begins.at(-1)];
  if (first === undefined || last === undefined) return "";
  const when = first === last ? `at ${isoTime(first)}` : `from ${isoTime(first)} to ${isoTime(last)}`;
  return `${send.length} would be sent today and ${deferred.length} later, as the quota comes back ${when}. `;
}
