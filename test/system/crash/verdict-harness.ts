/** Compares the final states of tasks, the store and the ledger with the vendor's own record. */

import { vendorDay } from "../../../src/prefetch/model/vendor-day.ts";
import { type Session, type TaskAnswer, taskOf, usedOf } from "../harness/clients-harness.ts";
import { batchStates, integrityOf, ledgerOf } from "../harness/store-file-harness.ts";
import { HORIZON_MS, type Scene, until, ZONE } from "./scene-harness.ts";
import type { Vendor } from "./vendors-harness.ts";

/**
 * Requests that may be in flight at midnight. The ledger books them on the old day and the vendor on the new one, so the
 * vendor refuses as many requests of the new day.
 */
const OVER_MIDNIGHT = 4;

export interface Ending {
  readonly tasks: readonly TaskAnswer[];
  /** The state of every URL of the tasks. */
  readonly states: ReadonlyMap<string, string>;
  /** Units used according to the quota tool, on the vendor's day `day`. */
  readonly used: number;
  readonly day: string;
}

export async function endingOf({ now }: Scene, session: Session, taskIds: readonly string[]): Promise<Ending> {
  const tasks: TaskAnswer[] = [];
  const states = new Map<string, string>();
  for (const id of taskIds) {
    await until("the vendor to be through with a task", async () => {
      const task = taskOf(await session.call("get_prefetch_status", { task_id: id, wait_seconds: 50 }));
      if (task.counts.processing === 0) tasks.push(task);
      return task.counts.processing === 0;
    });
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const page = taskOf(await session.call("get_prefetch_status", { task_id: id, detail: "all", ...(cursor && { cursor }) }));
      for (const row of page.items ?? []) {
        // A URL that is over one task's quota may be sent by another task.
        if (row.url !== undefined && (states.get(row.url) ?? "over quota") === "over quota") states.set(row.url, stateOf(row));
      }
      cursor = page.next_cursor;
    }
  }
  const [used = Number.NaN] = usedOf(await session.call("get_prefetch_quota"));
  return { tasks, states, used, day: vendorDay(now(), ZONE) };
}

function stateOf({ state, code, not_before: notBefore }: NonNullable<TaskAnswer["items"]>[number]): string {
  if (state === "rejected" && code === "quota_exhausted") return "over quota";
  return state === "queued" && notBefore !== undefined ? "put off" : state;
}

export interface Figures {
  readonly urls: number;
  readonly receivedOnce: number;
  readonly resent: number;
  readonly unknown: number;
  /** Unknown URLs that did reach the vendor. */
  readonly unknownReceived: number;
  readonly overQuota: number;
  readonly cancelled: number;
  /** URLs that wait for a day after the end of the test. */
  readonly putOff: number;
  readonly leftovers: number;
  /** Requests that the vendor throttled. */
  readonly throttled: number;
  /** Days on which the vendor received more than its limit. */
  readonly exceeded: number;
}

export interface Verdict {
  readonly figures: Figures;
  readonly violations: readonly string[];
}

