import { z } from "zod";
import { wanted } from "../inputs.ts";
import { taskOutput, taskResult } from "../result.ts";
import { defineTool, type ToolDeps } from "../tool.ts";

export function cancelPrefetch(deps: ToolDeps) {
  return defineTool(
    {
      name: "cancel_prefetch",
      title: "Cancel a prefetch task",
      description:
        "Use this to stop what a prefetch task has not sent yet; its quota is free again. What was sent cannot be taken back. Not for purging.",
      intent: "stop",
      input: { task_id: z.string(wanted("a task id, pf_…")).describe("Id from a prefetch tool (pf_…).") },
      output: taskOutput,
      misnomers: { id: "use task_id", job_id: "use task_id" },
      handle: async (input, call) => taskResult(await deps.service.cancel(input.task_id, call)),
    },
    deps,
  );
}
