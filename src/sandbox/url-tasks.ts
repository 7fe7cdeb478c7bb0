/** The tasks of an emulated CDN: a row for each URL, which a task finishes one after the other. */

import { failsInSandbox } from "./outcomes.ts";
import type { WarmedUrls } from "./warmed-urls.ts";

export interface UrlTask<Type extends string> {
  /** Counts the rows, from 1. */
  readonly number: number;
  readonly taskId: string;
  readonly type: Type;
  readonly url: string;
  readonly at: number;
  readonly doneAt: number;
}

export interface UrlTasks<Type extends string> {
  /** In the order of acceptance. */
  readonly rows: readonly UrlTask<Type>[];
  /** The id of a new task for these URLs. */
  start(urls: readonly string[], type: Type): string;
  /** `begun` in the second half of the time that a task takes for its first URL. */
  stateOf(row: UrlTask<Type>): "waiting" | "begun" | "done" | "failed";
}

export interface UrlTaskOptions<Type extends string> {
  readonly now: () => number;
  readonly warmed: WarmedUrls;
  /** Milliseconds from acceptance to a task's first finished URL, and from each URL to the next. */
  readonly firstMs: number;
  readonly eachMs: number;
  /** The type that warms URLs. Every other one drops their copies. */
  readonly warms: Type;
  /** The id of a task by the number of tasks before it. */
  readonly idOf: (earlier: number, type: Type) => string;
}

export function createUrlTasks<Type extends string>(options: UrlTaskOptions<Type>): UrlTasks<Type> {
  const { now, warmed, firstMs, eachMs, warms, idOf } = options;
  const rows: UrlTask<Type>[] = [];
  let tasks = 0;
  return {
    rows,
    start: (urls, type) => {
      const taskId = idOf(tasks, type);
      tasks += 1;
      const at = now();
      for (const [position, url] of urls.entries()) {
        const doneAt = at + firstMs + position * eachMs;
        rows.push({ number: rows.length + 1, taskId, type, url, at, doneAt });
        if (type === warms) warmed.add(url, doneAt);
        else warmed.drop(url, doneAt);
      }
      return taskId;
    },
    stateOf: ({ url, doneAt }) => {
      const leftMs = doneAt - now();
      if (leftMs > firstMs / 2) return "waiting";
      if (leftMs > 0) return "begun";
      return failsInSandbox(url) ? "failed" : "done";
    },
  };
}
