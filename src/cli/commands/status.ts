/** `status`: one task, or the newest ones. */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Command, type CommandContext, follow, minutesFrom, runTaskTool, runTool, taskLines } from "./command.ts";
import { exitCodes } from "./definitions.ts";

const listed = z.object({
  tasks: z.array(z.object({ task_id: z.string(), state: z.string(), created_at: z.string(), total: z.number() })),
});

export const status: Command = async (context) => {
  const { operands, options, terminal, paint } = context;
  const [taskId, ...more] = operands;
  if (more.length > 0) throw new PrefetchError("invalid_argument", "status: several task ids were given", { hint: "Pass one." });
  if (taskId === undefined) return list(context);
  const task = await follow(context, await runTaskTool(context, "get_prefetch_status", { task_id: taskId }), minutesFrom(options, 0));
  terminal.result("task", task.all, () => taskLines(task, paint));
  return exitCodes.done;
};

async function list(context: CommandContext): Promise<number> {
  const all = await runTool(context, "list_prefetch_tasks", {});
  const { tasks } = listed.parse(all);
  context.terminal.result("tasks", all, () => {
    if (tasks.length === 0) return ["No task in the last 30 days."];
    return tasks.map(({ task_id: id, state, created_at: at, total }) => `${at}  ${id}  ${state.padEnd(9)} ${total} URLs or assets`);
  });
  return exitCodes.done;
}
