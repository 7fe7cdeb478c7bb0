/** Baseline of bench/http.ts: the SDK's HTTP handler with tools that do nothing. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

const inputSchema = z.object({ provider: z.string().optional() });
const outputSchema = z.object({ quotas: z.array(z.object({ provider: z.string(), used: z.number() })) });
const answer = { quotas: [{ provider: "none", used: 0 }] };

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" }, { capabilities: { tools: { listChanged: false } } });
  for (const name of ["get_prefetch_quota", "two", "three", "four"]) {
    server.registerTool(name, { title: name, description: name, inputSchema, outputSchema }, () => ({
      content: [{ type: "text", text: JSON.stringify(answer) }],
      structuredContent: answer,
    }));
  }
  return server;
});
const listener = createServer(toNodeHandler(handler)).listen(0, "127.0.0.1", () => {
  const { port } = listener.address() as AddressInfo;
  process.stderr.write(`${JSON.stringify({ msg: "listening", url: `http://127.0.0.1:${port}/mcp` })}\n`);
});
