/** Lines that no client library writes: the built server answers each of them over stdio, and logs in short lines. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { baseEnv, bin } from "../harness/clients-harness.ts";

const initialize = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};
const list = { jsonrpc: "2.0", method: "tools/list" };
const call = { jsonrpc: "2.0", method: "tools/call" };

/** A line, and its answer: "result", or the error's code and a part of its text. */
const rows: readonly (readonly [line: string, answer: readonly [id: unknown, code: number | "result", text: string]])[] = [
  [JSON.stringify({ ...list, id: 1, params: null }), [1, "result", '"tools"']],
  [JSON.stringify({ ...list, id: 2, params: { cursor: null, _meta: { progressToken: null } } }), [2, "result", '"tools"']],
  [JSON.stringify({ ...call, id: 3, params: { name: "get_prefetch_quota", arguments: null } }), [3, "result", "quotas"]],
  [JSON.stringify({ ...list, id: 4, params: [1] }), [4, -32_602, "params: must be an object"]],
  [JSON.stringify({ ...list, id: 5, params: { cursor: 7 } }), [5, -32_602, "params.cursor: must be a text"]],
  [JSON.stringify({ ...call, id: 6, params: {} }), [6, -32_602, "params.name: is missing"]],
  [JSON.stringify({ ...list, id: 7, jsonrpc: "1.0" }), [7, -32_600, 'jsonrpc: must be "2.0"']],
  [JSON.stringify({ jsonrpc: "2.0", id: "8" }), ["8", -32_600, "method: is missing"]],
  [JSON.stringify({ ...list, id: {} }), [null, -32_600, "id: must be a text or an integer"]],
  ["junk", [null, -32_700, "not JSON"]],
  ["[]", [null, -32_600, "Batches are not supported"]],
];

it("answers every unusable line with a JSON-RPC error in words, and every null that stands for nothing with a result", async () => {
  const server = spawn(process.execPath, [bin, "--sandbox"], { env: baseEnv });
  const log: string[] = [];
  createInterface({ input: server.stderr }).on("line", (line) => log.push(line));
  const answers = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<{ id: unknown; error?: { code: number; message: string } }> => {
    server.stdin.write(`${line}\n`);
    return JSON.parse((await answers.next()).value ?? "");
  };
  await ask(JSON.stringify(initialize));
  for (const [line, [id, code, text]] of rows) {
    const answer = await ask(line);
    expect([answer.id, answer.error?.code ?? "result"]).toEqual([id, code]);
    expect(answer.error?.message ?? JSON.stringify(answer)).toContain(text);
    expect(JSON.stringify(answer.error ?? {})).not.toMatch(/Zod|invalid_type|\\n/);
  }
  server.stdin.end();
  await once(server, "exit");
  expect(log.map((line) => JSON.parse(line)).filter(({ level }) => level > 30)).toEqual([]);
  expect(log.filter((line) => line.includes("refused a message"))).toHaveLength(3);
});
