/** A plan written down: as the task that will be stored, and as what a dry run tells. Pure. */

import { type Admission, type Candidate, type Reading, split } from "./plan.ts";
import type { Provider } from "./provider.ts";
import type { NewTask } from "./storage.ts";
import { type Batch, type Item, noCounts } from "./task.ts";
import { rowsOf, SUMMARY_ROWS, type TaskView } from "./view.ts";

export interface DraftContext {
  readonly now: number;
  /** The vendor's day on which a provider's batches will be sent. */
  readonly dayOf: (provider: Provider) => string;
  readonly resetOf: (provider: Provider) => number;
}

/** The task, batches and items that an admission amounts to, in the caller's order. */
export function planTask(id: string, reading: Reading, admission: Admission, { now, dayOf, resetOf }: DraftContext): NewTask {
  const groups = split(admission.send);
  const batchOf = new Map<Candidate, number>();
  for (const [number, group] of groups.entries()) for (const candidate of group) batchOf.set(candidate, number);

  const entries = [
    ...admission.send.map((entry) => ({
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
      reason: `Over today's quota of ${entry.provider.id}; it can be sent after ${new Date(resetOf(entry.provider)).toISOString()}.`,
    })),
    ...reading.rejected.map((entry) => ({ ...entry, batch: undefined, state: "rejected" as const })),
  ].sort((a, b) => a.position - b.position);

  return {
    task: {
      id,
      createdAt: now,
      providers: [...new Set(reading.candidates.map((candidate) => candidate.provider.id))],
      duplicatesRemoved: reading.duplicatesRemoved,
      skippedRecent: admission.skipped.length,
    },
    batches: groups.flatMap((group, number): Batch[] => {
      const [first] = group;
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
          day: dayOf(provider),
          cost: group.reduce((sum, candidate) => sum + candidate.cost, 0),
          attempts: 0,
          notBefore: now,
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
      : "Nothing was sent. Call again without dry_run to spend this.",
  };
}
