/** One request through an edge. It counts the body's bytes and drops them; undici's own ways to drain a body stop early silently. */

import type { Dispatcher } from "undici";
import { onAbort } from "../../../base/on-abort.ts";
import type { HeaderLines } from "../cache/headers.ts";

export interface GetRequest {
  readonly url: URL;
  readonly method: "GET" | "HEAD";
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called for each chunk. Until a returned promise settles, no more bytes are read from the connection. */
  readonly onBytes?: (count: number) => Promise<void> | undefined;
  readonly onChunk?: (chunk: Uint8Array) => void;
  /**
   * A longer body ends the request and closes its connection; 0 ends it as soon as a body begins. In the result, `bytes` or
   * `declared` then exceeds this limit, unless a body of undeclared length began.
   */
  readonly mostBytes?: number;
  /** Reads up to `mostBytes` of a body that declares more. */
  readonly keepsBeginning?: boolean;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

export interface Got {
  readonly status: number;
  readonly headers: HeaderLines;
  /** Bytes of the body as transferred; a compressed body is not unpacked. */
  readonly bytes: number;
  /** `Content-Length`; `undefined` without one, and for HEAD. */
  readonly declared: number | undefined;
  /** From the request's start on its connection to the response's first byte, without the time to connect. */
  readonly firstByteMs: number;
}

/**
 * Resolves with the complete response, or when its body exceeds `mostBytes`. Redirects are responses. Rejects with the
 * dispatcher's error or the signal's reason.
 */
export function get(dispatcher: Dispatcher, request: GetRequest): Promise<Got> {
  const { url, method, headers, signal, onBytes, onChunk, keepsBeginning = false, now = () => performance.now() } = request;
  const { mostBytes = Number.POSITIVE_INFINITY } = request;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let startedAt = now();
    let firstByteMs = 0;
    let status = 0;
    let bytes = 0;
    let received: HeaderLines = new Map();
    let controller: Dispatcher.DispatchController | undefined;
    const stopListening = onAbort(signal, () => {
      controller?.abort(signal.reason);
      reject(signal.reason);
    });
    const declared = (): number | undefined => {
      const length = method === "GET" ? received.get("content-length")?.[0] : undefined;
      return length === undefined ? undefined : Number(length);
    };
    const finish = (): void => {
      stopListening();
      resolve({ status, headers: received, bytes, declared: declared(), firstByteMs });
    };
    const stopEarly = (flow: Dispatcher.DispatchController): void => {
      finish();
      flow.abort(new Error("The body is longer than wanted"));
    };
    /** A callback's error is the caller's own, so it must not pass for a fault of the answer. */
    const fail = (flow: Dispatcher.DispatchController, error: unknown): void => {
      stopListening();
      reject(error);
      flow.abort(error instanceof Error ? error : new Error(String(error)));
    };
    const handOver = (chunk: Uint8Array): Promise<void> | undefined => {
      onChunk?.(chunk);
      return onBytes?.(chunk.length);
    };
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers,
        // By default, undici closes the connection after a HEAD request.
        reset: false,
      },
      {
        onRequestStart: (started) => {
          controller = started;
          startedAt = now();
          if (signal.aborted) started.abort(signal.reason);
        },
        onResponseStart: (flow, statusCode, responseHeaders) => {
          // Interim responses, e.g. 103 Early Hints, precede the final one.
          if (statusCode < 200) return;
          status = statusCode;
          firstByteMs = now() - startedAt;
          received = linesIn(responseHeaders);
          const expectedBytes = declared() ?? (mostBytes === 0 ? 1 : 0);
          if (method === "GET" && !keepsBeginning && expectedBytes > mostBytes) stopEarly(flow);
        },
        onResponseData: (flow, chunk) => {
          bytes += chunk.length;
          if (bytes > mostBytes) return stopEarly(flow);
          try {
            const paused = handOver(chunk);
            if (!paused) return;
            flow.pause();
            paused.then(
              () => flow.resume(),
              (error: unknown) => fail(flow, error),
            );
          } catch (error) {
            fail(flow, error);
          }
        },
        onResponseEnd: finish,
        onResponseError: (_, error) => {
          stopListening();
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
