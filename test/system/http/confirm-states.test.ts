/** Request states of the question before a large call, as a client could replay, change or forge them. */

import { createRequestStateCodec } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type HttpServer, launchServer, secretOf, tokenList } from "../harness/http-server-harness.ts";
import { bearer, messageOf, modern, send } from "../harness/raw-http-harness.ts";

const tokens = tokenList({ name: "alice", tenant: "media" }, { name: "bob", tenant: "media" }, { name: "carol" });
const env = { PREFETCH_CONFIRM_ABOVE: "3", PREFETCH_SERVER_TOKENS: tokens };
const stateKey = { PREFETCH_SERVER_STATE_KEY: "a key that several processes share" };

const yes = { confirm: { action: "accept", content: { confirm: true } } };
const asked = z.object({
  result: z.object({
    resultType: z.literal("input_required"),
    inputRequests: z.object({ confirm: z.object({ params: z.object({ message: z.string() }) }) }),
    requestState: z.string(),
  }),
});
const sentTask = z.object({ result: z.object({ structuredContent: z.object({ task_id: z.string(), cost: z.number() }) }) });
const failed = z.object({ result: z.object({ isError: z.literal(true), content: z.array(z.object({ text: z.string() })) }) });
const refused = { error: { code: -32_602, message: expect.stringMatching(/requestState/) } };

let lists = 0;
/** A list that no other test sends. */
function newList(count = 4): string[] {
  lists += 1;
  return Array.from({ length: count }, (_, index) => `https://example.com/${lists}/${index}.mp4`);
}

describe("a request state", () => {
  let server: HttpServer;
  beforeAll(async () => {
    server = await launchServer(env);
  });
  afterAll(() => server.stop());

  type Arguments = Readonly<Record<string, unknown>>;
  /** A call with what a client adds when it repeats a call with the user's answer. */
  const call = async (args: Arguments, more: Arguments = {}, { name = "alice", at = server } = {}) => {
    const { headers, body } = modern(
      "tools/call",
      { name: "prefetch_urls", arguments: { provider: "huawei-vod", ...args }, ...more },
      bearer(secretOf(name)),
    );
    const canBeAsked = body.replace('clientCapabilities":{}', 'clientCapabilities":{"elicitation":{}}');
    return messageOf(await send(at, { headers, body: canBeAsked }));
  };
  const ask = async (args: Arguments, at = server): Promise<string> => asked.parse(await call(args, {}, { at })).result.requestState;

  it("sends the list that the user was asked about, once", async () => {
    const args = { urls: newList(), force: true };
    const requestState = await ask(args);
    const answer = { inputResponses: yes, requestState };
    expect(sentTask.parse(await call(args, answer)).result.structuredContent.cost).toBe(4);
    const [{ text } = { text: "" }] = failed.parse(await call(args, answer)).result.content;
    expect(text).toMatch(/^confirmation_required: This answer of the user let a task through already.+list_prefetch_tasks/);
  });

  it("answers with the earlier task when a client repeats the confirmed call whose answer was lost", async () => {
    const args = { urls: newList() };
    const answer = { inputResponses: yes, requestState: await ask(args) };
    const first = sentTask.parse(await call(args, answer)).result.structuredContent;
    expect(sentTask.parse(await call(args, answer)).result.structuredContent).toMatchObject({ task_id: first.task_id, cost: 0 });
  });

  it.each([
    ["another list", () => ({ urls: newList() })],
    ["a longer list", (urls: string[]) => ({ urls: [...urls, ...newList(1)] })],
    ["another provider", (urls: string[]) => ({ urls, provider: "alibaba-vod" })],
  ])("leads to a new question with %s", async (_, change) => {
    const urls = newList();
    const requestState = await ask({ urls });
    const other = change(urls);
    expect(asked.parse(await call(other, { inputResponses: yes, requestState })).result.requestState).not.toBe(requestState);
    // Nothing was sent with the answer, so it still fits the list that it was given for.
    expect(sentTask.parse(await call({ urls }, { inputResponses: yes, requestState })).result.structuredContent.cost).toBe(4);
  });

  it("leads to a new question when the answer is missing", async () => {
    const args = { urls: newList() };
    const requestState = await ask(args);
    expect(asked.parse(await call(args, { requestState })).result.requestState).not.toBe(requestState);
    expect(asked.parse(await call(args, { inputResponses: yes })).result.requestState).not.toBe(requestState);
    expect(asked.parse(await call(args, { inputResponses: { other: yes.confirm }, requestState })).result.requestState).not.toBe("");
  });

  it.each(["bob", "carol"])("is refused when %s sends it instead of the caller that was asked", async (name) => {
    const args = { urls: newList() };
    const requestState = await ask(args);
    expect(await call(args, { inputResponses: yes, requestState }, { name })).toMatchObject(refused);
  });

  it("counts as none, and leads to a new question, when it has expired", async () => {
    const codec = createRequestStateCodec({ key: stateKey.PREFETCH_SERVER_STATE_KEY, ttlSeconds: -1, bind: () => "token:alice\0alice" });
    const shared = await launchServer({ ...env, ...stateKey });
    try {
      const args = { urls: newList() };
      const requestState = await codec.mint({ digest: "", answer: "1" }, {} as never);
      expect(asked.parse(await call(args, { inputResponses: yes, requestState }, { at: shared })).result.requestState).not.toBe(
        requestState,
      );
    } finally {
      await shared.stop();
    }
  });

  it("fails no tool that sends nothing", async () => {
    const requestState = await ask({ urls: newList() });
    const { headers, body } = modern(
      "tools/call",
      { name: "get_prefetch_quota", arguments: {}, inputResponses: { confirm: { action: "decline" } }, requestState },
      bearer(secretOf("alice")),
    );
    expect(messageOf(await send(server, { headers, body }))).toMatchObject({
      result: { structuredContent: { quotas: expect.any(Array) } },
    });
  });

  it("is refused when it is forged or changed", async () => {
    const args = { urls: newList() };
    const [version, body = "", mac] = (await ask(args)).split(".");
    const { p, ...rest } = z.looseObject({ p: z.looseObject({}) }).parse(JSON.parse(Buffer.from(body, "base64url").toString()));
    const changed = Buffer.from(JSON.stringify({ p: { ...p, answer: "another" }, ...rest })).toString("base64url");
    for (const forged of ["", "yes", `${version}.${changed}.${mac}`, `${version}.${body}`, `${version}.${body}.${mac}x`]) {
      expect(await call(args, { inputResponses: yes, requestState: forged })).toMatchObject(refused);
    }
    expect(server.log.filter((line) => line.includes("request state: "))).not.toEqual([]);
  });

  it("counts at another process only when both have the same PREFETCH_SERVER_STATE_KEY", async () => {
    const [one, two] = await Promise.all([launchServer({ ...env, ...stateKey }), launchServer({ ...env, ...stateKey })]);
    try {
      const args = { urls: newList() };
      const requestState = await ask(args, one);
      expect(await call(args, { inputResponses: yes, requestState })).toMatchObject(refused);
      expect(sentTask.parse(await call(args, { inputResponses: yes, requestState }, { at: two })).result.structuredContent.cost).toBe(4);
    } finally {
      await Promise.all([one.stop(), two.stop()]);
    }
  });
});
