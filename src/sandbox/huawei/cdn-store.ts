/** The tasks of the emulated Huawei Cloud CDN, in the vendor's words. */

import { createUrlTasks, type UrlTask, type UrlTaskOptions, type UrlTasks } from "../url-tasks.ts";

type CdnTaskType = "PREHEATING" | "REFRESH";
export type CdnRow = UrlTask<CdnTaskType>;

export interface CdnStore extends Pick<UrlTasks<CdnTaskType>, "rows" | "start"> {
  /** The vendor's word for the state of a row. */
  stateOf(row: CdnRow): string;
}

const FIRST_TASK = 7_620_240;
const words = { PREHEATING: "preheating", REFRESH: "refreshing" } as const;

export function createCdnStore(options: Omit<UrlTaskOptions<CdnTaskType>, "warms" | "idOf">): CdnStore {
  const tasks = createUrlTasks<CdnTaskType>({ ...options, warms: "PREHEATING", idOf: (earlier) => String(FIRST_TASK + earlier) });
  return {
    ...tasks,
    stateOf: (row) => ({ waiting: "processing", begun: words[row.type], done: "succeed", failed: "failed" })[tasks.stateOf(row)],
  };
}
