/** Prefetches and purges of the emulated Alibaba Cloud: tasks, daily quotas and a queue for each domain. */

import { CHINA_UTC_OFFSET_HOURS, createDailyQuota, type DailyQuota } from "../limits.ts";
import { failsInSandbox } from "../outcomes.ts";
import type { WarmedUrls } from "../warmed-urls.ts";
import { createTaskIds } from "./task-ids.ts";

export interface TaskRow {
  readonly taskId: string;
  readonly url: string;
  readonly type: "preload" | "file";
  /** When the vendor accepts the URL, and when it finishes. */
  readonly at: number;
  readonly doneAt: number;
}

interface RowStatus {
  readonly status: "Pending" | "Refreshing" | "Complete" | "Failed";
  readonly process: string;
  readonly description: string;
}

interface TaskStoreOptions {
  readonly now: () => number;
  readonly warmed: WarmedUrls;
  readonly firstMs: number;
  readonly eachMs: number;
  readonly dailyLimit: number;
  readonly queueLimit: number;
  readonly refreshesPerDay: number;
}

interface AddOptions {
  readonly type: TaskRow["type"];
  readonly at: number;
  /** Whether URLs of one host and second share a task id. */
  readonly merge: boolean;
}

type Added = { readonly ok: true; readonly ids: readonly string[] } | { readonly ok: false; readonly problem: "quota" | "queue" };

export interface TaskStore {
  /** In the order of acceptance. */
  readonly rows: readonly TaskRow[];
  readonly quotas: Readonly<Record<TaskRow["type"], DailyQuota>>;
  /** Adds all of the URLs or none. */
  add(urls: readonly string[], options: AddOptions): Added;
  statusOf(row: TaskRow): RowStatus;
}

export function createTaskStore({ now, warmed, firstMs, eachMs, dailyLimit, queueLimit, refreshesPerDay }: TaskStoreOptions): TaskStore {
  const rows: TaskRow[] = [];
  const ids = createTaskIds();
  const quotas = {
    preload: createDailyQuota(dailyLimit, now, CHINA_UTC_OFFSET_HOURS),
    file: createDailyQuota(refreshesPerDay, now, CHINA_UTC_OFFSET_HOURS),
  };

  const fitsQueues = (urls: readonly string[]): boolean => {
    const waiting = Map.groupBy(
      rows.filter((row) => now() < row.doneAt),
      (row) => hostOf(row.url),
    );
    const counts = [...Map.groupBy(urls, hostOf)].map(([host, added]) => added.length + (waiting.get(host)?.length ?? 0));
    return counts.every((count) => count <= queueLimit);
  };

  return {
    rows,
    quotas,
    add: (urls, { type, at, merge }) => {
      if (!fitsQueues(urls)) return { ok: false, problem: "queue" };
      if (!quotas[type].take(urls.length)) return { ok: false, problem: "quota" };
      const added = urls.map((url, position): TaskRow => {
        const taskId = merge ? ids.merged(hostOf(url), at) : ids.next();
        return { taskId, url, type, at, doneAt: at + firstMs + position * eachMs };
      });
      rows.push(...added);
      for (const { url, doneAt } of added) {
        if (type === "preload") warmed.add(url, doneAt);
        else warmed.drop(url, doneAt);
      }
      return { ok: true, ids: [...new Set(added.map((row) => row.taskId))] };
    },
    statusOf: ({ url, doneAt }) => {
      const leftMs = doneAt - now();
      if (leftMs > firstMs / 2) return { status: "Pending", process: "0%", description: "" };
      if (leftMs > 0) return { status: "Refreshing", process: percentage(1 - leftMs / firstMs), description: "" };
      if (failsInSandbox(url)) return { status: "Failed", process: "100%", description: "Origin Return StatusCode 5XX" };
      return { status: "Complete", process: "100%", description: "" };
    },
  };
}

/** `50%` or `99.37%`: the vendor writes at most two decimals and no trailing zeros. */
function percentage(share: number): string {
  return `${Math.floor(10_000 * share) / 100}%`;
}

export function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? "";
}
