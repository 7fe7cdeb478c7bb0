/**
 * A CDN's edge on loopback. It caches as an edge does, and the name of the host that is asked for chooses the vendor whose
 * headers it tells of its cache by. What it serves is made up: files of any name, and streams.
 */

import type { SecureContext } from "node:tls";
import { slice, textBody } from "../server/body.ts";
import type { FaultRule, HeaderRecord, StreamedAnswer } from "../server/faults.ts";
import { type ReceivedRequest, startServer } from "../server/server.ts";
import { createEdgeCache, type Found, type Prefetched } from "./cache.ts";
import { dialectOf } from "./dialects.ts";
import { readRange } from "./range.ts";

export interface SandboxEdgeOptions {
  readonly now?: () => number;
  /** Objects that it keeps before the oldest leave. */
  readonly maxEntries?: number;
  /** What an emulated vendor has brought to the CDN. */
  readonly prefetched?: (url: string) => Prefetched | undefined;
  readonly contextFor?: (hostname: string) => SecureContext;
}

export interface SandboxEdge {
  /** Scheme, host and port. */
  readonly endpoint: string;
  /** Host and port. */
  readonly address: string;
  /** Requests that reached the origin behind, checks of stale objects among them: for the URL as it was asked for, or in all. */
  originFetches(url?: string): number;
  /** The action of a rule is the path that it applies to. */
  inject(rule: FaultRule): void;
  clearFaults(): void;
  close(): Promise<void>;
}

/** Twice the objects of a film of two hours. */
const MOST_ENTRIES = 20_000;
/** What is kept of an object is its URL above all. */
const LONGEST_URL = 8_192;

export async function startEdge(options: SandboxEdgeOptions = {}): Promise<SandboxEdge> {
  const { now = Date.now, maxEntries = MOST_ENTRIES, prefetched, contextFor } = options;
  const cache = createEdgeCache(now, maxEntries, prefetched);

  const answer = async (request: ReceivedRequest): Promise<StreamedAnswer> => {
    const { method, url, headers: asked } = request;
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, headers: { allow: "GET, HEAD" }, body: textBody("Sandbox: this edge only serves.\n") };
    }
    if (url.href.length > LONGEST_URL) return { status: 414, body: textBody("Sandbox: 414. The URL is too long.\n") };
    const dialect = dialectOf(url.hostname);
    const found = await cache.lookUp(url, asked["accept-encoding"], dialect);
    const content = contentOf(found, request);
    const told = dialect.headers({ ...found, status: found.answer.status, now: now(), asked });
    return { ...content, headers: { ...content.headers, ...told } };
  };

  const server = await startServer({ now, answer, actionOf: ({ url }) => url.pathname, ...(contextFor && { contextFor }) });
  return {
    endpoint: server.endpoint,
    address: new URL(server.endpoint).host,
    originFetches: (url) => cache.originFetches(url),
    inject: (rule) => server.inject(rule),
    clearFaults: () => server.clearFaults(),
    close: () => server.close(),
  };
}

type Content = StreamedAnswer & { readonly headers: HeaderRecord };

/** The whole object or the range of it that was asked for. */
function contentOf({ answer }: Found, { method, headers: asked }: ReceivedRequest): Content {
  const { status, headers, body, outcome } = answer;
  const ifRange = asked["if-range"];
  // RFC 9110, section 14.2: no other method has ranges.
  const isRanged = status === 200 && method === "GET" && (ifRange === undefined || ifRange === headers.etag);
  const range = isRanged ? readRange(asked.range, body.bytes) : undefined;
  if (range === "unsatisfiable") {
    const refusal = { "content-type": "text/plain", "content-range": `bytes */${body.bytes}` };
    return { status: 416, headers: refusal, body: textBody("Sandbox: 416. The object is shorter.\n") };
  }
  const part = range && slice(body, range.first, range.last + 1);
  const content: Content =
    range && part
      ? { status: 206, headers: { ...headers, "content-range": `bytes ${range.first}-${range.last}/${body.bytes}` }, body: part }
      : { status, headers, body };
  if (outcome.does !== "truncate") return content;
  const { bytes } = content.body;
  return { ...content, body: slice(content.body, 0, Math.floor(bytes / 2)), declaredBytes: bytes };
}
