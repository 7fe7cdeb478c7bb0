/**
 * The size of the tool list and of typical answers in a model's context. Tokens are those of o200k_base, the encoding of OpenAI's
 * models; other models' counts are of the same order.
 */

import { Tiktoken } from "js-tiktoken/lite";
import ranks from "js-tiktoken/ranks/o200k_base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endOf, type Session, sessions, taskOf } from "../harness/clients-harness.ts";

const encoding = new Tiktoken(ranks);

/** Prints the size, because a bound alone does not show that an answer grows. */
function sizeOf(name: string, text: string): { readonly characters: number; readonly tokens: number } {
  const size = { characters: text.length, tokens: encoding.encode(text).length };
  process.stdout.write(`${name}: ${size.tokens} tokens, ${size.characters} characters\n`);
  return size;
}

const urls = (count: number) => Array.from({ length: count }, (_, nth) => `https://cloudflare.example.org/releases/2026-11-29/${nth}.mp4`);

describe("the size in tokens", () => {
  let session: Session;
  beforeAll(async () => {
    const [[, start]] = sessions;
    session = await start({ args: ["--sandbox"], env: { PREFETCH_CONFIRM_ABOVE: "1000" } });
  });
  afterAll(() => session.close());

  it("of the tool list is below 3,500 without _meta, which hosts keep to themselves", async () => {
    const tools = JSON.stringify(await session.tools());
    sizeOf("tools/list with _meta", tools);
    const forModels = JSON.stringify(JSON.parse(tools), (name, value) => (name === "_meta" ? undefined : value));
    expect(sizeOf("tools/list", forModels).tokens).toBeLessThan(3_500);
  });

  it("of a finished task with 400 URLs is below 400, in at most 1,200 characters", async () => {
    const sent = taskOf(await session.call("prefetch_urls", { urls: urls(400) }));
    await endOf(session, sent);
    const { text } = await session.call("get_prefetch_status", { task_id: sent.task_id });
    expect(text).toMatch(/^succeeded: 400 succeeded\./);
    const { characters, tokens } = sizeOf("a finished task with 400 URLs", text);
    expect(characters).toBeLessThanOrEqual(1_200);
    expect(tokens).toBeLessThan(400);
  });

  it("of a verification of 20 warm URLs is below 500, in fewer than 1,500 characters", async () => {
    await endOf(session, taskOf(await session.call("prefetch_urls", { urls: urls(20), force: true })));
    const { text } = await session.call("verify_prefetch", { urls: urls(20) });
    expect(text).toMatch(/^20 checked: 20 warm\. Every URL is warm\./);
    const { characters, tokens } = sizeOf("a verification of 20 warm URLs", text);
    expect(characters).toBeLessThan(1_500);
    expect(tokens).toBeLessThan(500);
  });

  it("of a list of 20 tasks is below 2,500", async () => {
    for (let nth = 0; nth < 20; nth += 1) await session.call("prefetch_urls", { urls: [`https://cloudflare.example.org/list/${nth}.mp4`] });
    const { text } = await session.call("list_prefetch_tasks", {});
    expect(text).toMatch(/^20 tasks on this page|^20 tasks: /);
    expect(sizeOf("a list of 20 tasks", text).tokens).toBeLessThan(2_500);
  });
});
