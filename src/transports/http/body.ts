/** Reads the JSON body of a request within the limits of its permit. */

import type { IncomingMessage } from "node:http";
import type { RequestPermit } from "./request-limits.ts";

/** A list of 10,000 ordinary URLs takes about 2 MiB. A larger limit lets fewer requests fill the memory; stdio accepts 128 MiB. */
export const LARGEST_BODY = 16 * 1_048_576;

/** "malformed": not JSON. "no_capacity": other requests hold the memory, or the server stops. */
export type BodyProblem = "too_large" | "no_capacity" | "malformed";
export type Body = { readonly ok: true; readonly message: unknown } | { readonly ok: false; readonly problem: BodyProblem };

/** Throws `ClientGoneError` when the client disconnects. `deadline` ends the wait for a body that may never arrive. */
export async function readBody(request: IncomingMessage, permit: RequestPermit, deadline: AbortSignal): Promise<Body> {
  // The length is known in advance, so the client gets a response before it sends the body.
  if (Number(request.headers["content-length"]) > LARGEST_BODY) return { ok: false, problem: "too_large" };
  const received = await receive(request, permit, deadline);
  if (typeof received === "string") {
    // The rest is read and dropped: many clients do not read the response if the server closes the connection first.
    request.resume();
    return { ok: false, problem: received };
  }
  try {
    return { ok: true, message: JSON.parse(received.toString("utf8")) };
  } catch {
    return { ok: false, problem: "malformed" };
  }
}

async function receive(request: IncomingMessage, permit: RequestPermit, deadline: AbortSignal): Promise<Buffer | BodyProblem> {
  const chunks: Buffer[] = [];
  let size = 0;
  const received = new Promise<Buffer | BodyProblem>((resolve, reject) => {
    const giveUp = (): void => resolve("no_capacity");
    if (deadline.aborted) return giveUp();
    deadline.addEventListener("abort", giveUp, { once: true });
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_BODY) return resolve("too_large");
      if (!permit.reserve(chunk.length)) return resolve("no_capacity");
      chunks.push(chunk);
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    const disconnected = (): void => {
      deadline.removeEventListener("abort", giveUp);
      reject(new ClientGoneError("The client disconnected before it sent the whole body"));
    };
    request.once("error", disconnected);
    request.once("close", disconnected);
  });
  return received.finally(() => request.removeAllListeners("data"));
}

export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}
