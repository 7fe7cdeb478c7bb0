import { z } from "zod";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { taskHeadline } from "../headlines.ts";
import { required } from "../inputs.ts";
import { taskOutput, taskResult } from "../result.ts";

export function cancelPrefetch(deps: ToolDeps) {
  return defineTool(
    {
      name: "cancel_prefetch",
      title: "Cancel a prefetch task",
      description:
        "Use this to cancel a prefetch task: it drops the URLs not sent yet and frees their quota. Sent URLs cannot be recalled. Not for purging.",
      intent: "stop",
      input: { task_id: z.string(required("a task id, pf_…")).describe("Id from a prefetch tool (pf_…).") },
      output: taskOutput,
      corrections: { id: "use task_id", job_id: "use task_id" },
      headline: taskHeadline,
      handle: async (input, call) => taskResult(await deps.service.cancel(input.task_id, call)),
    },
    deps,
  );
}
