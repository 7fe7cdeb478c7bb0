/** Compares a round's tasks with the vendors' own records. Pure. */

import type { Played } from "./round-harness.ts";
import { type ItemEnd, SETTLED_MS } from "./round-settle-harness.ts";

export interface Account {
  readonly urls: number;
  readonly received: number;
  /** Without a final state, or final and wrong: told as done and never received. */
  readonly lost: number;
  readonly doubled: number;
  readonly overQuota: number;
  readonly unsettled: number;
  /** Settled after `SETTLED_MS`, because absence had to be proven. */
  readonly proven: number;
  readonly unknown: number;
  /** URLs of a direct provider that ended as `failed`. */
  readonly failed: number;
  readonly rejected: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
}

/** A request that the list does not show is absent after 130 s. A look-up follows, another request, and its outcome. */
const PROVEN_MS = 160_000;

const finals = ["succeeded", "failed", "rejected", "untracked", "cancelled", "unknown", "put off"];

/** A slow edge that also loses answers may use up the attempts of a URL. */
function isEdgeFault({ state, reason }: ItemEnd): boolean {
  return state === "failed" && /did not answer in time|broke off|failed \(/.test(reason);
}

export function account(played: Played): Account {
  const { plan, asked, items, received, days, machineDays, settledMs, late, traffic, log, integrity } = played;
  const violations: string[] = [];
  const demand = (broken: readonly unknown[], otherwise: string): number => {
    if (broken.length > 0) violations.push(`${broken.length} ${otherwise}, such as ${JSON.stringify(broken[0])}`);
    return broken.length;
  };
  const accountOf = new Map(asked.flatMap(({ account: name, urls }) => urls.map((url) => [url, name] as const)));
  const times = new Map(received.map(({ url, times: count }) => [url, count]));
  const states = new Map(items.map((item) => [item.url, item]));

  // A call whose answer was lost has a task or not; a refused call has none.
  const promised = asked.filter(({ answer }) => answer !== undefined && "taskId" in answer).flatMap(({ urls }) => urls);
  const refused = asked.filter(({ answer }) => answer !== undefined && "refusal" in answer).flatMap(({ urls }) => urls);
  const missing = promised.filter((url) => !states.has(url));
  const lost =
    demand(missing, "of tasks that are not there any more") +
    demand(
      items.filter(({ state }) => !finals.includes(state)),
      "without a final state",
    ) +
    demand(
      items.filter(({ state, url }) => state === "succeeded" && !times.has(url)),
      "called succeeded that no vendor received",
    );
  demand(
    refused.filter((url) => states.has(url)),
    "of refused calls that have a task",
  );
  demand(
    [...times.keys()].filter((url) => !states.has(url)),
    "received without a task",
  );
  const unsent = items.filter(
    ({ state, url }) => ["rejected", "cancelled", "put off"].includes(state) && times.has(url) && accountOf.get(url) !== "http",
  );
  demand(unsent, "received that are called not sent");
  const doubled = demand(
    received
      .filter(({ account: name, times: count }) => name !== "http" && count > 1)
      .map((row) => ({ ...row, state: states.get(row.url) })),
    "received more than once",
  );
  // The machine books on every day that its clock names, and the vendor may receive all of that on one day.
  const limits: Record<string, number> = {
    huawei: plan.budget * machineDays,
    alibaba: Math.min(plan.alibabaLimit, plan.budget * machineDays),
  };
  const overQuota = demand(
    [...days].filter(([day, units]) => units > (limits[day.split(" ")[0] ?? ""] ?? 0)),
    "days with more than the limit",
  );
  const limitMs = late.every(({ awaitsProof }) => awaitsProof) ? PROVEN_MS : SETTLED_MS;
  const unsettled = settledMs !== undefined && settledMs <= limitMs ? 0 : 1;
  if (unsettled > 0)
    violations.push(
      `settled after ${settledMs === undefined ? "never" : Math.round(settledMs)} ms: ${JSON.stringify(late)} ${traffic.join(", ")}`,
    );
  if (integrity !== "ok") violations.push(`the store is damaged: ${integrity}`);
  // Warnings are expected. A line that is not from the log is Node's report of a crash.
  demand(
    log.filter((line) => !/^\d \{"level":[1-4]0,/.test(line)),
    "lines in the log that are no warnings",
  );
  const odd = items.filter((item) => {
    const { state, code, url } = item;
    if (state === "untracked") return true;
    if (isEdgeFault(item)) return false;
    if (state === "unknown") return accountOf.get(url) !== "huawei";
    return state === "failed" || (state === "rejected" && !["quota_exhausted", "auth_failed"].includes(code));
  });
  demand(odd, "with an end that needs an explanation");
  return {
    urls: accountOf.size,
    received: times.size,
    lost,
    doubled,
    overQuota,
    unsettled,
    proven: unsettled === 0 && (settledMs ?? 0) > SETTLED_MS ? 1 : 0,
    failed: items.filter(isEdgeFault).length,
    unknown: items.filter(({ state }) => state === "unknown").length,
    rejected: new Map(
      [
        ...Map.groupBy(
          items.filter(({ state }) => state === "rejected"),
          ({ code }) => code,
        ),
      ].map(([code, all]) => [code, all.length]),
    ),
    violations,
  };
}
