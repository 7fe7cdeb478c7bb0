/** Makes one call over HTTP or over stdio, and waits for its answer. */

import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Server } from "./server.ts";
import { TOKEN } from "./server.ts";

const version = "2026-07-28";
const _meta = { "io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {} };

export function bodyOf(args: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "prefetch_urls", arguments: args, _meta } });
}

export function headersFor(caller: string | undefined): Record<string, string> {
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": version,
    "mcp-method": "tools/call",
    "mcp-name": "prefetch_urls",
    ...(caller && { authorization: `Bearer ${TOKEN}-${caller}` }),
  };
}

export async function callOverHttp({ url }: Server, body: string): Promise<string> {
  const response = await fetch(url, { method: "POST", headers: headersFor("anna"), body });
  return `${response.status} ${await response.text()}`;
}

export async function callOverStdio({ child }: Server, body: string): Promise<string> {
  if (!child.stdout || !child.stdin) throw new Error("The server has no pipes");
  const lines = createInterface({ input: child.stdout });
  const answer = once(lines, "line");
  child.stdin.write(`${body}\n`);
  const [line] = await answer;
  lines.close();
  return String(line);
}
