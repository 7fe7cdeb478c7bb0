import { z } from "zod";
import { providerShown, waitSeconds, wanted } from "../inputs.ts";
import { statusOutput, taskResult } from "../result.ts";
import { defineTool, type ToolDeps } from "../tool.ts";

export function getPrefetchStatus(deps: ToolDeps) {
  const { service, providers } = deps;
  return defineTool(
    {
      name: "get_prefetch_status",
      title: "Get prefetch status",
      description:
        "Use this to see how a prefetch task is doing, URL by URL if asked. Free of quota. Not for starting anything. Prefer wait_seconds to repeated calls.",
      intent: "read",
      input: {
        task_id: z.string(wanted("a task id, pf_…")).describe("Id from a prefetch tool (pf_…), or with provider the vendor's own task id."),
        provider: providerShown(providers.known),
        detail: z
          .enum(["summary", "problems", "all"], 'must be "summary", "problems" or "all"')
          .default("summary")
          .describe("summary: counts and the first 20 problems; problems, all: also items, in pages."),
        cursor: z.string("must be a string").optional().describe("next_cursor of the previous page."),
        wait_seconds: waitSeconds,
      },
      output: statusOutput,
      misnomers: { id: "use task_id", job_id: "use task_id", vendor: "use provider", page: "use cursor", timeout: "use wait_seconds" },
      handle: async (input, call) =>
        taskResult(
          await service.status(
            {
              taskId: input.task_id,
              provider: input.provider,
              detail: input.detail,
              cursor: input.cursor,
              waitSeconds: input.wait_seconds,
            },
            call,
          ),
        ),
    },
    deps,
  );
}
