/** The URLs of a task that were not prefetched. */

import { type ItemRow, taskAnswer } from "../answers/task.ts";
import type { ToolResult } from "../answers/tool-result.ts";

export function isFailed({ state }: Pick<ItemRow, "state">): boolean {
  return state === "failed" || state === "rejected";
}

/** Reads every page of the task's problems. Throws when the host or the server refuses a page. */
export async function failedUrls(call: (tool: string, args: object) => Promise<ToolResult>, taskId: string): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const { isError, text, fields } = await call("get_prefetch_status", { task_id: taskId, detail: "problems", ...(cursor && { cursor }) });
    const answer = taskAnswer(fields);
    if (isError || !answer) throw new Error(text);
    found.push(...(answer.items ?? []).filter(isFailed).map(({ name }) => name));
    cursor = answer.nextCursor;
  } while (cursor !== undefined);
  return found;
}
