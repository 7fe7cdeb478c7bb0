/**
 * Reads a parsed JSON value as a JSON-RPC message.
 *
 * | the value | becomes |
 * |--|--|
 * | a message, also with members that JSON-RPC does not know, or with `null` or `[]` where a member may be left out | the message without them |
 * | a request that cannot be used | an error with the request's id, or with `null` if the id itself cannot be used |
 * | a notification or a response that cannot be used | nothing but a line in the log: JSON-RPC answers neither |
 *
 * Source: https://www.jsonrpc.org/specification#error_object and https://modelcontextprotocol.io/specification/2025-11-25/basic
 */

import { isJSONRPCNotification, isJSONRPCRequest, isJSONRPCResponse, type JSONRPCMessage } from "@modelcontextprotocol/server";

export const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INVALID_PARAMS = -32_602;

export type RpcId = string | number | null;

export interface RpcRefusal {
  readonly id: RpcId;
  readonly code: number;
  readonly message: string;
}

export type RpcReading =
  | { readonly kind: "message"; readonly message: JSONRPCMessage }
  | { readonly kind: "refused"; readonly refusal: RpcRefusal }
  | { readonly kind: "dropped"; readonly reason: string };

type Members = Readonly<Record<string, unknown>>;

export function readRpcMessage(value: unknown): RpcReading {
  if (Array.isArray(value)) return refused(null, INVALID_REQUEST, "Batches are not supported. Send one message at a time");
  if (!isMembers(value)) return refused(null, INVALID_REQUEST, "The message must be an object");
  const isReply = value.method === undefined && ("result" in value || "error" in value);
  if (isReply) return readReply(value);
  return "id" in value ? readRequest(value) : readNotification(value);
}

function readRequest(value: Members): RpcReading {
  const { id } = value;
  if (!isId(id)) return refused(null, INVALID_REQUEST, "id: must be a text or an integer");
  const problem = envelopeProblem(value);
  if (problem !== undefined) return refused(id, INVALID_REQUEST, problem);
  const params = readParams(value.params);
  if (typeof params === "string") return refused(id, INVALID_PARAMS, params);
  const message = { jsonrpc: "2.0", id, method: value.method, ...(params && { params }) };
  if (isJSONRPCRequest(message)) return { kind: "message", message };
  return refused(id, INVALID_PARAMS, "params: cannot be used");
}

function readNotification(value: Members): RpcReading {
  const params = readParams(value.params);
  const problem = envelopeProblem(value) ?? (typeof params === "string" ? params : undefined);
  // A message without an id may be a request whose id was forgotten. JSON-RPC answers one that is no valid request.
  if (typeof value.method !== "string") return refused(null, INVALID_REQUEST, problem ?? "The message is no request");
  if (problem !== undefined) return { kind: "dropped", reason: problem };
  const message = { jsonrpc: "2.0", method: value.method, ...(params && { params }) };
  if (isJSONRPCNotification(message)) return { kind: "message", message };
  return { kind: "dropped", reason: "params: cannot be used" };
}

function readReply({ jsonrpc, id, result, error }: Members): RpcReading {
  const message = { jsonrpc, id, ...(result === undefined ? { error } : { result }) };
  if (isJSONRPCResponse(message)) return { kind: "message", message };
  return { kind: "dropped", reason: "The response is malformed" };
}

function envelopeProblem({ jsonrpc, method }: Members): string | undefined {
  if (jsonrpc !== "2.0") return 'jsonrpc: must be "2.0"';
  if (method === undefined) return "method: is missing";
  return typeof method === "string" ? undefined : "method: must be a text";
}

/** The parameters without those that are left out; a text says what is wrong with them. */
function readParams(given: unknown): Members | string | undefined {
  if (isLeftOut(given)) return undefined;
  if (!isMembers(given)) return "params: must be an object";
  const params = withoutLeftOut(given, ["arguments"]);
  if (params._meta === undefined) return params;
  if (isLeftOut(params._meta)) return without(params, "_meta");
  if (!isMembers(params._meta)) return "params._meta: must be an object";
  const meta = withoutLeftOut(params._meta);
  const { progressToken } = meta;
  if (progressToken !== undefined && !isId(progressToken)) return "params._meta.progressToken: must be a text or an integer";
  return { ...params, _meta: meta };
}

/** No member of MCP gives `null` a meaning of its own. `lists` may also be an empty array, which PHP writes for an empty object. */
function withoutLeftOut(members: Members, lists: readonly string[] = []): Members {
  const isKept = ([name, value]: readonly [string, unknown]) => (lists.includes(name) ? !isLeftOut(value) : value !== null);
  const entries = Object.entries(members);
  return entries.every(isKept) ? members : Object.fromEntries(entries.filter(isKept));
}

function without(members: Members, left: string): Members {
  return Object.fromEntries(Object.entries(members).filter(([name]) => name !== left));
}

function isLeftOut(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isId(value: unknown): value is string | number {
  return typeof value === "string" || Number.isInteger(value);
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(id: RpcId, code: number, problem: string): RpcReading {
  return {
    kind: "refused",
    refusal: { id, code, message: `${code === INVALID_PARAMS ? "Invalid params" : "Invalid request"}: ${problem}.` },
  };
}
