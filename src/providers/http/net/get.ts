/**
 * One request through the edge, whose body is counted and thrown away. undici's own ways to drain a body stop early
 * without saying so, so the bytes are counted here.
 */

import type { Dispatcher } from "undici";
import { onAbort } from "../../../base/on-abort.ts";
import type { HeaderLines } from "../cache/headers.ts";

export interface GetRequest {
  readonly url: URL;
  readonly method: "GET" | "HEAD";
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Told of bytes as they arrive; may return a promise, which holds the connection back until it is settled. */
  readonly onBytes?: (count: number) => Promise<void> | undefined;
  /** Handed the body's bytes as they arrive. */
  readonly onChunk?: (chunk: Uint8Array) => void;
  /**
   * A body that is longer is given up, and its connection with it; 0 gives up all but an empty one as soon as it begins.
   * `bytes` or `declared` then exceed this, unless nothing of either was known yet.
   */
  readonly mostBytes?: number;
}

export interface Got {
  readonly status: number;
  readonly headers: HeaderLines;
  /** Bytes of the body as it was transferred, compressed if it was. */
  readonly bytes: number;
  /** What the answer said its body would have; `undefined` when it said nothing, or had none. */
  readonly declared: number | undefined;
  /** Milliseconds from the request's start on its connection to its answer's first byte; connecting is not in it. */
  readonly firstByteMs: number;
}

/**
 * Resolves when the whole answer has arrived, or as much of it as was wanted. Rejects with the dispatcher's or the signal's
 * error; redirects are answers.
 */
export function get(
  dispatcher: Dispatcher,
  { url, method, headers, signal, onBytes, onChunk, mostBytes = Number.POSITIVE_INFINITY }: GetRequest,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let begun = performance.now();
    let firstByteMs = 0;
    let status = 0;
    let bytes = 0;
    let answered: HeaderLines = new Map();
    let controller: Dispatcher.DispatchController | undefined;
    const stop = (): void => {
      controller?.abort(signal.reason);
      reject(signal.reason);
    };
    const over = onAbort(signal, stop);
    const declared = (): number | undefined => {
      const length = method === "GET" ? answered.get("content-length")?.[0] : undefined;
      return length === undefined ? undefined : Number(length);
    };
    const finish = (): void => {
      over();
      resolve({ status, headers: answered, bytes, declared: declared(), firstByteMs });
    };
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers,
        // undici ends the connection after each HEAD unless it is told not to.
        reset: false,
      },
      {
        onRequestStart: (started) => {
          controller = started;
          begun = performance.now();
          if (signal.aborted) started.abort(signal.reason);
        },
        onResponseStart: (flowing, statusCode, received) => {
          // Interim answers come before the one that counts.
          if (statusCode < 200) return;
          status = statusCode;
          firstByteMs = performance.now() - begun;
          answered = linesIn(received);
          const expected = declared() ?? (mostBytes === 0 ? 1 : 0);
          if (method !== "GET" || expected <= mostBytes) return;
          finish();
          flowing.abort(new Error("Its body is not wanted"));
        },
        onResponseData: (flowing, chunk) => {
          bytes += chunk.length;
          if (bytes > mostBytes) {
            finish();
            flowing.abort(new Error("Its body is longer than wanted"));
            return;
          }
          onChunk?.(chunk);
          const held = onBytes?.(chunk.length);
          if (!held) return;
          flowing.pause();
          held.then(
            () => flowing.resume(),
            (error: unknown) => flowing.abort(error instanceof Error ? error : new Error(String(error))),
          );
        },
        onResponseEnd: finish,
        onResponseError: (_, error) => {
          over();
          reject(error);
        },
      },
    );
  });
}

function linesIn(headers: Record<string, string | string[] | undefined>): HeaderLines {
  const lines = new Map<string, readonly string[]>();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) lines.set(name.toLowerCase(), typeof value === "string" ? [value] : value);
  }
  return lines;
}
