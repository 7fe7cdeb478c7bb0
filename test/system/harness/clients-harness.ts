/** The built server, as a child process or over HTTP, driven by the official MCP clients of both generations. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ElicitResult,
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttpTransport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyHttpTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { quotaSchema, sitemapsOutput, spendOutput, statusOutput } from "../../../src/mcp/result.ts";
import { isEnded } from "../../../src/prefetch/model/task.ts";
import type { AlibabaVodEmulator } from "../../../src/sandbox/alibaba/vod.ts";
import type { HuaweiVodEmulator } from "../../../src/sandbox/huawei/vod.ts";

export const bin = join(import.meta.dirname, "../../../dist/main.js");

export type Arguments = Record<string, unknown>;

export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: unknown;
}

export interface Session {
  readonly generation: string;
  readonly pid: number | null;
  instructions(): string | undefined;
  tools(): Promise<readonly { readonly name: string; readonly description?: string | undefined }[]>;
  call(name: string, args?: Arguments, options?: CallOptions): Promise<ToolAnswer>;
  read(uri: string): Promise<string>;
  resources(): Promise<string[]>;
  /** The completions for a variable of a resource template. */
  complete(template: string, variable: string, typed: string): Promise<string[]>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: number, total: number | undefined) => void;
}

export interface ServerOptions {
  /** The file to run. Default: the built server. */
  readonly entry?: string;
  /** The program that runs, instead of this Node.js with `entry`: a name from PATH or a path, and its first arguments. */
  readonly program?: readonly [name: string, ...args: string[]];
  readonly cwd?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onStderr?: (text: string) => void;
  /** Answers the server's questions. Without it the client declares that it cannot be asked. */
  readonly answer?: Answer;
}

/** A user's answer to the text of a question. */
export type Answer = (question: string) => ElicitResult | Promise<ElicitResult>;

/** Servers that start from compiled code need a quarter less of the processor for it. */
export const compileCache = { NODE_COMPILE_CACHE: join(import.meta.dirname, "../../../node_modules/.cache/compiled-servers") };

/**
 * V8 gets as many threads as the machine has processors for, and not the usual four. A start so costs a tenth less.
 * Source: https://nodejs.org/api/cli.html#--v8-pool-sizenum
 */
const fewThreads = { NODE_OPTIONS: "--v8-pool-size=0" };

/** Servers of most tests send large lists unasked. `process/confirm.test.ts` tests the question. */
export const unasked = { PREFETCH_CONFIRM_ABOVE: "0" };

/** The environment of every server. It has none of this machine's own PREFETCH_ or vendor variables. */
export const baseEnv = {
  PATH: process.env.PATH ?? "",
  HOME: mkdtempSync(join(tmpdir(), "home-")),
  ...unasked,
  ...compileCache,
  ...fewThreads,
};

const toolResult = z.object({
  isError: z.boolean().default(false),
  content: z.array(z.object({ type: z.literal("text"), text: z.string() })).length(1),
  structuredContent: z.unknown().optional(),
});

function answerOf(result: unknown): ToolAnswer {
  const { isError, content, structuredContent } = toolResult.parse(result);
  return { isError, text: content[0]?.text ?? "", structured: structuredContent };
}

const resourceText = z.object({ contents: z.array(z.object({ text: z.string() })).length(1) });

function spawnOptions({ entry = bin, program = [process.execPath, entry], cwd, args = [], env = {}, onStderr }: ServerOptions) {
  const [command, ...first] = program;
  return {
    command,
    args: [...first, ...args],
    ...(cwd !== undefined && { cwd }),
    env: { ...baseEnv, ...env },
    stderr: onStderr ? ("pipe" as const) : ("ignore" as const),
  };
}

function modernClient(answer?: Answer): ModernClient {
  const capabilities = answer ? { elicitation: { form: {} } } : {};
  const client = new ModernClient({ name: "modern-test", version: "1.0.0" }, { versionNegotiation: { mode: "auto" }, capabilities });
  if (answer) client.setRequestHandler("elicitation/create", ({ params }) => answer(params.message));
  return client;
}

