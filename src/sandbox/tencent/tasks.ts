/** Prefetches and refreshes of an emulated product of Tencent Cloud: a row for each URL. */

import { failsInSandbox } from "../outcomes.ts";
import type { WarmedUrls } from "../warmed-urls.ts";

export interface TaskRow {
  readonly taskId: string;
  readonly kind: "prefetch" | "purge";
  readonly url: string;
  /** The area or zone that the task is for. */
  readonly place: string;
  readonly at: number;
  readonly doneAt: number;
}

interface TaskStoreOptions {
  readonly now: () => number;
  readonly warmed: WarmedUrls;
  readonly firstMs: number;
  readonly eachMs: number;
  readonly idOf: (count: number) => string;
}

export interface TaskStore {
  /** In the order of acceptance. */
  readonly rows: readonly TaskRow[];
  /** The id of a new task for these URLs. */
  start(urls: readonly string[], kind: TaskRow["kind"], place: string): string;
  stateOf(row: TaskRow): { readonly state: "running" | "done" | "failed"; readonly percent: number };
}

export function createTaskStore({ now, warmed, firstMs, eachMs, idOf }: TaskStoreOptions): TaskStore {
  const rows: TaskRow[] = [];
  let tasks = 0;
  return {
    rows,
    start: (urls, kind, place) => {
      const taskId = idOf(tasks);
      tasks += 1;
      const at = now();
      for (const [position, url] of urls.entries()) {
        const doneAt = at + firstMs + position * eachMs;
        rows.push({ taskId, kind, url, place, at, doneAt });
        if (kind === "prefetch") warmed.add(url, doneAt);
        else warmed.drop(url, doneAt);
      }
      return taskId;
    },
    stateOf: ({ url, at, doneAt }) => {
      if (now() < doneAt) return { state: "running", percent: Math.floor((100 * (now() - at)) / (doneAt - at)) };
      return { state: failsInSandbox(url) ? "failed" : "done", percent: 100 };
    },
  };
}

export function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? "";
}
