/** The answer that README.md shows, compared with the built server's. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { expect, it } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const shownAnswer = z.object({ task_id: z.string(), problems: z.array(z.looseObject({ url: z.string(), reason: z.string() })) });
const shownRest = z.looseObject({ quota: z.looseObject({ resets_at: z.string() }) });
const textAnswer = z.object({ content: z.tuple([z.object({ text: z.string() })]), structuredContent: z.unknown() });

it("README.md shows an answer of the sandbox, without the name of the emulated edge", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, quoted = "", json = ""] = /## What an answer looks like.*?\n((?:> [^\n]*\n)+)\n```json\n(.*?)```/s.exec(readme) ?? [];
  const paragraph = quoted.replace(/^> /gm, "").replaceAll("\n", " ").trim();
  expect(paragraph).toMatch(/ …$/);
  const shown = shownAnswer.and(shownRest).parse(JSON.parse(json));

  const client = new Client({ name: "readme", version: "1.0.0" });
  const server = { command: process.execPath, args: [join(root, "dist/main.js"), "--sandbox"] };
  await client.connect(new StdioClientTransport({ ...server, stderr: "ignore" }));
  const urls = ["film.mp4", "film.mp4", "missing.mp4"].map((name) => `https://cloudflare.example.org/${name}`);
  const answer = await client.callTool({ name: "prefetch_urls", arguments: { urls, wait_seconds: 20 } });
  await client.close();

  const { content, structuredContent } = textAnswer.parse(answer);
  expect(content[0].text.startsWith(paragraph.slice(0, -" …".length))).toBe(true);
  expect(structuredContent).toMatchObject({
    ...shown,
    task_id: expect.stringMatching(/^pf_[0-9a-f-]{36}$/),
    problems: shown.problems.map((problem) => ({ ...problem, reason: expect.stringContaining(problem.reason) })),
    quota: { ...shown.quota, resets_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT00:00:00\.000Z$/) },
  });
});
