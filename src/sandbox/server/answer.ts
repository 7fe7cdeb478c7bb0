/** Answers of emulators, and how they go onto the wire. */

import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Body, textBody } from "./body.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A list of values is sent as several header lines of the same name. */
export type HeaderRecord = Readonly<Record<string, string | string[]>>;

export interface StreamedAnswer {
  readonly status: number;
  readonly headers?: HeaderRecord;
  readonly body: Body;
  /** The value of `Content-Length` when it exceeds the body's size: the connection then closes early. */
  readonly declaredBytes?: number;
}

export async function send(response: ServerResponse, answer: Answer | StreamedAnswer): Promise<void> {
  const { status, headers, body, declaredBytes } = streamed(answer);
  const length = declaredBytes ?? body.bytes;
  const isComplete = length === body.bytes;
  response.writeHead(status, { ...headers, "content-length": String(length) });
  if (response.req.method === "HEAD") return void response.end();
  try {
    await pipeline(Readable.from(body.chunks(), { highWaterMark: 1 }), response, { end: isComplete });
  } catch {
    // Bodies come from memory and cannot fail, so the client has disconnected.
    return;
  }
  if (!isComplete) response.socket?.destroySoon();
}

export function streamed(answer: Answer | StreamedAnswer): StreamedAnswer {
  return typeof answer.body === "string" ? { ...answer, body: textBody(answer.body) } : { ...answer, body: answer.body };
}
