/** Reads a request whole, as emulators need it to check its signature. */

import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query exactly as the request line has them; `url` holds the same, normalised. */
  readonly target: string;
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** The largest body that Huawei Cloud's gateway accepts. Smaller, it refuses valid calls; larger, a client fills the memory. */
const LARGEST_BODY_BYTES = 12 * 1_048_576;

/** `undefined` when the body is too large or the client disconnects before its end. */
export async function receive(incoming: IncomingMessage): Promise<ReceivedRequest | undefined> {
  const body = await readBody(incoming);
  if (!body) return undefined;
  const headers = new Map(
    Object.entries(incoming.headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : [])),
  );
  const { method = "GET", url: target = "/", socket } = incoming;
  const scheme = socket instanceof TLSSocket ? "https" : "http";
  const url = URL.parse(`${scheme}://${headers.get("host") ?? "127.0.0.1"}${target}`) ?? new URL("http://127.0.0.1/");
  return { method, target, url, headers, body };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming) {
      bytes += chunk.length;
      if (bytes > LARGEST_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    // The client disconnected before the end of its request.
    return undefined;
  }
  return Buffer.concat(chunks);
}
