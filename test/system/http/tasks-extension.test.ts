/** The Tasks extension, followed by the official client of the extension, and asked for what it must refuse. */

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createTaskSessionFromClient } from "@modelcontextprotocol/ext-tasks/client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { type HttpServer, launchServer, secretOf, tokenList } from "../harness/http-server-harness.ts";
import { bearer, messageOf, modern, send, version } from "../harness/raw-http-harness.ts";

const TASKS = "io.modelcontextprotocol/tasks";
const tokens = tokenList(
  { name: "alice" },
  { name: "bob" },
  { name: "dave" },
  { name: "reader", tenant: "media", scopes: ["prefetch:read"] },
  { name: "media", tenant: "media" },
);
const env = { PREFETCH_SERVER_TOKENS: tokens, PREFETCH_CONFIRM_ABOVE: "5", PREFETCH_TENANT_DAILY_BUDGET: "12" };

let server: HttpServer;
beforeAll(async () => {
  server = await launchServer(env);
});
afterAll(() => server.stop());

let lists = 0;
const newList = (count = 2): string[] => {
  lists += 1;
  return Array.from({ length: count }, (_, index) => `https://example.com/tasks/${lists}/${index}.mp4`);
};

const rpc = z.union([z.object({ result: z.looseObject({}) }), z.object({ error: z.object({ code: z.number(), message: z.string() }) })]);
const named = z.looseObject({ method: z.string(), params: z.looseObject({ name: z.string().optional(), taskId: z.unknown().optional() }) });

/** A message as the client of the extension frames it. */
async function dispatch(request: unknown, name: string) {
  const { method, params, ...rest } = named.parse(request);
  const subject = params.name ?? params.taskId;
  const headers = modern(method, {}, { ...bearer(secretOf(name)), ...(subject !== undefined && { "mcp-name": String(subject) }) }).headers;
  return rpc.parse(messageOf(await send(server, { headers, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params, ...rest }) })));
}

const framing = {
  protocolVersion: version,
  clientInfo: { name: "tasks-test", version: "1.0.0" },
  clientCapabilities: { elicitation: {}, extensions: { [TASKS]: {} } },
};

/** A request of a client that declares the extension, or does not. */
async function ask(method: string, params: Record<string, unknown>, { name = "alice", declares = true } = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientInfo": framing.clientInfo,
    "io.modelcontextprotocol/clientCapabilities": declares ? { extensions: { [TASKS]: {} } } : {},
  };
  return dispatch({ method, params: { ...params, _meta } }, name);
}

async function openSession(answer?: (question: string) => boolean) {
  const requestInit = { headers: bearer(secretOf("alice")) };
  const client = new Client(framing.clientInfo, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit }));
  const session = createTaskSessionFromClient(client, {
    endpointId: "test",
    v2RequestFraming: framing,
    rawDispatch: async (request) => {
      const message = await dispatch(request, "alice");
      return "error" in message ? { kind: "error", ...message } : { kind: "result", result: JSON.parse(JSON.stringify(message.result)) };
    },
    ...(answer && {
      onInputRequest: async (request) => {
        if (request.kind !== "elicitation") throw new Error(`unexpected ${request.kind}`);
        const confirm = answer(String(request.params.message));
        // The type of the result follows from the kind of the request, which TypeScript cannot narrow here.
        return { action: "accept", content: { confirm } } as never;
      },
    }),
  });
  onTestFinished(async () => {
    await session.close();
    await client.close();
  });
  return session;
}

const ended = z.object({
  status: z.literal("completed"),
  result: z.object({
    content: z.array(z.object({ text: z.string() })),
    structuredContent: z.object({ task_id: z.string(), state: z.string(), counts: z.looseObject({ succeeded: z.number() }) }),
  }),
});

describe("the official client of the extension", () => {
  it("follows a prefetch to its result, whose id every tool takes", { timeout: 60_000 }, async () => {
    const session = await openSession();
    const urls = newList();
    const execution = await session.callTool("prefetch_urls", { urls, provider: "huawei-vod" });
    if (execution.kind !== "task") throw new Error("The call has become no task.");
    const { taskId } = execution.handle;
    const { outcome } = await execution.settle();
    const { result } = ended.parse(outcome);
    expect(result.structuredContent).toMatchObject({ task_id: taskId, state: "succeeded", counts: { succeeded: 2 } });
    expect(result.content[0]?.text).toMatch(/^succeeded: 2 succeeded\. Nothing is left to send\./);
    const { result: listed } = z
      .object({ result: z.object({ structuredContent: z.object({ tasks: z.array(z.object({ task_id: z.string() })) }) }) })
      .parse(await ask("tools/call", { name: "list_prefetch_tasks", arguments: { url: urls[0] } }));
    expect(listed.structuredContent.tasks).toEqual([expect.objectContaining({ task_id: taskId })]);
  });

  it("is asked before a large prefetch, and follows it once the user agrees", { timeout: 60_000 }, async () => {
    const questions: string[] = [];
    const session = await openSession((question) => questions.push(question) > 0);
    const execution = await session.callTool("prefetch_urls", { urls: newList(6), provider: "huawei-vod" });
    expect(execution.kind).toBe("task");
    expect(questions).toEqual([expect.stringMatching(/^Prefetch 6 URLs of example\.com with huawei-vod\?/)]);
    expect(ended.parse((await execution.settle()).outcome).result.structuredContent.counts.succeeded).toBe(6);
  });

  it("gets a plain result from a dry run, from a call that waited for the end, and from tools that start nothing", async () => {
    const session = await openSession();
    for (const [tool, args] of [
      ["prefetch_urls", { urls: newList(), provider: "huawei-vod", dry_run: true }],
      ["prefetch_urls", { urls: newList(), provider: "huawei-vod", wait_seconds: 30 }],
      ["get_prefetch_quota", {}],
    ] as const) {
      const execution = await session.callTool(tool, args);
      expect(execution.kind, tool).toBe("immediate");
      await execution.close();
    }
  });
});

