/** A plan written down: as the task that will be stored, and as what a dry run tells. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import type { Provider } from "../model/provider.ts";
import type { QuotaPolicy } from "../model/quota.ts";
import type { NewTask } from "../model/storage.ts";
import type { Batch, Item } from "../model/task.ts";
import type { Admission } from "./admit.ts";
import type { Candidate, ParsedUrls } from "./parse-urls.ts";
import { split } from "./split.ts";

export interface BuildTaskContext {
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
export function buildTask(id: string, reading: ParsedUrls, admission: Admission, context: BuildTaskContext): NewTask {
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

function overQuotaReason({ provider }: Candidate, { policy, resetOf }: BuildTaskContext): string {
  if (policy === "defer") return `Over the quota of ${provider.id}, today and on each of the days that something can be put off to.`;
  return `Over today's quota of ${provider.id}; it can be sent after ${isoTime(resetOf(provider))}.`;
}
