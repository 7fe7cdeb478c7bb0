/**
 * One request through the edge, whose body is counted and thrown away. undici's own ways to drain a body stop early
 * without saying so, so the bytes are counted here.
 */

import type { Dispatcher } from "undici";
import type { HeaderLines } from "./cache/headers.ts";
import { onAbort } from "./on-abort.ts";

export interface GetRequest {
  readonly url: URL;
  readonly method: "GET" | "HEAD";
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Told of bytes as they arrive; may return a promise, which holds the connection back until it is settled. */
  readonly onBytes?: (count: number) => Promise<void> | undefined;
}

export interface Got {
  readonly status: number;
  readonly headers: HeaderLines;
  /** Bytes of the body as it was transferred, compressed if it was. */
  readonly bytes: number;
  /** What the answer said its body would have; `undefined` when it said nothing, or had none. */
  readonly declared: number | undefined;
  /** Milliseconds from the request to its answer's first byte. */
  readonly firstByteMs: number;
}

/** Resolves when the whole answer has arrived. Rejects with the dispatcher's or the signal's error; redirects are answers. */
export function get(dispatcher: Dispatcher, { url, method, headers, signal, onBytes }: GetRequest): Promise<Got> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const begun = performance.now();
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
          if (signal.aborted) started.abort(signal.reason);
        },
        onResponseStart: (_, statusCode, received) => {
          // Interim answers come before the one that counts.
          if (statusCode < 200) return;
          status = statusCode;
          firstByteMs = performance.now() - begun;
          answered = linesIn(received);
        },
        onResponseData: (flowing, chunk) => {
          bytes += chunk.length;
          const held = onBytes?.(chunk.length);
          if (!held) return;
          flowing.pause();
          held.then(
            () => flowing.resume(),
            (error: unknown) => flowing.abort(error instanceof Error ? error : new Error(String(error))),
          );
        },
        onResponseEnd: () => {
          over();
          const length = method === "GET" ? answered.get("content-length")?.[0] : undefined;
          resolve({ status, headers: answered, bytes, declared: length === undefined ? undefined : Number(length), firstByteMs });
        },
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
