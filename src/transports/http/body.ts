/** Reads the JSON body of a request. It measures the bytes as they arrive, and parses only a body whose cost is bounded and reserved. */

import type { IncomingMessage } from "node:http";
import type { Breathe } from "../../base/breathe.ts";
import { createJsonGauge } from "../../base/json-gauge.ts";
import { costOf, LARGE_MESSAGE, type LimitProblem, limitProblem, parseMessage } from "../message-cost.ts";
import type { RequestPermit } from "./request-limits.ts";

/** A list of 10,000 ordinary URLs takes about 2 MiB. A larger limit lets fewer requests fill the memory; stdio accepts 128 MiB. */
export const LARGEST_BODY = 16 * 1_048_576;
/** For callers that may not spend. Their largest call has 50 URLs; a larger limit lets them take memory that spending calls need. */
export const LARGEST_BODY_OF_READERS = 1_048_576;

/**
 * "malformed": not JSON. "no_capacity": other requests hold the memory, or the server stops. "no_scope": only a caller that may spend
 * may send that much.
 */
export type BodyProblem = LimitProblem | "too_large" | "batch" | "no_scope" | "no_capacity" | "malformed";
export type Body = { readonly ok: true; readonly message: unknown } | { readonly ok: false; readonly problem: BodyProblem };

export interface BodyLimits {
  readonly permit: Pick<RequestPermit, "reserve">;
  readonly maySpend: boolean;
  /** Ends the wait for a body that may never arrive. */
  readonly deadline: AbortSignal;
  /** Asks a client that waits for it (`Expect: 100-continue`) to send the body. */
  readonly askForBody: () => void;
  readonly breathe: Breathe;
}

const SPACE = 0x20;

/** Throws `ClientGoneError` when the client disconnects. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  // The length is known in advance, so the client gets a response before it sends the body.
  const declared = sizeProblem(Number(request.headers["content-length"] ?? 0), limits.maySpend);
  if (declared) return { ok: false, problem: declared };
  if (request.headers.expect !== undefined) limits.askForBody();
  const received = await receive(request, limits);
  if (typeof received === "string") {
    // The rest is read and dropped: many clients do not read the response if the server closes the connection first.
    request.resume();
    return { ok: false, problem: received };
  }
  try {
    return { ok: true, message: await parseMessage(received, limits.breathe) };
  } catch {
    return { ok: false, problem: "malformed" };
  }
}

async function receive(request: IncomingMessage, limits: BodyLimits): Promise<Buffer | BodyProblem> {
  const { deadline, breathe } = limits;
  const chunks: Buffer[] = [];
  let received = 0;
  const check = createCheck(limits);
  const whole = new Promise<Buffer | BodyProblem>((resolve, reject) => {
    const giveUp = (): void => resolve("no_capacity");
    if (deadline.aborted) return giveUp();
    deadline.addEventListener("abort", giveUp, { once: true });
    request.on("data", (chunk: Buffer) => {
      const problem = check(chunk);
      if (problem) return resolve(problem);
      chunks.push(chunk);
      received += chunk.length;
      const pause = received > LARGE_MESSAGE ? breathe() : undefined;
      if (!pause) return undefined;
      request.pause();
      return pause.then(() => void request.resume());
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    const disconnected = (): void => {
      deadline.removeEventListener("abort", giveUp);
      reject(new ClientGoneError("The client disconnected before it sent the whole body"));
    };
    request.once("error", disconnected);
    request.once("close", disconnected);
  });
  return whole.finally(() => request.removeAllListeners("data"));
}

/** Checks each chunk with all the chunks before it, and reserves its cost. */
function createCheck({ permit, maySpend }: BodyLimits): (chunk: Buffer) => BodyProblem | undefined {
  const gauge = createJsonGauge();
  let size = 0;
  let cost = 0;
  let isEmpty = true;
  return (chunk) => {
    const first = isEmpty ? firstCharacter(chunk) : undefined;
    isEmpty &&= first === undefined;
    // The limits count requests, so a batch would carry any number of calls past them.
    if (first === "[") return "batch";
    size += chunk.length;
    const problem = sizeProblem(size, maySpend);
    if (problem) return problem;
    gauge.add(chunk);
    const limit = limitProblem(gauge);
    if (limit) return limit;
    const more = costOf(size, gauge.values()) - cost;
    cost += more;
    return permit.reserve(more) ? undefined : "no_capacity";
  };
}

function sizeProblem(size: number, maySpend: boolean): BodyProblem | undefined {
  if (size > LARGEST_BODY) return "too_large";
  return size > LARGEST_BODY_OF_READERS && !maySpend ? "no_scope" : undefined;
}

/** The first character of the JSON text; `undefined` while only white space has arrived. */
function firstCharacter(chunk: Buffer): string | undefined {
  const byte = chunk.find((each) => each > SPACE);
  return byte === undefined ? undefined : String.fromCharCode(byte);
}

export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}