describe("a plain result", () => {
  it("answers a list of which an earlier task holds a part, so that no task ends before the list does", async () => {
    const bob = { name: "bob" };
    const urls = newList(3);
    const first = z.object({ result: z.object({ taskId: z.string() }) });
    first.parse(await ask("tools/call", { name: "prefetch_urls", arguments: { urls: urls.slice(0, 2), provider: "huawei-vod" } }, bob));
    const overlapping = await ask("tools/call", { name: "prefetch_urls", arguments: { urls, provider: "huawei-vod" } }, bob);
    expect(overlapping).toMatchObject({ result: { resultType: "complete", structuredContent: { skipped_recent: 2, cost: 1 } } });
    expect(overlapping).not.toMatchObject({ result: { taskId: expect.anything() } });
  });
});

describe("a task of the extension", () => {
  const created = z.object({
    result: z.object({
      resultType: z.literal("task"),
      status: z.literal("working"),
      taskId: z.string(),
      statusMessage: z.string(),
      createdAt: z.iso.datetime(),
      lastUpdatedAt: z.iso.datetime(),
      ttlMs: z.literal(30 * 86_400_000),
      pollIntervalMs: z.number().min(1_000),
    }),
  });
  const dave = { name: "dave" };
  /** A task whose rest waits for a later day, so it does not end while the test looks at it. */
  const startTask = async () => {
    const args = { urls: newList(14), provider: "huawei-vod", on_quota_exceeded: "defer", confirm: true };
    return created.parse(await ask("tools/call", { name: "prefetch_urls", arguments: args }, dave)).result;
  };

  it("is cancelled by tasks/cancel, which frees what waits", { timeout: 60_000 }, async () => {
    const { taskId, statusMessage } = await startTask();
    expect(statusMessage).toMatch(/^(queued|running): .*\d+ deferred/);
    expect(await ask("tasks/get", { taskId }, dave)).toMatchObject({ result: { status: "working", taskId } });
    expect(await ask("tasks/update", { taskId, inputResponses: { any: {} } }, dave)).toMatchObject({ result: {} });
    expect(await ask("tasks/cancel", { taskId }, dave)).toMatchObject({ result: {} });
    await expect
      .poll(async () => (await ask("tasks/get", { taskId }, dave)) as unknown)
      .toMatchObject({ result: { status: "completed", result: { structuredContent: { state: "partial" } } } });
  });

  it("is refused to clients that do not declare the extension, to other tenants, and without the scope", async () => {
    const { taskId } = created.parse(
      await ask("tools/call", { name: "prefetch_urls", arguments: { urls: newList(), provider: "huawei-vod" } }, { name: "media" }),
    ).result;
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
      const undeclared = await ask(method, { taskId }, { name: "media", declares: false });
      expect(undeclared).toMatchObject({ error: { code: -32_021 } });
      for (const [name, id] of [
        ["alice", taskId],
        ["media", "pf_unknown"],
        ["media", ""],
      ] as const) {
        expect(await ask(method, { taskId: id }, { name })).toMatchObject({
          error: { code: -32_602, message: expect.stringMatching(/no task|not an id/) },
        });
      }
    }
    expect(await ask("tasks/cancel", { taskId: 7 }, { name: "media" })).toMatchObject({
      error: { code: -32_602, message: expect.stringContaining("taskId: must be a text") },
    });
    expect(await ask("tasks/get", { taskId }, { name: "reader" })).toMatchObject({ result: { taskId } });
    const cancelling = modern("tasks/cancel", { taskId }, { ...bearer(secretOf("reader")), "mcp-name": taskId });
    const { status, headers } = await send(server, cancelling);
    expect([status, headers["www-authenticate"]]).toEqual([403, expect.stringContaining('scope="prefetch:write"')]);
    expect(await ask("tasks/list", {}, { name: "media" })).toMatchObject({ error: { code: -32_601 } });
  });
});
