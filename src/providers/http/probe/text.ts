/** Fetches the text of a manifest: bounded, and each redirect through the same door as the first request. */

import type { Dispatcher } from "undici";
import { type ErrorCode, PrefetchError } from "../../../base/errors.ts";
import type { KeyedSemaphore } from "../../../base/keyed-semaphore.ts";
import { firstOf } from "../cache/headers.ts";
import { failureOf } from "../net/failure.ts";
import { type Got, get } from "../net/get.ts";

interface TextRequest {
  /** Has passed the guard. */
  readonly url: URL;
  readonly mostBytes: number;
  /** Names in lower case. To another origin, only those go that say nothing of who asks. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface TextTools {
  /** Bounds the requests to a host. */
  readonly turns: KeyedSemaphore;
  /** The way to a URL. */
  readonly dispatcherFor: (url: URL) => Dispatcher;
  /** Throws `PrefetchError` for a target that is not let through. */
  readonly checkUrl: (input: unknown) => URL;
}

const MOST_REDIRECTS = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Of the operator's headers, those that another host may see. */
const harmless: ReadonlySet<string> = new Set(["user-agent", "accept", "accept-language"]);

/** Throws `PrefetchError`, or the signal's reason. The URL is that of the answer. */
export async function readText(
  request: TextRequest,
  { turns, dispatcherFor, checkUrl }: TextTools,
): Promise<{ url: string; text: string }> {
  let next = request.url;
  for (let followed = 0; ; followed += 1) {
    const url = next;
    const { got, text } = await turns(url.hostname, request.signal, () => fetchText(url, request, dispatcherFor(url)));
    if (!redirects.has(got.status)) {
      refuseOthers(got, url.host, request.mostBytes);
      return { url: url.href, text: text() };
    }
    if (followed === MOST_REDIRECTS) throw new PrefetchError("unsupported", `${url.host} redirects more than ${MOST_REDIRECTS} times`);
    const target = URL.parse(firstOf(got.headers, "location") ?? "", url.href);
    if (!target) throw new PrefetchError("unsupported", `${url.host} answers ${got.status} without saying where to`);
    next = checkUrl(target.href);
  }
}

async function fetchText(url: URL, request: TextRequest, dispatcher: Dispatcher): Promise<{ got: Got; text: () => string }> {
  const { mostBytes, signal } = request;
  const own = Object.entries(request.headers).filter(([name]) => url.origin === request.url.origin || harmless.has(name));
  const headers = { ...Object.fromEntries(own), "accept-encoding": "identity" };
  const chunks: Uint8Array[] = [];
  try {
    const got = await get(dispatcher, { url, method: "GET", headers, signal, mostBytes, onChunk: (chunk) => chunks.push(chunk) });
    // Leaves a byte order mark out.
    return { got, text: () => new TextDecoder().decode(Buffer.concat(chunks)) };
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error, url.host);
  }
}

function refuseOthers({ status, headers, bytes, declared = 0 }: Got, host: string, mostBytes: number): void {
  if (status !== 200) throw refusalOf(status, host);
  if (Math.max(bytes, declared) > mostBytes) {
    const size = declared > mostBytes ? `has ${declared.toLocaleString("en")}` : "has more";
    throw new PrefetchError("unsupported", `The text that ${host} serves ${size} bytes; the limit is ${mostBytes.toLocaleString("en")}`);
  }
  const encoding = firstOf(headers, "content-encoding")?.toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    throw new PrefetchError("unsupported", `${host} sent a text that is compressed, although it was asked not to`, {
      hint: "Serve the object as it is to requests with Accept-Encoding: identity.",
    });
  }
}

const refusals: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  401: ["auth_failed", "Give a URL that may be read without signing in, or a signed one that is still valid."],
  403: ["auth_failed", "Check the URL's signature and its time, and the CDN's access rules (referer, country, address)."],
  404: ["not_found", "Check the URL."],
  410: ["not_found", "Check the URL."],
};

function refusalOf(status: number, host: string): PrefetchError {
  const message = `${host} answered ${status}`;
  const [code, hint] = refusals[status] ?? [];
  if (code !== undefined) return new PrefetchError(code, message, { ...(hint !== undefined && { hint }), delivery: "refused" });
  if (status === 429) return new PrefetchError("rate_limited", message, { retryable: true, delivery: "refused" });
  if (status >= 500) return new PrefetchError("vendor_unavailable", message, { retryable: true, delivery: "refused" });
  return new PrefetchError(status >= 400 ? "not_found" : "unsupported", message, { delivery: "refused" });
}
