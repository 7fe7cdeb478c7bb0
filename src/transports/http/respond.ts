/** Responses that the server writes itself, without the SDK. */

import type { ServerResponse } from "node:http";
import type { RpcRefusal } from "../rpc-message.ts";

type Headers = Readonly<Record<string, string>>;

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  response.end(JSON.stringify(body));
}

/** A JSON-RPC error without an id, because the server has not read the message. */
export function sendRpcError(response: ServerResponse, status: number, code: number, message: string, headers: Headers = {}): void {
  sendRpcRefusal(response, status, { id: null, code, message }, headers);
}

export function sendRpcRefusal(response: ServerResponse, status: number, { id, code, message }: RpcRefusal, headers: Headers = {}): void {
  sendJson(response, status, { jsonrpc: "2.0", error: { code, message }, id }, headers);
}

export async function sendWebResponse(response: ServerResponse, from: Response): Promise<void> {
  response.writeHead(from.status, { ...Object.fromEntries(from.headers), "cache-control": "no-store" });
  response.end(await from.text());
}
