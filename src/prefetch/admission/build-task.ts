/** Builds the task that storage keeps from an admission: its batches, its items in the caller's order, its reservations. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import { type Provider, quotaName } from "../model/provider.ts";
import type { QuotaPolicy } from "../model/quota.ts";
import type { NewTask } from "../model/storage.ts";
import type { Batch, Item } from "../model/task.ts";
import type { Admission } from "./admit.ts";
import type { Candidate, ParsedUrls } from "./parse-urls.ts";
import { type MostUrls, split } from "./split.ts";

export interface BuildTaskContext {
  readonly now: number;
  /** The vendor's day on which a provider's batches will be sent. */
  readonly dayOf: (provider: Provider) => string;
  /** Milliseconds since the epoch at which that day ends. */
  readonly resetOf: (provider: Provider) => number;
  readonly policy: QuotaPolicy;
  /** For each request, where a vendor told it. */
  readonly mostUrls?: MostUrls;
  readonly refreshFirst?: boolean;
  readonly tenant: string;
  readonly traceparent: string | undefined;
  /** Id of the user's answer that lets the task through. */
  readonly answer?: string | undefined;
}

/** URLs that go out in one vendor request. */
interface Group {
  readonly candidates: readonly Candidate[];
  /** The later day that the request waits for. */
  readonly to?: { readonly day: string; readonly begins: number };
}

export function buildTask(id: string, parsed: ParsedUrls, admission: Admission, context: BuildTaskContext): NewTask {
  const groups = groupsOf(admission, context.mostUrls);
  return {
    task: {
      id,
      tenant: context.tenant,
      traceparent: context.traceparent,
      createdAt: context.now,
      answer: context.answer,
      providers: [...new Set(parsed.candidates.map((candidate) => candidate.provider.id))],
      duplicatesRemoved: parsed.duplicatesRemoved,
      skippedRecent: admission.skipped.length,
    },
    batches: groups.flatMap((group, number) => batchesOf(id, number, group, context)),
    items: itemsOf(groups, parsed, admission, context),
  };
}

/** Today's requests first, then those of each later day. */
function groupsOf({ send, deferred }: Admission, mostUrls?: MostUrls): Group[] {
  const later = [...Map.groupBy(deferred, ({ to }) => to)].sort(([a], [b]) => a.begins - b.begins);
  return [
    ...split(send, mostUrls).map((candidates) => ({ candidates })),
    ...later.flatMap(([to, put]) =>
      split(
        put.map(({ candidate }) => candidate),
        mostUrls,
      ).map((candidates) => ({ candidates, to })),
    ),
  ];
}

function batchesOf(
  taskId: string,
  number: number,
  { candidates, to }: Group,
  { now, dayOf, policy, refreshFirst }: BuildTaskContext,
): Batch[] {
  const [first] = candidates;
  if (!first) return [];
  const { provider, kind } = first;
  const refresh = refreshFirst ? provider.refresh : undefined;
  return [
    {
      taskId,
      number,
      origin: number,
      provider: (refresh ?? provider).id,
      account: (refresh ?? provider).account,
      nextProvider: refresh && provider.id,
      nextAccount: refresh && provider.account,
      kind: kind === "asset" ? "asset" : "urls",
      state: "queued",
      day: to?.day ?? dayOf(provider),
      cost: candidates.reduce((sum, candidate) => sum + candidate.cost, 0),
      deferrable: policy === "defer",
      attempts: 0,
      notBefore: to?.begins ?? now,
      owner: undefined,
      leaseUntil: undefined,
      sentAt: undefined,
      sentMonotonic: undefined,
      sentBoot: undefined,
      vendorTaskIds: [],
      requestId: undefined,
    },
  ];
}

function itemsOf(groups: readonly Group[], parsed: ParsedUrls, admission: Admission, context: BuildTaskContext): Item[] {
  const queued = groups.flatMap(({ candidates }, batch) =>
    candidates.map(({ position, kind, target, given }) => ({ position, kind, target, given, batch, state: "queued" as const })),
  );
  const overQuota = admission.overQuota.map((candidate) => {
    const { position, kind, target, given } = candidate;
    return {
      position,
      kind,
      target,
      given,
      state: "rejected" as const,
      code: "quota_exhausted",
      reason: overQuotaReason(candidate, context),
    };
  });
  const unusable = parsed.rejected.map((entry) => ({ ...entry, state: "rejected" as const }));
  return [...queued, ...overQuota, ...unusable]
    .sort((a, b) => a.position - b.position)
    .map(
      ({ position: _, ...item }, index): Item => ({
        batch: undefined,
        given: undefined,
        code: undefined,
        reason: undefined,
        parts: undefined,
        index,
        ...item,
      }),
    );
}

function overQuotaReason({ provider }: Candidate, { policy, refreshFirst, resetOf }: BuildTaskContext): string {
  const quota = refreshFirst
    ? `the quotas of ${quotaName(provider)} for refreshing and prefetching`
    : `the quota of ${quotaName(provider)}`;
  if (policy === "defer") return `Over ${quota}, today and on each day that it could be deferred to.`;
  return `Over ${quota} today; it can be sent after ${isoTime(resetOf(provider))}.`;
}