/** Compares tasks and store with the vendor's record. `calls` holds the URLs of all calls, one after the other. */
export function judge({ vendor, store, log, now }: Scene, calls: readonly string[], { tasks, states, used, day }: Ending): Verdict {
  const asked = [...new Set(calls)];
  const violations: string[] = [];
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) violations.push(otherwise);
  };
  const seen = vendor.seen();
  const times = countOf(seen.flatMap((request) => request.accepted));
  const stateOfUrl = (url: string) => states.get(url) ?? "not reported";
  const having = (state: string) => asked.filter((url) => stateOfUrl(url) === state);
  const received = (urls: readonly string[]) => urls.filter((url) => times.has(url));

  const resent = [...times].filter(([, count]) => count > 1).map(([url]) => url);
  demand(resent.length === 0, `${resent.length} received more than once, such as ${resent[0]} (${stateOfUrl(resent[0] ?? "")})`);
  const wanted = new Set(asked);
  const foreign = [...times.keys()].filter((url) => !wanted.has(url));
  demand(foreign.length === 0, `${foreign.length} received without a call, such as ${foreign[0]}`);

  const done = having("succeeded");
  const missing = done.filter((url) => !times.has(url));
  demand(missing.length === 0, `${missing.length} called succeeded that never were received, such as ${missing[0]}`);
  const unknown = having("unknown");
  const overQuota = having("over quota");
  const cancelled = having("cancelled");
  const putOff = having("put off");
  const unsent = received([...overQuota, ...cancelled, ...putOff]);
  demand(unsent.length === 0, `${unsent.length} received that are called ${stateOfUrl(unsent[0] ?? "")}, such as ${unsent[0]}`);
  const accounted = ["succeeded", "unknown", "over quota", "cancelled", "put off"];
  const rest = countOf(asked.map(stateOfUrl).filter((state) => !accounted.includes(state)));
  demand(rest.size === 0, `items are ${[...rest].map(([state, count]) => `${count} ${state}`).join(", ")}`);

  const counted = tasks.reduce((sum, task) => sum + task.counts.total + task.skipped_recent, 0);
  demand(counted === calls.length, `counts add up to ${counted}, not to ${calls.length}`);
  const open =
    tasks.reduce((sum, task) => sum + task.counts.queued + (task.counts.deferred ?? 0) + task.counts.processing, 0) - putOff.length;
  const batches = batchStates(store, now() + HORIZON_MS);
  batches.delete("ended");
  demand(batches.size === 0, `batches are ${[...batches].map(([state, count]) => `${count} ${state}`).join(", ")}`);

  // Units planned for a day are spent on that day, whether or not the vendor received the URLs.
  const spent = asked.length - overQuota.length - cancelled.length;
  const ledger = ledgerOf(store);
  const booked = [...ledger.values()].reduce((sum, units) => sum + units, 0);
  const atVendor = received(asked).length;
  const nowhere = unknown.length - received(unknown).length;
  demand(booked === spent, `the ledger has ${booked}, although ${spent} were sent or are unknown`);
  demand(
    booked === atVendor + nowhere + putOff.length,
    `the ledger has ${booked}, the vendor ${atVendor}, ${nowhere} got lost, ${putOff.length} wait`,
  );
  const days = countOf(seen.flatMap((request) => request.accepted.map(() => vendorDay(request.at, ZONE))));
  // The vendor's own count lacks requests that never arrived.
  const today = (vendor.traceable ? days : ledger).get(day) ?? 0;
  demand(used === today, `the quota tool says ${used}, not ${today}`);
  const exceeded = [...days].filter(([, units]) => units > vendor.limit).length;
  demand(exceeded === 0, `more than the limit of ${vendor.limit} was received on a day`);
  // Where the vendor counts, requests that never arrived leave room for more.
  const overbooked = [...ledger].filter(([, units]) => units > vendor.limit && !vendor.traceable);
  demand(overbooked.length === 0, `more than the limit is booked: ${overbooked.join("; ")}`);
  const refusals = countOf(seen.filter(({ status }) => status >= 300).map(({ status }) => status));
  const late = ledger.size > 1 ? (refusals.get(vendor.quotaStatus) ?? 0) : 0;
  if (late > 0 && late <= OVER_MIDNIGHT) refusals.delete(vendor.quotaStatus);
  demand(refusals.size === 0, `refused: ${[...refusals].map(([status, count]) => `${count} times ${status}`).join(", ")}`);
  const integrity = integrityOf(store);
  demand(integrity === "ok", `the store is damaged: ${integrity}`);
  // Warnings are expected. A line that is not from the log is Node's report of a crash.
  const bugs = log.filter((line) => !/^\{"level":[1-4]0,/.test(line));
  demand(bugs.length === 0, `logged: ${bugs.slice(0, 3).join("\n")}`);

  return {
    figures: {
      urls: asked.length,
      receivedOnce: [...times.values()].filter((count) => count === 1).length,
      resent: resent.length,
      unknown: unknown.length,
      unknownReceived: received(unknown).length,
      overQuota: overQuota.length,
      cancelled: cancelled.length,
      putOff: putOff.length,
      leftovers: open,
      throttled: refusals.get(429) ?? 0,
      exceeded,
    },
    violations,
  };
}

/** The most counted requests in any period of one minute. */
export function busiestMinute(vendor: Vendor): number {
  const at = vendor
    .seen()
    .filter((request) => request.counted)
    .map((request) => request.at)
    .sort((a, b) => a - b);
  return Math.max(0, ...at.map((end, last) => at.slice(0, last + 1).filter((time) => time > end - 60_000).length));
}

function countOf<Value>(values: readonly Value[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
