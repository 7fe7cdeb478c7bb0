/** Fetches the beginning of an object: limited in size, and with the same checks for each redirect as for the URL. */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { type ErrorCode, type ErrorFacts, PrefetchError } from "../../../base/errors.ts";
import type { KeyedSemaphore } from "../../../base/keyed-semaphore.ts";
import type { EdgeBody } from "../../../prefetch/model/edge.ts";
import { challengeObstacle, challengerOf } from "../cache/challenge.ts";
import { firstOf } from "../cache/headers.ts";
import { failureOf } from "../net/failure.ts";
import { type Got, get } from "../net/get.ts";
import { isRedirect, redirectTarget } from "../net/redirect.ts";
import type { HeaderRule } from "../net/site-headers.ts";

interface BodyRequest {
  /** Already checked by the guard. */
  readonly url: URL;
  readonly maxBytes: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface BodyTools {
  /** Limits the concurrent requests to a host. */
  readonly hostSlots: KeyedSemaphore;
  readonly dispatcherFor: (url: URL) => Dispatcher;
  readonly headersOf: HeaderRule;
  /** Throws `PrefetchError` for a URL that is not allowed. */
  readonly checkUrl: (input: unknown) => URL;
}

interface Fetched {
  readonly answer: Got;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** More redirects delay a call; fewer break manifests behind a redirect to https and another to a shard. */
const MAX_REDIRECTS = 3;

/** Throws `PrefetchError`, or the signal's reason. */
export async function fetchBody(request: BodyRequest, tools: BodyTools): Promise<EdgeBody> {
  const { hostSlots, checkUrl } = tools;
  let url = request.url;
  for (let followed = 0; ; followed += 1) {
    const current = url;
    const { answer, bytes } = await hostSlots(current.hostname, request.signal, () => fetchOne(current, request, tools));
    if (!isRedirect(answer)) {
      assertAnswered(answer, current.host);
      const encoding = firstOf(answer.headers, "content-encoding")?.toLowerCase();
      return { url: current.href, bytes, encoding, isWhole: answer.bytes <= request.maxBytes };
    }
    if (followed === MAX_REDIRECTS) throw new PrefetchError("unsupported", `${current.host} redirects more than ${MAX_REDIRECTS} times`);
    url = checkUrl(targetOf(answer, current).href);
  }
}

async function fetchOne(url: URL, request: BodyRequest, { dispatcherFor, headersOf }: BodyTools): Promise<Fetched> {
  const { maxBytes, signal } = request;
  const headers = { ...headersOf(url, request.url, request.headers), "accept-encoding": "identity" };
  const chunks: Uint8Array[] = [];
  try {
    const onChunk = (chunk: Uint8Array) => chunks.push(chunk);
    const answer = await get(dispatcherFor(url), {
      url,
      method: "GET",
      headers,
      signal,
      mostBytes: maxBytes,
      keepsBeginning: true,
      onChunk,
    });
    return { answer, bytes: await joined(chunks) };
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error, url.host);
  }
}

/** Copying the 50 MB of a sitemap at once holds the event loop for a fifth of a second; this many bytes hold it for milliseconds. */
const JOINED_PER_TURN = 1_048_576;

/** The bytes in a buffer of their own. Small buffers of Node share memory, which cannot be handed to a thread. */
async function joined(chunks: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  let turnEnds = JOINED_PER_TURN;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
    if (at < turnEnds) continue;
    turnEnds = at + JOINED_PER_TURN;
    await nextTurn();
  }
  return bytes;
}

function targetOf(answer: Got, base: URL): URL {
  const target = redirectTarget(answer, base);
  if (target) return target;
  throw new PrefetchError("unsupported", `${base.host} answered ${answer.status} without a valid Location header`);
}

function assertAnswered({ status, headers }: Got, host: string): void {
  const challenger = challengerOf({ status, headers });
  if (challenger !== undefined) {
    const { reason, change } = challengeObstacle(challenger);
    throw new PrefetchError("auth_failed", `${host} answered ${status}. ${reason.slice(0, -1)}`, { hint: change, delivery: "refused" });
  }
  if (status !== 200) throw statusError(status, host);
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
