/** Fetches the text of a manifest: limited in size, and with the same checks for each redirect as for the URL. */

import type { Dispatcher } from "undici";
import { type ErrorCode, type ErrorFacts, PrefetchError } from "../../../base/errors.ts";
import type { KeyedSemaphore } from "../../../base/keyed-semaphore.ts";
import { challengeObstacle, challengerOf } from "../cache/challenge.ts";
import { firstOf } from "../cache/headers.ts";
import { failureOf } from "../net/failure.ts";
import { type Got, get } from "../net/get.ts";
import { isRedirect, redirectTarget } from "../net/redirect.ts";
import type { HeaderRule } from "../net/site-headers.ts";

interface TextRequest {
  /** Already checked by the guard. */
  readonly url: URL;
  readonly maxBytes: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface TextTools {
  /** Limits the concurrent requests to a host. */
  readonly hostSlots: KeyedSemaphore;
  readonly dispatcherFor: (url: URL) => Dispatcher;
  readonly headersOf: HeaderRule;
  /** Throws `PrefetchError` for a URL that is not allowed. */
  readonly checkUrl: (input: unknown) => URL;
}

interface FetchedText {
  readonly answer: Got;
  readonly text: string;
}

/** More redirects delay a call; fewer break manifests behind a redirect to https and another to a shard. */
const MAX_REDIRECTS = 3;

/** Returns the text and the URL that served it. Throws `PrefetchError`, or the signal's reason. */
export async function fetchManifestText(request: TextRequest, tools: TextTools): Promise<{ url: string; text: string }> {
  const { hostSlots, checkUrl } = tools;
  let url = request.url;
  for (let followed = 0; ; followed += 1) {
    const current = url;
    const { answer, text } = await hostSlots(current.hostname, request.signal, () => fetchText(current, request, tools));
    if (!isRedirect(answer)) {
      assertUsable(answer, current.host, request.maxBytes);
      return { url: current.href, text };
    }
    if (followed === MAX_REDIRECTS) throw new PrefetchError("unsupported", `${current.host} redirects more than ${MAX_REDIRECTS} times`);
    url = checkUrl(targetOf(answer, current).href);
  }
}

async function fetchText(url: URL, request: TextRequest, { dispatcherFor, headersOf }: TextTools): Promise<FetchedText> {
  const { maxBytes, signal } = request;
  const headers = { ...headersOf(url, request.url, request.headers), "accept-encoding": "identity" };
  const chunks: Uint8Array[] = [];
  try {
    const onChunk = (chunk: Uint8Array) => chunks.push(chunk);
    const answer = await get(dispatcherFor(url), { url, method: "GET", headers, signal, mostBytes: maxBytes, onChunk });
    // TextDecoder drops a byte order mark.
    return { answer, text: new TextDecoder().decode(Buffer.concat(chunks)) };
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error, url.host);
  }
}

function targetOf(answer: Got, base: URL): URL {
  const target = redirectTarget(answer, base);
  if (target) return target;
  throw new PrefetchError("unsupported", `${base.host} answered ${answer.status} without a valid Location header`);
}

function assertUsable({ status, headers, bytes, declared = 0 }: Got, host: string, maxBytes: number): void {
  const challenger = challengerOf({ status, headers });
  if (challenger !== undefined) {
    const { reason, change } = challengeObstacle(challenger);
    throw new PrefetchError("auth_failed", `${host} answered ${status}. ${reason.slice(0, -1)}`, { hint: change, delivery: "refused" });
  }
  if (status !== 200) throw statusError(status, host);
  if (Math.max(bytes, declared) > maxBytes) {
    const limit = maxBytes.toLocaleString("en");
    const size = declared > maxBytes ? declared.toLocaleString("en") : `more than ${limit}`;
    throw new PrefetchError("unsupported", `${host} serves a text of ${size} bytes; the limit is ${limit}`);
  }
  const encoding = firstOf(headers, "content-encoding")?.toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    throw new PrefetchError("unsupported", `${host} sent compressed text, although the request accepts only uncompressed text`, {
      hint: "Serve the object uncompressed to requests with Accept-Encoding: identity.",
    });
  }
}

interface StatusMeaning extends Pick<ErrorFacts, "hint" | "retryable"> {
  readonly code: ErrorCode;
}

const missing: StatusMeaning = { code: "not_found", hint: "Check the URL." };

const statusMeanings: Readonly<Record<number, StatusMeaning>> = {
  401: { code: "auth_failed", hint: "Pass a URL that needs no sign-in, or a signed URL that is still valid." },
  403: { code: "auth_failed", hint: "Check the URL's signature and expiry, and the CDN's access rules (referer, country, address)." },
  404: missing,
  410: missing,
  429: { code: "rate_limited", retryable: true },
};

function meaningOf(status: number): StatusMeaning {
  const known = statusMeanings[status];
  if (known) return known;
  if (status >= 500) return { code: "vendor_unavailable", retryable: true };
  return { code: status >= 400 ? "not_found" : "unsupported" };
}

function statusError(status: number, host: string): PrefetchError {
  const { code, ...facts } = meaningOf(status);
  return new PrefetchError(code, `${host} answered ${status}`, { ...facts, delivery: "refused" });
}
