import { z } from "zod";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { taskHeadline } from "../headlines.ts";
import { cursor, providerArgument, required, waitSeconds } from "../inputs.ts";
import { statusOutput, taskResult } from "../result.ts";

export function getPrefetchStatus(deps: ToolDeps) {
  const { service, providers } = deps;
  return defineTool(
    {
      name: "get_prefetch_status",
      title: "Get prefetch status",
      description:
        "Use this to see the progress of a prefetch task, on request URL by URL. Free of quota. Prefer wait_seconds to repeated calls.",
      intent: "read",
      view: true,
      input: {
        task_id: z
          .string(required("a task id, pf_…"))
          .describe("Id from a prefetch tool (pf_…), or with provider the vendor's own task id."),
        provider: providerArgument(providers.configured),
        detail: z
          .enum(["summary", "problems", "all"], 'must be "summary", "problems" or "all"')
          .default("summary")
          .describe("summary: counts and the first 20 problems; problems, all: also items, in pages."),
        cursor,
        wait_seconds: waitSeconds,
      },
      output: statusOutput,
      corrections: { id: "use task_id", job_id: "use task_id", vendor: "use provider", page: "use cursor", timeout: "use wait_seconds" },
      headline: taskHeadline,
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
