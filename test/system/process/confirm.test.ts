/** The question before a large call, with each generation of the client, against the emulator that the vendor's own client proves. */

import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { describe, it, type TestContext } from "vitest";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { type Answer, endOf, httpSessions, huaweiEnv, legacySession, type Session, sessions, taskOf } from "../harness/clients-harness.ts";
import { startServerFor } from "../harness/http-server-harness.ts";

const urls = Array.from({ length: 4 }, (_, index) => `https://example.com/${index}.mp4`);

async function startVendor({ onTestFinished }: TestContext) {
  const vendor = await startHuaweiVod();
  onTestFinished(() => vendor.close());
  return { env: { ...huaweiEnv(vendor), PREFETCH_CONFIRM_ABOVE: "3" }, sent: () => vendor.log.flatMap(({ accepted }) => accepted).length };
}

/** A user that gives the same answer to every question. */
function user(reply: Awaited<ReturnType<Answer>>) {
  const questions: string[] = [];
  const answer: Answer = (question) => {
    questions.push(question);
    return reply;
  };
  return { questions, answer };
}

const yes = { action: "accept", content: { confirm: true } } as const;

const question =
  "Prefetch 4 URLs of example.com with huawei-vod? That takes 4 units of quota. Today: 4 of the 1,000 units that huawei-vod has left. " +
  "The server asks because 4 URLs are more than the 3 that this server sends unasked (PREFETCH_CONFIRM_ABOVE).";

/** Clients that can be asked: of both generations over stdio, and of 2026-07-28 over HTTP. */
const asked = [
  ...sessions.map(([name, start]) => {
    const open = (_: TestContext, env: Record<string, string>, answer: Answer) => start({ env, answer });
    return [`${name} over stdio`, open] as const;
  }),
  [
    "2026-07-28 client over HTTP",
    async (context: TestContext, env: Record<string, string>, answer: Answer): Promise<Session> => {
      const { url } = await startServerFor(context, env, []);
      return httpSessions[0][1](url, undefined, answer);
    },
  ],
] as const;

describe.concurrent.each(asked)("with the %s, a call above PREFETCH_CONFIRM_ABOVE", (_, open) => {
  it("sends once the user agrees", async (context) => {
    const { expect, onTestFinished } = context;
    const { env, sent } = await startVendor(context);
    const { questions, answer } = user(yes);
    const session = await open(context, env, answer);
    onTestFinished(() => session.close());
    const task = taskOf(await session.call("prefetch_urls", { urls }));
    expect(task).toMatchObject({ cost: 4 });
    expect(await endOf(session, task)).toMatchObject({ state: "succeeded" });
    expect(questions).toEqual([question]);
    expect(sent()).toBe(4);

    // An agent's own confirm does not replace the user's word where the user can be asked.
    await session.call("prefetch_urls", { urls: urls.map((url) => `${url}?2`), confirm: true });
    expect(questions).toHaveLength(2);

    // Smaller calls, and repeats that send nothing, ask nothing.
    await session.call("prefetch_urls", { urls: urls.slice(0, 3), force: true });
    await session.call("prefetch_urls", { urls });
    expect(questions).toHaveLength(2);
  });

  it("sends nothing and says so when the user does not agree", async (context) => {
    const { expect, onTestFinished } = context;
    const { env, sent } = await startVendor(context);
    const replies = [
      { action: "decline" },
      { action: "cancel" },
      { action: "accept", content: { confirm: false } },
      { action: "accept", content: { confirm: "true" } },
      // A host whose form is two buttons accepts without content, and that is a yes.
      { action: "accept", content: {} },
    ] as const;
    let asks = 0;
    const session = await open(context, env, () => replies[asks++] ?? yes);
    onTestFinished(() => session.close());
    const noAnswer = "The client's answer was neither yes nor no.";
    for (const said of ["The user declined.", "The user closed the question without an answer.", "The user declined.", noAnswer]) {
      expect(await session.call("prefetch_urls", { urls })).toEqual({
        isError: true,
        structured: undefined,
        text: `declined: ${said} Nothing was sent and no quota was spent. Ask the user what to change first.\nCalling again unchanged asks the user again.`,
      });
    }
    expect(asks).toBe(4);
    expect(sent()).toBe(0);
    expect(taskOf(await session.call("prefetch_urls", { urls }))).toMatchObject({ cost: 4 });
  });
});

