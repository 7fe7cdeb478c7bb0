/** The tasks of the emulated Huawei Cloud CDN: a row for each URL. */

import { failsInSandbox } from "../outcomes.ts";
import type { WarmedUrls } from "../warmed-urls.ts";

export interface CdnRow {
  readonly id: number;
  readonly taskId: string;
  readonly type: "PREHEATING" | "REFRESH";
  readonly url: string;
  readonly at: number;
  readonly doneAt: number;
}

interface CdnStoreOptions {
  readonly now: () => number;
  readonly warmed: WarmedUrls;
  readonly firstMs: number;
  readonly eachMs: number;
}

export interface CdnStore {
  /** In the order of acceptance. */
  readonly rows: readonly CdnRow[];
  /** The id of a new task for these URLs. */
  start(urls: readonly string[], type: CdnRow["type"]): string;
  /** The vendor's word for the state of a row. */
  stateOf(row: CdnRow): string;
}

const FIRST_TASK = 7_620_240;

export function createCdnStore({ now, warmed, firstMs, eachMs }: CdnStoreOptions): CdnStore {
  const rows: CdnRow[] = [];
  let tasks = 0;
  return {
    rows,
    start: (urls, type) => {
      const taskId = String(FIRST_TASK + tasks);
      tasks += 1;
      const at = now();
      for (const [position, url] of urls.entries()) {
        const doneAt = at + firstMs + position * eachMs;
        rows.push({ id: rows.length + 1, taskId, type, url, at, doneAt });
        if (type === "PREHEATING") warmed.add(url, doneAt);
        else warmed.drop(url, doneAt);
      }
      return taskId;
    },
    stateOf: ({ url, doneAt, type }) => {
      const leftMs = doneAt - now();
      if (leftMs > firstMs / 2) return "processing";
      if (leftMs > 0) return type === "PREHEATING" ? "preheating" : "refreshing";
      return failsInSandbox(url) ? "failed" : "succeed";
    },
  };
}
