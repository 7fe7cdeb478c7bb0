/** The parts that several calls build their answers with. */

import type { AwaitTask } from "./await-task.ts";
import type { Refresh } from "./refresh.ts";
import type { TaskViews } from "./task-view.ts";

export interface CallParts {
  readonly refresh: Refresh;
  readonly awaitTask: AwaitTask;
  readonly views: TaskViews;
}