it("asks again when the plan changes during the question, with the 2025 client", async (context) => {
  const { env, sent } = await startVendor(context);
  const questions: string[] = [];
  const session = await legacySession({
    env,
    answer: async (question) => {
      // While the user reads the first question, another call sends a part of the list.
      if (questions.push(question) === 1) await session.call("prefetch_urls", { urls: urls.slice(0, 1) });
      return yes;
    },
  });
  context.onTestFinished(() => session.close());
  const list = [...urls, "https://example.com/4.mp4"];
  const task = taskOf(await session.call("prefetch_urls", { urls: list }));
  context.expect(task).toMatchObject({ cost: 4, skipped_recent: 1 });
  context.expect(questions.map((question) => question.slice(0, 17))).toEqual(["Prefetch 5 URLs o", "Prefetch 4 URLs o"]);
  await endOf(session, task);
  context.expect(sent()).toBe(5);
});

it("says what to do when a 2025 client declares questions and does not know them", async (context) => {
  const { env, sent } = await startVendor(context);
  const session = await legacySession({ env, answer: () => Promise.reject(new McpError(ErrorCode.MethodNotFound, "Method not found")) });
  context.onTestFinished(() => session.close());
  const { isError, text } = await session.call("prefetch_urls", { urls });
  context
    .expect({ isError, text })
    .toEqual({ isError: true, text: context.expect.stringMatching(/^confirmation_required: .+ confirm true\./) });
  context.expect(sent()).toBe(0);
});

it("takes no answer for a no, with the 2025 client", async (context) => {
  const { env, sent } = await startVendor(context);
  const fail = () => {
    throw new Error("The window is gone.");
  };
  const session = await legacySession({ env, answer: fail });
  context.onTestFinished(() => session.close());
  const { isError, text } = await session.call("prefetch_urls", { urls });
  context.expect({ isError, text }).toEqual({
    isError: true,
    text: context.expect.stringMatching(
      /^declined: The question whether to send the list got no answer\. Nothing was sent and no quota was spent\./,
    ),
  });
  context.expect(sent()).toBe(0);
});

/** Clients without elicitation, and those of 2025 over HTTP, which no request of the server reaches. */
const unasked = [
  ...sessions.map(([name, start]) => [`${name} over stdio`, (_: TestContext, env: Record<string, string>) => start({ env })] as const),
  [
    "2025 client over HTTP",
    async (context: TestContext, env: Record<string, string>): Promise<Session> => {
      const { url } = await startServerFor(context, env, []);
      return httpSessions[1][1](url, undefined, () => yes);
    },
  ],
] as const;

describe.concurrent.each(unasked)("with the %s that cannot be asked, a call above PREFETCH_CONFIRM_ABOVE", (_, open) => {
  it("fails with the way out, which confirm true is", async (context) => {
    const { expect, onTestFinished } = context;
    const { env, sent } = await startVendor(context);
    const session = await open(context, env);
    onTestFinished(() => session.close());
    const refused = await session.call("prefetch_urls", { urls });
    expect(refused).toEqual({
      isError: true,
      structured: undefined,
      text:
        "confirmation_required: The call needs the user's word. Nothing was sent. " +
        `Ask the user: "${question}" If they agree, call again with the same arguments and confirm true.\n` +
        "Without the user's word the same call fails again.",
    });
    const plan = taskOf(await session.call("prefetch_urls", { urls, dry_run: true }));
    expect(plan.next_step).toMatch(/It needs the user's word, because 4 URLs .+: pass confirm true once the user agrees\./);
    expect(sent()).toBe(0);
    const task = taskOf(await session.call("prefetch_urls", { urls, confirm: true }));
    expect(await endOf(session, task)).toMatchObject({ state: "succeeded", counts: { succeeded: 4 } });
    expect(sent()).toBe(4);
  });
});
