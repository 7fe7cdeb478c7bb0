/** A stored task as the Tasks extension shows it to clients that declare the extension. */

import { CLIENT_CAPABILITIES_META_KEY, type ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { isoTime } from "../base/iso-time.ts";
import { isEnded, KEPT_MS } from "../prefetch/model/task.ts";
import { taskHeadline } from "./headlines.ts";
import type { taskResult } from "./result.ts";

export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/** Clients ask this often. More often asks vendors no more often, because look-ups are cached; less often delays the result. */
const POLL_MS = 5_000;
/** Of a task whose rest waits for a later day. */
const SCHEDULED_POLL_MS = 600_000;

const declaration = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({ extensions: z.object({ [TASKS_EXTENSION]: z.object({}) }) }),
});

export function declaresTasks({ mcpReq }: ServerContext): boolean {
  return declaration.safeParse(mcpReq.envelope).success;
}

type Result = Pick<ReturnType<typeof taskResult>, "state" | "counts">;

/** The result of a call that may have started a task. */
export interface StartedTask extends Result {
  readonly task_id?: string | undefined;
  readonly skipped_recent: number;
}

/**
 * The fields that turn the answer of a call into a task of the protocol. They stand beside the answer's own content, because only that
 * names the unusable URLs at once. `undefined` for a dry run, for a task that has ended, and for a list that earlier tasks hold in part:
 * such a list goes on when the new task has ended.
 */
export function createdTask({ task_id: taskId, skipped_recent: held, ...result }: StartedTask, now: number) {
  if (taskId === undefined || held > 0 || isEnded(result.state)) return undefined;
  return { resultType: "task", status: "working", ...taskFacts(result, { taskId, createdAt: now, now }) };
}

interface Stored {
  readonly taskId: string;
  /** Milliseconds since the epoch, as is `now`. */
  readonly createdAt: number;
  readonly now: number;
}

/** What a task shows in every state. */
export function taskFacts(result: Result, { taskId, createdAt, now }: Stored) {
  return {
    taskId,
    statusMessage: taskHeadline(result),
    createdAt: isoTime(createdAt),
    lastUpdatedAt: isoTime(now),
    ttlMs: KEPT_MS,
    pollIntervalMs: result.state === "scheduled" ? SCHEDULED_POLL_MS : POLL_MS,
  };
}
