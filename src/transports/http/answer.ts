/** Short answers of the server's own. */

import type { ServerResponse } from "node:http";

export function answer(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  response.end(JSON.stringify(body));
}

/** An error before any JSON-RPC handler has seen the message, whose id is therefore not known. */
export function answerRpcError(
  response: ServerResponse,
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answer(response, status, { jsonrpc: "2.0", error: { code, message }, id: null }, headers);
}

export async function relay(response: ServerResponse, from: Response): Promise<void> {
  response.writeHead(from.status, { ...Object.fromEntries(from.headers), "cache-control": "no-store" });
  response.end(await from.text());
}
