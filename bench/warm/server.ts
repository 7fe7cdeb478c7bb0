/**
 * Warms a list of URLs through the built server over stdio, as an agent does. Prints the result as one line of JSON.
 *
 * Usage: `node server.ts <list of URLs> <CA file>`.
 */

import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import { statusOutput } from "../../src/mcp/result.ts";

const [list = "", ca = ""] = process.argv.slice(2);
const client = new Client({ name: "bench", version: "1.0.0" });
const env = {
  PATH: process.env.PATH ?? "",
  NODE_EXTRA_CA_CERTS: ca,
  PREFETCH_STORE: `sqlite:${join(mkdtempSync(join(tmpdir(), "bench-store-")), "store.sqlite")}`,
  PREFETCH_HTTP_ALLOW_LOOPBACK: "1",
  PREFETCH_HTTP_CONNECTIONS: "16",
  // The list is large, and no user is there to ask.
  PREFETCH_CONFIRM_ABOVE: "0",
};
const entry = join(import.meta.dirname, "../../dist/main.js");
await client.connect(new StdioClientTransport({ command: process.execPath, args: [entry], env, stderr: "inherit" }));
const task = z.object(statusOutput);
const call = async (name: string, args: Record<string, unknown>) =>
  task.parse((await client.callTool({ name, arguments: args })).structuredContent);
const urls = readFileSync(list, "utf8").trim().split("\n");
let status = await call("prefetch_urls", { urls, wait_seconds: 50 });
while (status.state === "queued" || status.state === "running") {
  status = await call("get_prefetch_status", { task_id: status.task_id, wait_seconds: 50 });
}
process.stdout.write(`${JSON.stringify({ state: status.state, bytes: status.bytes, counts: status.counts })}\n`);
await client.close();
