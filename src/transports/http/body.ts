/** Reads what a client sends, as far as there is room for it. */

import type { IncomingMessage } from "node:http";
import type { Place } from "./limits.ts";

/** 10,000 URLs of ordinary length take about two; ten times as much is left to stdio. */
export const LARGEST_BODY = 16 * 1_048_576;

export type Body =
  | { readonly ok: true; readonly message: unknown }
  /** "broken": not JSON; "no_room": others take up the memory, or the server stops. */
  | { readonly ok: false; readonly why: "too_large" | "no_room" | "broken" };

/** Rejects when the client goes away. `impatient` ends the wait for the rest of a body that may never come. */
export async function readBody(request: IncomingMessage, place: Place, impatient: AbortSignal): Promise<Body> {
  // Known before it comes, so that the sender hears of it instead of being cut off.
  if (Number(request.headers["content-length"]) > LARGEST_BODY) return { ok: false, why: "too_large" };
  const chunks: Buffer[] = [];
  let size = 0;
  const failure = await new Promise<"too_large" | "no_room" | undefined>((resolve, reject) => {
    const stop = (): void => resolve("no_room");
    if (impatient.aborted) return stop();
    impatient.addEventListener("abort", stop, { once: true });
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_BODY) return resolve("too_large");
      if (!place.hold(chunk.length)) return resolve("no_room");
      chunks.push(chunk);
    });
    request.once("end", () => resolve(undefined));
    const gone = (): void => {
      impatient.removeEventListener("abort", stop);
      reject(new ClientGoneError("The client went away while it sent"));
    };
    request.once("error", gone);
    request.once("close", gone);
  }).finally(() => request.removeAllListeners("data"));
  if (failure) {
    // What still comes is dropped: a client that is cut off in the middle never sees why.
    request.resume();
    return { ok: false, why: failure };
  }
  try {
    return { ok: true, message: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  } catch {
    // Whatever it is, the sender knows it better than its parser's message would say.
    return { ok: false, why: "broken" };
  }
}

export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}
