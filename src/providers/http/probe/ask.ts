/** Sends one request of a check and turns every failure into an observation. */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { Clock } from "../../../base/clock.ts";
import { failureOf } from "../net/failure.ts";
import { get } from "../net/get.ts";
import type { Observation, RequestKind } from "./observation.ts";

interface AskOptions {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly clock: Pick<Clock, "monotonic">;
  /** When the check began, on the monotonic clock. */
  readonly startedMonotonic: number;
  readonly signal: AbortSignal;
}

interface AskedRequest {
  readonly kind: RequestKind;
  /** From 1. */
  readonly round: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A server without ranges answers with the whole object; more than this much of it is cut off, with the connection. */
const MAX_RANGE_BYTES = 4_096;

const wire = {
  head: { method: "HEAD", headers: {}, mostBytes: 0 },
  range: { method: "GET", headers: { range: "bytes=0-0" }, mostBytes: MAX_RANGE_BYTES },
  whole: { method: "GET", headers: {}, mostBytes: 0 },
} as const;

/** Rejects only with the signal's reason. */
export async function ask({ kind, round, headers }: AskedRequest, options: AskOptions): Promise<Observation> {
  const { url, dispatcher, clock, startedMonotonic, signal } = options;
  const { method, headers: ownHeaders, mostBytes } = wire[kind];
  try {
    const got = await get(dispatcher, { url, method, headers: { ...headers, ...ownHeaders }, signal, mostBytes });
    const atMs = clock.monotonic() - startedMonotonic;
    const answer = { kind, round, atMs, status: got.status, headers: got.headers, firstByteMs: got.firstByteMs };
    // undici frees the connection one turn after the answer. An earlier request would open another connection.
    await nextTurn();
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    const failure = failureOf(error, url.host);
    return { kind, round, error: failure, sent: failure.delivery !== "not_sent" };
  }
}
