import { z } from "zod";
import { taskStates, totalOf } from "../../prefetch/model/task.ts";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { cursor, lenientNumber, providerArgument } from "../inputs.ts";

const MOST = 50;
const bounds = `must be 1 to ${MOST}`;

export function listPrefetchTasks(deps: ToolDeps) {
  return defineTool(
    {
      name: "list_prefetch_tasks",
      title: "List prefetch tasks",
      description:
        "Use this to find prefetch tasks of the last 30 days, newest first, such as one with a lost id. Free. Shows stored states; get_prefetch_status asks the vendor.",
      intent: "read",
      input: {
        provider: providerArgument(deps.providers.known),
        state: z
          .enum(taskStates, `must be one of ${taskStates.join(", ")}`)
          .optional()
          .describe("Only tasks in this state. Lists call scheduled tasks queued or running."),
        limit: lenientNumber(z.int(bounds).min(1, bounds).max(MOST, bounds).default(20)).describe(`1 to ${MOST}.`),
        cursor,
      },
      output: {
        tasks: z.array(
          z.object({
            task_id: z.string(),
            tenant: z.string().optional(),
            provider: z.string(),
            state: z.enum(taskStates),
            created_at: z.string(),
            total: z.number(),
            succeeded: z.number(),
            failed: z.number(),
            rejected: z.number(),
          }),
        ),
        next_cursor: z.string().optional(),
      },
      corrections: { status: "use state", page: "use cursor", count: "use limit", vendor: "use provider" },
      handle: async (input, call) => {
        const { tasks, nextCursor } = await deps.service.list(input, call);
        return {
          tasks: tasks.map(({ taskId, tenant, provider, state, createdAt, counts }) => ({
            task_id: taskId,
            ...(tenant !== undefined && { tenant }),
            provider,
            state,
            created_at: new Date(createdAt).toISOString(),
            total: totalOf(counts),
            succeeded: counts.succeeded,
            failed: counts.failed,
            rejected: counts.rejected,
          })),
          ...(nextCursor !== undefined && { next_cursor: nextCursor }),
        };
      },
    },
    deps,
  );
}
