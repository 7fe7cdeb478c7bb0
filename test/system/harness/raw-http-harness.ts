/** Sends HTTP that no client library would send, and reads the answers. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { z } from "zod";
import { quotaSchema } from "../../../src/mcp/result.ts";
import type { HttpServer } from "./http-server-harness.ts";

/** The server that requests go to. */
type Target = Pick<HttpServer, "url">;

const portOf = ({ url }: Target): number => Number(new URL(url).port);

const logLine = z.looseObject({ msg: z.string() });

/** The server's log. Throws for a line that is not JSON. */
export function logOf({ log }: Pick<HttpServer, "log">): z.infer<typeof logLine>[] {
  return log.map((line) => logLine.parse(JSON.parse(line)));
}

/** An entry of a token list. */
export function entry(name: string, secret: string, scopes: readonly string[], rest: { tenant?: string; expires?: string } = {}) {
  return { name, sha256: createHash("sha256").update(secret).digest("hex"), scopes, ...rest };
}

export function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Headers = Readonly<Record<string, string>>;

export interface Message {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Headers;
  readonly body?: string;
}

/** Uses a new connection for each request. */
export async function send(server: Target, { method = "POST", path = "/mcp", headers, body }: Message): Promise<Reply> {
  const sent = request({ host: "127.0.0.1", port: portOf(server), method, path, headers, agent: false });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return replyOf(answer);
}

export async function replyOf(answer: IncomingMessage): Promise<Reply> {
  let body = "";
  for await (const chunk of answer.setEncoding("utf8")) body += chunk;
  const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
  return { status: answer.statusCode ?? 0, headers, body };
}

/** Opens a raw connection. */
export async function open(server: Target): Promise<Socket> {
  const socket = connect(portOf(server), "127.0.0.1").setEncoding("latin1");
  // These tests expect the server to cut connections off.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Resolves when the connection has ended for any reason. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once("close", () => resolve()));
}

/** Sends bytes as they are. Resolves with the status of the first answer and all that came before the connection ended. */
export async function sendRaw(server: Target, bytes: string): Promise<{ readonly status: number; readonly text: string }> {
  const socket = await open(server);
  const answer = read(socket);
  socket.write(bytes, "latin1");
  return answer;
}

/** Reads until the connection ends, or one answer of a known length is complete. */
export async function read(socket: Socket): Promise<{ readonly status: number; readonly text: string }> {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
    const [, head = "", body = ""] = /^(.*?)\r\n\r\n(.*)$/s.exec(text) ?? [];
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    const whole = length === undefined ? body.endsWith("0\r\n\r\n") : body.length >= Number(length);
    if (head !== "" && whole) socket.destroy();
  });
  await closed(socket);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}

const acceptsJson: Headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
export const version = "2026-07-28";

type Params = Readonly<Record<string, unknown>>;

/** A request of 2026-07-28, headers and body in agreement. */
export function modern(method: string, params: Params = {}, headers: Headers = {}): { headers: Headers; body: string } {
  const { name, uri } = params;
  const subject = name ?? uri;
  const _meta = { "io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {} };
  return {
    headers: {
      ...acceptsJson,
      "mcp-protocol-version": version,
      "mcp-method": method,
      ...(typeof subject === "string" && { "mcp-name": subject }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  };
}

/** A request of the 2025 revisions. */
export function legacy(method: string, params: Params = {}, headers: Headers = {}): { headers: Headers; body: string } {
  return { headers: { ...acceptsJson, ...headers }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) };
}

export const eras = [
  ["2026-07-28", modern],
  ["2025", legacy],
] as const;

export function call(name: string, args: Params = {}, headers: Headers = {}): { headers: Headers; body: string } {
  return modern("tools/call", { name, arguments: args }, headers);
}

/** The JSON-RPC message of an answer, whether it came as JSON or as an event. */
export function messageOf({ body }: Reply): unknown {
  const [, data = body] = /^data: (.*)$/m.exec(body) ?? [];
  return JSON.parse(data);
}

const results = z.object({ result: z.object({ structuredContent: z.unknown() }) });

export function structuredOf(reply: Reply): unknown {
  return results.parse(messageOf(reply)).result.structuredContent;
}

/** The tasks that the server keeps and the units that it has spent, as the caller with these headers sees them. */
export async function effects(server: Target, headers: Headers = {}): Promise<{ tasks: number; used: number }> {
  const { tasks } = z
    .object({ tasks: z.array(z.unknown()) })
    .parse(structuredOf(await send(server, call("list_prefetch_tasks", {}, headers))));
  const { quotas } = z
    .object({ quotas: z.array(quotaSchema).min(1) })
    .parse(structuredOf(await send(server, call("get_prefetch_quota", {}, headers))));
  return { tasks: tasks.length, used: quotas.reduce((sum, { used }) => sum + used, 0) };
}

export const untouched = { tasks: 0, used: 0 };

/** Internals and secrets that no answer or log line may contain. */
export const tellTale = /\bat .*(:\d+:\d+|<anonymous>)|node_modules|dist\/|file:\/\/|\/tmp\/|\/home\/|-secret/;
