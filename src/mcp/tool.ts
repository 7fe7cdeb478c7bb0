/**
 * How a tool is made: its schema beside its handler, its MCP annotations from one statement of intent, and one place
 * where errors become answers. Handlers take parsed arguments and return plain objects; they know nothing of MCP.
 */

import {
  type CallToolResult,
  type McpServer,
  requireScopes,
  type ServerContext,
  type StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { asPrefetchError, explain, PrefetchError } from "../base/errors.ts";
import type { PrefetchService } from "../prefetch/calls/service.ts";
import type { CallContext } from "../prefetch/model/caller.ts";
import type { Observer } from "../telemetry/observer.ts";
import { callOf } from "./call.ts";
import type { Principal } from "./caller.ts";
import type { Intent } from "./intent.ts";

export interface ToolDeps {
  readonly service: PrefetchService;
  readonly providers: { readonly known: readonly string[]; readonly configured: readonly string[] };
  /** Said with every answer; the sandbox says here that no real CDN is touched. */
  readonly notice: string | undefined;
  readonly report: (error: unknown, about: string) => void;
  readonly observer: Observer;
}

type Shape = Readonly<Record<string, z.ZodType>>;

export interface ToolDefinition<Input extends Shape, Output extends Shape> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly intent: Intent;
  readonly input: Input;
  /** Arguments that are accepted but not shown in the schema. */
  readonly hidden?: readonly string[];
  readonly output: Output;
  /** Names that callers are known to use for an argument, or for another tool's. */
  readonly misnomers: Readonly<Record<string, string>>;
  readonly handle: (input: z.infer<z.ZodObject<Input>>, call: CallContext) => Promise<z.input<z.ZodObject<Output>>>;
}

export interface Tool {
  readonly intent: Intent;
  register(server: McpServer, principal: Principal): void;
}

/** Joins a definition with the boundary. Schemas are converted once, not at every listing. */
export function defineTool<Input extends Shape, Output extends Shape>(
  definition: ToolDefinition<Input, Output>,
  { notice, report, observer }: Pick<ToolDeps, "notice" | "report" | "observer">,
): Tool {
  const { name, title, description, intent, handle } = definition;
  const input = z.strictObject(definition.input);
  const output = z.object({ ...definition.output, notice: z.string().optional() });
  const hidden = new Set(definition.hidden);
  const shown = z.strictObject(Object.fromEntries(Object.entries(definition.input).filter(([key]) => !hidden.has(key))));
  const inputSchema = published<unknown>(jsonSchema(shown, "input"), (value) => ({ value }));
  const outputSchema = published(jsonSchema(output, "output"), output["~standard"].validate);
  const annotations = {
    readOnlyHint: intent === "read",
    destructiveHint: false,
    // Spending twice on the same input is prevented by the guard against recent repeats.
    idempotentHint: true,
    openWorldHint: true,
  };

  const call = async (args: unknown, context: ServerContext, principal: Principal): Promise<CallToolResult> => {
    const begun = performance.now();
    const observed = (outcome: string) => observer.toolCalled(name, outcome, (performance.now() - begun) / 1_000);
    try {
      const result = await handle(parseArguments(definition, input, args), callOf(context, principal, report));
      const structured = output.parse({ ...result, ...(notice !== undefined && { notice }) });
      observed("ok");
      return { content: [{ type: "text", text: JSON.stringify(structured) }], structuredContent: structured };
    } catch (error) {
      const cancelled = isAbort(error, context.mcpReq.signal);
      if (!(error instanceof PrefetchError) && !cancelled) report(error, `the tool ${name}`);
      const known = cancelled ? new PrefetchError("cancelled", "The call was cancelled") : asPrefetchError(error);
      observed(known.code);
      return failure(known, notice);
    }
  };
  const scopeChallenge = requireScopes(intent === "read" ? "prefetch:read" : "prefetch:write");

  return {
    intent,
    register: (server, principal) => {
      // Whoever may not use it is told so before the call, with the scope that is missing.
      const guard = principal.may(intent) ? {} : { scopeChallenge };
      server.registerTool(name, { title, description, inputSchema, outputSchema, annotations, ...guard }, (args, context) =>
        call(args, context, principal),
      );
    },
  };
}

function failure(known: PrefetchError, notice: string | undefined): CallToolResult {
  const retry = known.retryable ? "Calling again may help." : "Calling again unchanged will not help.";
  const lines = [`${known.code}: ${explain(known)}`, retry, notice].filter((line) => line !== undefined);
  return { isError: true, content: [{ type: "text", text: lines.join("\n") }] };
}

/** A client that goes away is a reason of its own, which has another name. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return (signal.aborted && error === signal.reason) || (error instanceof Error && error.name === "AbortError");
}

function parseArguments<Input extends Shape>(
  { name, misnomers, input: shape }: Pick<ToolDefinition<Input, Shape>, "name" | "misnomers" | "input">,
  schema: z.ZodObject<Input>,
  args: unknown,
): z.infer<z.ZodObject<Input>> {
  const parsed = schema.safeParse(args ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 5).map((issue) => {
    if (issue.code !== "unrecognized_keys") return `${issue.path.join(".") || "arguments"}: ${issue.message}`;
    return issue.keys.map((key) => `${key}: ${name} has no such argument; ${suggestion(key, Object.keys(shape), misnomers)}`).join("; ");
  });
  // A misspelt name explains the argument that is then missing.
  problems.sort((a, b) => Number(b.includes("no such argument")) - Number(a.includes("no such argument")));
  throw new PrefetchError("invalid_argument", problems.join("; "), { hint: "Nothing was done. Correct the arguments and call again." });
}

function suggestion(key: string, names: readonly string[], misnomers: Readonly<Record<string, string>>): string {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z]/g, "")
      .replace(/s$/, "");
  const wanted = plain(key);
  const same =
    names.find((name) => plain(name) === wanted) ?? names.find((name) => plain(name).includes(wanted) || wanted.includes(plain(name)));
  const known = Object.entries(misnomers).find(([misnomer]) => plain(misnomer) === wanted)?.[1];
  if (known) return known;
  return same ? `use ${same}` : `it takes ${names.join(", ")}`;
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    // Results are parsed before they leave, so promising clients a closed object would only cost tokens.
    override: ({ jsonSchema }) => {
      if (io === "output") delete jsonSchema.additionalProperties;
    },
  });
  return json;
}

function published<Value>(
  json: Record<string, unknown>,
  validate: (value: unknown) => { readonly value: Value } | ReturnType<StandardSchemaWithJSON["~standard"]["validate"]>,
): StandardSchemaWithJSON {
  return {
    "~standard": { version: 1, vendor: "cdn-prefetch-mcp", validate, jsonSchema: { input: () => json, output: () => json } },
  };
}
