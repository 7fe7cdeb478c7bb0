/**
 * Makes a tool from its definition: schemas beside the handler, MCP annotations from one intent, and one place where errors become
 * results. Handlers take parsed arguments and return plain objects, so they need no knowledge of MCP.
 */

import {
  type CallToolResult,
  type InputRequiredResult,
  type McpServer,
  requireScopes,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Breathe } from "../base/breathe.ts";
import type { Clock } from "../base/clock.ts";
import { asPrefetchError, PrefetchError } from "../base/errors.ts";
import type { ForeignText } from "../base/foreign-text.ts";
import type { PrefetchService } from "../prefetch/calls/service.ts";
import type { CallContext } from "../prefetch/model/caller.ts";
import type { ProviderDirectory } from "../prefetch/model/provider-directory.ts";
import type { Observer } from "../telemetry/observer.ts";
import { answerText } from "./answer-text.ts";
import { type Corrections, parseArguments } from "./arguments.ts";
import { callContextOf } from "./call-context.ts";
import { type Principal, scopeFor } from "./caller.ts";
import type { Confirmations } from "./confirmations.ts";
import { failureResult, isCancellation } from "./failure.ts";
import type { Intent } from "./intent.ts";
import { createdTask, declaresTasks, type StartedTask } from "./protocol-task.ts";
import { publishedInput, publishedOutput } from "./published-schema.ts";
import { refuseSecrets } from "./secret-arguments.ts";
import { VIEW_URI } from "./view-page.ts";

export interface ToolDeps {
  readonly service: PrefetchService;
  readonly providers: Pick<ProviderDirectory, "known" | "configured" | "fallbacks" | "refreshing" | "assetTakers" | "purposes" | "routes">;
  /** Part of every result. In the sandbox it says that no real CDN is touched. */
  readonly notice: string | undefined;
  readonly clock: Pick<Clock, "now">;
  /** Asks the user before a large call is sent. */
  readonly confirmations: Confirmations;
  readonly report: (error: unknown, about: string) => void;
  readonly observer: Observer;
  readonly foreign: ForeignText;
  readonly breathe: Breathe;
}

type Shape = Readonly<Record<string, z.ZodType>>;

export interface ToolDefinition<Input extends Shape, Output extends Shape> {
  readonly name: string;
  readonly title: string;
  /** Models read it in every conversation: purpose first, then when not to use the tool, then its cost. */
  readonly description: string;
  readonly intent: Intent;
  /** The task that the call has started, where it goes on after the answer. */
  readonly started?: (result: z.input<z.ZodObject<Output>>) => StartedTask;
  /** The tool can drop copies from caches, which hosts ask the user about. */
  readonly isDestructive?: boolean;
  readonly input: Input;
  /** Hosts with MCP Apps show the answer in the view of a task. */
  readonly view?: boolean;
  /** Arguments that the tool accepts but does not publish in its schema. */
  readonly hidden?: readonly string[];
  /** A list: the call rejects each entry that holds a secret. A secret in any other argument fails the call. */
  readonly sifted?: keyof Input & string;
  readonly output: Output;
  readonly corrections: Corrections;
  /** The outcome in a few words, such as "partial: 3 succeeded, 1 failed." */
  readonly headline?: (result: z.input<z.ZodObject<Output>>) => string | undefined;
  readonly handle: (input: z.infer<z.ZodObject<Input>>, call: CallContext) => Promise<z.input<z.ZodObject<Output>>>;
}

/** The structured result of a tool, as its output schema describes it. */
export type ToolResult = Readonly<Record<string, unknown>>;

export interface Tool {
  readonly name: string;
  readonly intent: Intent;
  /** The same call without MCP, for the shell. Throws what the handler throws. */
  run(args: unknown, call: CallContext): Promise<ToolResult>;
  register(server: McpServer, principal: Principal): void;
}

/** Converts the schemas once; a server is registered once per HTTP request. */
export function defineTool<Input extends Shape, Output extends Shape>(
  definition: ToolDefinition<Input, Output>,
  { notice, clock, confirmations, report, observer, foreign, breathe }: Omit<ToolDeps, "service" | "providers">,
): Tool {
  const { name, title, description, intent, corrections, sifted, headline, handle } = definition;
  const input = z.strictObject(definition.input);
  const output = z.object({ ...definition.output, notice: z.string().optional() });
  const inputSchema = publishedInput(definition.input, definition.hidden);
  const outputSchema = publishedOutput(output);
  const annotations = {
    readOnlyHint: intent === "read",
    destructiveHint: definition.isDestructive ?? false,
    // The guard against recent repeats keeps a repeated call from spending twice.
    idempotentHint: true,
    openWorldHint: true,
  };

  const answer = async (args: unknown, call: CallContext) => {
    await refuseSecrets(args, { holdsSecret: foreign.holdsSecret, breathe, sifted });
    const result = await handle(parseArguments(name, input, corrections, args), call);
    return {
      headline: headline?.(result),
      started: definition.started?.(result),
      structured: output.parse({ ...result, ...(notice !== undefined && { notice }) }),
    };
  };

  const call = async (
    args: unknown,
    context: ServerContext,
    server: McpServer,
    principal: Principal,
  ): Promise<CallToolResult | InputRequiredResult> => {
    const startedAt = performance.now();
    const observe = (outcome: string) => observer.toolCalled(name, outcome, (performance.now() - startedAt) / 1_000);
    try {
      const answered = await confirmations.during(context, server, (fromUser) =>
        answer(args, { ...callContextOf(context, principal, report), ...fromUser }),
      );
      if (answered.kind === "question") {
        observe("asked");
        return answered.question;
      }
      const { headline: outcome, started, structured } = answered.answer;
      observe("ok");
      const result = { content: [{ type: "text" as const, text: answerText(structured, outcome) }], structuredContent: structured };
      return started && declaresTasks(context) ? { ...result, ...createdTask(started, clock.now()) } : result;
    } catch (thrown) {
      const error = errorOf(thrown, context.mcpReq.signal, (bug) => report(bug, `the tool ${name}`));
      observe(error.code);
      return failureResult(error, notice);
    }
  };
  const scopeChallenge = requireScopes(scopeFor(intent));

  return {
    name,
    intent,
    run: async (args, call) => (await answer(args, call)).structured,
    register: (server, principal) => {
      // The SDK answers a call without the scope itself, with a challenge that names the missing scope.
      const guard = principal.may(intent) ? {} : { scopeChallenge };
      const link = definition.view ? { _meta: { ui: { resourceUri: VIEW_URI } } } : {};
      server.registerTool(name, { title, description, inputSchema, outputSchema, annotations, ...link, ...guard }, (args, context) =>
        call(args, context, server, principal),
      );
    },
  };
}

function errorOf(thrown: unknown, signal: AbortSignal, reportBug: (bug: unknown) => void): PrefetchError {
  if (isCancellation(thrown, signal)) return new PrefetchError("cancelled", "The client cancelled the call");
  if (!(thrown instanceof PrefetchError)) reportBug(thrown);
  return asPrefetchError(thrown);
}
