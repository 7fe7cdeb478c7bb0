/**
 * The methods of the Tasks extension. A task of the protocol is a stored task with the same id, so every tool takes it too.
 * Source: https://modelcontextprotocol.github.io/ext-tasks/specification/2026-07-28/tasks.html
 */

import {
  type McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { asPrefetchError, explain, PrefetchError } from "../base/errors.ts";
import type { CallContext } from "../prefetch/model/caller.ts";
import { isEnded } from "../prefetch/model/task.ts";
import { answerText } from "./answer-text.ts";
import { callContextOf } from "./call-context.ts";
import { type Principal, scopeFor } from "./caller.ts";
import type { ToolDeps } from "./define-tool.ts";
import { taskHeadline } from "./headlines.ts";
import type { Intent } from "./intent.ts";
import { declaresTasks, TASKS_EXTENSION, taskFacts } from "./protocol-task.ts";
import { taskResult } from "./result.ts";

/** What each method of the extension does, as a scope must allow it. */
export const taskIntents = { "tasks/get": "read", "tasks/cancel": "stop", "tasks/update": "stop" } as const satisfies Record<
  string,
  Intent
>;

/** Answers the methods of the extension. `tasks/update` has nothing to take, because a task asks nothing once it has begun. */
export function registerTasks(
  { server }: McpServer,
  { service, clock, notice, report }: Pick<ToolDeps, "service" | "clock" | "notice" | "report">,
  principal: Principal,
): void {
  const answer = async <Answer>(context: ServerContext, intent: Intent, ask: (call: CallContext) => Promise<Answer>): Promise<Answer> => {
    demandTasks(context);
    // Over HTTP the transport has refused the request already, with a challenge.
    if (!principal.may(intent)) {
      throw new ProtocolError(ProtocolErrorCode.InvalidRequest, `This token lacks the scope ${scopeFor(intent)}.`);
    }
    try {
      return await ask(callContextOf(context, principal, report));
    } catch (thrown) {
      if (!(thrown instanceof PrefetchError)) report(thrown, context.mcpReq.method);
      const error = asPrefetchError(thrown);
      const isMistake = error.code === "not_found" || error.code === "invalid_argument";
      throw new ProtocolError(isMistake ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError, explain(error));
    }
  };
  const statusOf = (taskId: string, call: CallContext) => service.status({ taskId, detail: "summary", waitSeconds: 0 }, call);

  server.setRequestHandler("tasks/get", follow, ({ taskId }, context) =>
    answer(context, taskIntents["tasks/get"], async (call) => {
      const view = await statusOf(taskId, call);
      const result = taskResult(view);
      const now = clock.now();
      const facts = taskFacts(result, { taskId, createdAt: view.createdAt ?? now, now });
      if (view.state === "cancelled") return { status: "cancelled", ...facts };
      if (!isEnded(view.state)) return { status: "working", ...facts };
      const structuredContent = { ...result, ...(notice !== undefined && { notice }) };
      const content = [{ type: "text", text: answerText(structuredContent, taskHeadline(result)) }];
      return { status: "completed", ...facts, result: { resultType: "complete", content, structuredContent } };
    }),
  );
  server.setRequestHandler("tasks/cancel", follow, ({ taskId }, context) =>
    answer(context, taskIntents["tasks/cancel"], async (call) => {
      await service.cancel(taskId, call);
      return {};
    }),
  );
  server.setRequestHandler("tasks/update", follow, ({ taskId }, context) =>
    answer(context, taskIntents["tasks/update"], async (call) => {
      await statusOf(taskId, call);
      return {};
    }),
  );
}

const follow = { params: z.looseObject({ taskId: z.string() }) };

function demandTasks(context: ServerContext): void {
  if (declaresTasks(context)) return;
  throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
}