function legacyClient(answer?: Answer): LegacyClient {
  // Hosts of the first revision with elicitation declare it without a mode.
  const client = new LegacyClient({ name: "legacy-test", version: "1.0.0" }, { capabilities: answer ? { elicitation: {} } : {} });
  if (answer) client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params.message));
  return client;
}

/**
 * The SDK's own transport asks for the revision on a second, short-lived process of the same server, and a subclass asks on the
 * session's process. The tests so start half as many servers. `process/process.test.ts` has a session that begins with two.
 */
export class OneProcessTransport extends ModernTransport {}

/** A session of 2026-07-28, with the client that negotiates it. */
export async function modernSession(options: ServerOptions, Transport = OneProcessTransport): Promise<Session> {
  const client = modernClient(options.answer);
  const transport = new Transport(spawnOptions(options));
  transport.stderr?.on("data", (chunk) => options.onStderr?.(String(chunk)));
  await client.connect(transport);
  return modernOver(client, transport.pid);
}

export async function modernOver(client: ModernClient, pid: number | null): Promise<Session> {
  // Listing the tools gives the client their output schemas, which it checks every result against.
  await client.listTools();
  return {
    generation: client.getProtocolEra() ?? "unknown",
    pid,
    instructions: () => client.getInstructions(),
    tools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, { signal, onProgress } = {}) =>
      answerOf(
        await client.callTool(
          { name, arguments: args },
          {
            ...(signal && { signal }),
            ...(onProgress && { onprogress: ({ progress, total }) => onProgress(progress, total) }),
            timeout: 70_000,
          },
        ),
      ),
    read: async (uri) => resourceText.parse(await client.readResource({ uri })).contents[0]?.text ?? "",
    resources: async () => (await client.listResources()).resources.map((resource) => resource.uri),
    complete: async (uri, name, value) =>
      (await client.complete({ ref: { type: "ref/resource", uri }, argument: { name, value } })).completion.values,
    close: () => client.close(),
  };
}

/** A session of the 2025 revisions, with the client that the hosts of that time use. */
export async function legacySession(options: ServerOptions): Promise<Session> {
  const client = legacyClient(options.answer);
  const transport = new LegacyTransport(spawnOptions(options));
  transport.stderr?.on("data", (chunk) => options.onStderr?.(String(chunk)));
  await client.connect(transport);
  return legacyOver(client, transport.pid);
}

async function legacyOver(client: LegacyClient, pid: number | null): Promise<Session> {
  await client.listTools();
  return {
    generation: "legacy",
    pid,
    instructions: () => client.getInstructions(),
    tools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, { signal, onProgress } = {}) =>
      answerOf(
        await client.callTool({ name, arguments: args }, undefined, {
          ...(signal && { signal }),
          ...(onProgress && { onprogress: ({ progress, total }) => onProgress(progress, total) }),
          timeout: 70_000,
        }),
      ),
    read: async (uri) => resourceText.parse(await client.readResource({ uri })).contents[0]?.text ?? "",
    resources: async () => (await client.listResources()).resources.map((resource) => resource.uri),
    complete: async (uri, name, value) =>
      (await client.complete({ ref: { type: "ref/resource", uri }, argument: { name, value } })).completion.values,
    close: () => client.close(),
  };
}

export const sessions = [
  ["2026-07-28 client", modernSession],
  ["2025 client", legacySession],
] as const;

const authorized = (token: string | undefined) =>
  token === undefined ? {} : { requestInit: { headers: { authorization: `Bearer ${token}` } } };

export const httpSessions = [
  [
    "2026-07-28 client",
    async (url: string, token?: string, answer?: Answer): Promise<Session> => {
      const client = modernClient(answer);
      await client.connect(new ModernHttpTransport(new URL(url), authorized(token)));
      return modernOver(client, null);
    },
  ],
  [
    "2025 client",
    async (url: string, token?: string, answer?: Answer): Promise<Session> => {
      const client = legacyClient(answer);
      await client.connect(new LegacyHttpTransport(new URL(url), authorized(token)));
      return legacyOver(client, null);
    },
  ],
] as const;

