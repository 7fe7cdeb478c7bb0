/**
 * An emulated CDN edge on loopback. It caches like a real edge and serves generated files and streams. The requested host
 * name selects the dialect: the vendor whose cache headers the edge sends.
 */

import type { SecureContext } from "node:tls";
import type { HeaderRecord, StreamedAnswer } from "../server/answer.ts";
import { slice, textBody } from "../server/body.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { type EmulatorServer, pause, startServer } from "../server/server.ts";
import { type CachedAnswer, createEdgeCache, type Prefetched } from "./cache.ts";
import { dialectOf } from "./dialects.ts";
import { createOriginFetches } from "./origin-fetches.ts";
import { readRange } from "./range.ts";

export interface SandboxEdgeOptions {
  readonly now?: () => number;
  /** Waits for slow origins. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** Objects in the cache; the oldest leaves first. */
  readonly maxEntries?: number;
  /** Whether an emulated vendor has prefetched the URL. */
  readonly prefetched?: (url: string) => Prefetched | undefined;
  readonly contextFor?: (hostname: string) => SecureContext;
}

/** Fault rules name the path of a request as their action. */
export interface SandboxEdge extends EmulatorServer {
  /** Host and port. */
  readonly address: string;
  /** Requests to the origin, revalidations included, for this URL or for all URLs. */
  originFetches(url?: string): number;
}

/** Twice the objects of a two-hour film. With fewer entries a film evicts itself; more entries take more memory. */
const MOST_ENTRIES = 20_000;
/** A higher limit lets the cache, whose entries mostly consist of URLs, take more memory. A lower limit excludes signed URLs. */
const LONGEST_URL = 8_192;

export async function startEdge(options: SandboxEdgeOptions = {}): Promise<SandboxEdge> {
  const { now = Date.now, sleep = pause, maxEntries = MOST_ENTRIES, prefetched = () => undefined, contextFor } = options;
  const origin = createOriginFetches({ now, sleep, maxUrls: maxEntries });
  const cache = createEdgeCache({ now, origin, maxEntries, prefetched });

  const answer = async (request: ReceivedRequest): Promise<StreamedAnswer> => {
    const { method, url, headers: requestHeaders } = request;
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, headers: { allow: "GET, HEAD" }, body: textBody("Sandbox: 405. This edge answers GET and HEAD only.\n") };
    }
    if (url.href.length > LONGEST_URL) return { status: 414, body: textBody("Sandbox: 414. The URL is too long.\n") };
    const dialect = dialectOf(url.hostname);
    const cached = await cache.lookUp(url, requestHeaders.get("accept-encoding"), dialect);
    const content = contentOf(cached, request);
    const cacheHeaders = dialect.headers({ ...cached, status: cached.answer.status, now: now(), requestHeaders });
    return { ...content, headers: { ...content.headers, ...cacheHeaders } };
  };

  const server = await startServer({ now, sleep, answer, actionOf: ({ url }) => url.pathname, ...(contextFor && { contextFor }) });
  return { ...server, address: new URL(server.endpoint).host, originFetches: origin.count };
}

type Content = StreamedAnswer & { readonly headers: HeaderRecord };

/** The whole object or the requested range of it. */
function contentOf({ answer }: CachedAnswer, request: ReceivedRequest): Content {
  const content = rangeOf(answer, request);
  if (answer.outcome.does !== "truncate" || content.status === 416) return content;
  const { bytes } = content.body;
  return { ...content, body: slice(content.body, 0, Math.floor(bytes / 2)), declaredBytes: bytes };
}

function rangeOf({ status, headers, body }: CachedAnswer["answer"], { method, headers: requestHeaders }: ReceivedRequest): Content {
  const ifRange = requestHeaders.get("if-range");
  // Only GET has ranges (RFC 9110, section 14.2).
  const allowsRange = status === 200 && method === "GET" && (ifRange === undefined || ifRange === headers.etag);
  const range = allowsRange ? readRange(requestHeaders.get("range"), body.bytes) : undefined;
  if (range === undefined) return { status, headers, body };
  if (range === "unsatisfiable") {
    const refusalHeaders = { "content-type": "text/plain", "content-range": `bytes */${body.bytes}` };
    return { status: 416, headers: refusalHeaders, body: textBody("Sandbox: 416. The object ends before the requested range.\n") };
  }
  const { first, last } = range;
  const rangeHeaders = { ...headers, "content-range": `bytes ${first}-${last}/${body.bytes}` };
  return { status: 206, headers: rangeHeaders, body: slice(body, first, last + 1) };
}
