/**
 * What the emulated Alibaba Cloud keeps of prefetches and purges: tasks, the day's quotas and each domain's queue.
 * Source of how ids are given out, which the VOD pages leave open: https://www.alibabacloud.com/help/en/doc-detail/130636.html
 */

import { CHINA, createDailyQuota, type DailyQuota } from "../limits.ts";
import { failsInSandbox } from "../outcomes.ts";

export interface TaskRow {
  readonly taskId: string;
  readonly url: string;
  readonly type: "preload" | "file";
  /** When the URL was accepted, and when the vendor is through with it. */
  readonly at: number;
  readonly doneAt: number;
}

export interface RowStatus {
  readonly status: "Pending" | "Refreshing" | "Complete" | "Failed";
  readonly process: string;
  readonly description: string;
}

export interface TaskStoreOptions {
  readonly now: () => number;
  readonly firstMs: number;
  readonly eachMs: number;
  readonly dailyLimit: number;
  readonly queueLimit: number;
}

export type Taken = { readonly ok: true; readonly ids: readonly string[] } | { readonly ok: false; readonly problem: "quota" | "queue" };

export interface TaskStore {
  /** In the order of acceptance. */
  readonly rows: readonly TaskRow[];
  readonly quotas: Readonly<Record<TaskRow["type"], DailyQuota>>;
  /** All of the URLs or none. `merge`: URLs of one host accepted in one second share an id, else each has its own. */
  take(urls: readonly string[], how: { readonly type: TaskRow["type"]; readonly at: number; readonly merge: boolean }): Taken;
  statusOf(row: TaskRow): RowStatus;
  /** When the URL was brought to the CDN; `undefined` for never. */
  warmedAt(url: string): number | undefined;
}

/** Purges a day; no option, since nothing here is about purging. */
export const PURGES_PER_DAY = 2_000;
/** URLs of one host and second beyond this begin another id. */
const MOST_URLS_PER_ID = 500;
const FIRST_ID = 704_225_000;

export function createTaskStore({ now, firstMs, eachMs, dailyLimit, queueLimit }: TaskStoreOptions): TaskStore {
  const rows: TaskRow[] = [];
  const warmAt = new Map<string, number>();
  const quotas = { preload: createDailyQuota(dailyLimit, now, CHINA), file: createDailyQuota(PURGES_PER_DAY, now, CHINA) };
  /** The ids that the current second's URLs are merged under, by host. */
  const open = new Map<string, { second: number; id: string; urls: number }>();
  let ids = 0;

  const nextId = (): string => {
    ids += 1;
    return String(FIRST_ID + ids);
  };

  const mergedId = (host: string, at: number): string => {
    const second = Math.floor(at / 1_000);
    let group = open.get(host);
    if (group?.second !== second || group.urls >= MOST_URLS_PER_ID) {
      group = { second, id: nextId(), urls: 0 };
      open.set(host, group);
    }
    group.urls += 1;
    return group.id;
  };

  return {
    rows,
    quotas,
    take: (urls, { type, at, merge }) => {
      const waiting = Map.groupBy(
        rows.filter((row) => now() < row.doneAt),
        (row) => hostOf(row.url),
      );
      for (const [host, group] of Map.groupBy(urls, hostOf)) {
        if ((waiting.get(host)?.length ?? 0) + group.length > queueLimit) return { ok: false, problem: "queue" };
      }
      if (!quotas[type].take(urls.length)) return { ok: false, problem: "quota" };
      const taken = urls.map((url, position): TaskRow => {
        const taskId = merge ? mergedId(hostOf(url), at) : nextId();
        return { taskId, url, type, at, doneAt: at + firstMs + position * eachMs };
      });
      rows.push(...taken);
      for (const { url, doneAt } of taken) if (type === "preload" && !failsInSandbox(url)) warmAt.set(new URL(url).href, doneAt);
      return { ok: true, ids: [...new Set(taken.map((row) => row.taskId))] };
    },
    warmedAt: (url) => {
      const at = warmAt.get(url);
      return at !== undefined && at <= now() ? at : undefined;
    },
    statusOf: ({ url, doneAt }) => {
      const left = doneAt - now();
      if (left > firstMs / 2) return { status: "Pending", process: "0%", description: "" };
      // The vendor writes whole percentages without decimals, others with two.
      if (left > 0) return { status: "Refreshing", process: `${Math.floor(10_000 * (1 - left / firstMs)) / 100}%`, description: "" };
      if (failsInSandbox(url)) return { status: "Failed", process: "100%", description: "Origin Return StatusCode 5XX" };
      return { status: "Complete", process: "100%", description: "" };
    },
  };
}

export function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? "";
}