const taskSchema = z.object({ ...spendOutput, ...sitemapsOutput, ...statusOutput, notice: z.string().optional() });
export type TaskAnswer = z.infer<typeof taskSchema>;

const sentences = z.looseObject({ next_step: z.string(), notice: z.string().optional() });

/** Throws unless the text has the sentences of the answer first, and then its other fields as JSON. */
function checkText({ text, structured }: ToolAnswer): void {
  const { next_step: nextStep, notice = "", ...fields } = sentences.parse(structured);
  const end = text.lastIndexOf("\n\n");
  const shown = JSON.stringify(fields, (name, value) =>
    name === "counts" ? Object.fromEntries(Object.entries(value).filter(([, count]) => count !== 0)) : value,
  );
  if (shown !== text.slice(end + 2)) throw new Error("text and structured content differ");
  for (const sentence of [nextStep, notice]) {
    if (!text.slice(0, end).includes(sentence)) throw new Error(`the text lacks "${sentence}"`);
  }
}

/** Throws unless the counts add up, no sentence stands twice, and nothing follows a sentence that nothing is left to do. */
function checkWords({ counts: { total, ...counts }, next_step: nextStep }: TaskAnswer): void {
  const sum = Object.values(counts).reduce((all, count) => all + (count ?? 0), 0);
  if (sum !== total) throw new Error(`the counts add up to ${sum}, and the total is ${total}`);
  const sentences = nextStep.split(/(?<=[.?!]) (?=[A-Z])/);
  const twice = sentences.find((sentence, index) => sentences.indexOf(sentence) !== index);
  if (twice !== undefined) throw new Error(`the next step says "${twice}" twice`);
  if (/Nothing more to do\..*\S/s.test(nextStep)) throw new Error(`"${nextStep}" goes on after its end`);
  if (!/_prefetch|prefetch_|Nothing|[Cc]all again/.test(nextStep)) throw new Error(`"${nextStep}" names no tool and no end`);
}

/** The structured answer of a task tool. Throws if the text differs from it, or if its words contradict it or each other. */
export function taskOf(answer: ToolAnswer): TaskAnswer {
  if (answer.isError) throw new Error(`unexpected error answer: ${answer.text}`);
  const task = taskSchema.parse(answer.structured);
  checkText(answer);
  checkWords(task);
  return task;
}

/** Waits until the task has ended, however long that takes, and resolves with its last status. */
export async function endOf(session: Session, { task_id: id }: Pick<TaskAnswer, "task_id">): Promise<TaskAnswer> {
  for (;;) {
    const task = taskOf(await session.call("get_prefetch_status", { task_id: id, wait_seconds: 50 }));
    if (isEnded(task.state)) return task;
  }
}

/** The units that are used of each provider's quota. */
export function usedOf(answer: ToolAnswer): number[] {
  const { quotas } = z.object({ quotas: z.array(quotaSchema).min(1) }).parse(answer.structured);
  return quotas.map((quota) => quota.used);
}

/** Environment that points a real, not sandboxed, server at an emulator. */
export function huaweiEnv(emulator: HuaweiVodEmulator, store?: string): Record<string, string> {
  return {
    HUAWEICLOUD_SDK_AK: emulator.user.ak,
    HUAWEICLOUD_SDK_SK: emulator.user.sk,
    HUAWEICLOUD_SDK_PROJECT_ID: emulator.projectId,
    PREFETCH_HUAWEI_VOD_ENDPOINT: emulator.endpoint,
    PREFETCH_STORE: store ?? "memory:",
    PREFETCH_POLL_SECONDS: "0",
  };
}

export function alibabaEnv(emulator: AlibabaVodEmulator, store?: string): Record<string, string> {
  return {
    ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.user.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.user.accessKeySecret,
    PREFETCH_ALIBABA_VOD_ENDPOINT: emulator.endpoint,
    PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: emulator.endpoint,
    PREFETCH_STORE: store ?? "memory:",
    PREFETCH_POLL_SECONDS: "0",
  };
}
