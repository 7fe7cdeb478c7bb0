/** Fetches one URL in one way until it is clear what came of it: redirects, patience, second attempts, doubts. */

import type { Dispatcher } from "undici";
import type { Clock } from "../../../base/clock.ts";
import { asPrefetchError, explain, PrefetchError } from "../../../base/errors.ts";
import { createSemaphore, type Semaphore } from "../../../base/semaphore.ts";
import { createThrottle, type Throttle } from "../../../base/throttle.ts";
import type { Progress } from "../../../prefetch/model/provider.ts";
import { readCache } from "../cache/cache-status.ts";
import { isServed } from "../cache/verdict.ts";
import type { WarmLimits } from "../limits.ts";
import { failureOf } from "../net/failure.ts";
import { type Got, get } from "../net/get.ts";
import { judge, type Verdict } from "./judge.ts";
import type { Run } from "./task-run.ts";

/** One of the ways in which each URL is fetched: through a PoP, as a variant. */
export interface Way {
  /** Empty where there is but one. */
  readonly name: string;
  readonly dispatcher: Dispatcher;
  /** For where a redirect leads to another host, which the PoP may not serve. */
  readonly elsewhere: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

/** What all requests to one host share, and those that come of them elsewhere. */
export interface Host {
  readonly semaphore: Semaphore;
  readonly throttle: Throttle;
  /** Nothing is asked of it before. */
  holdUntil: number;
}

/** On whose behalf a URL is fetched. */
export interface Trip {
  readonly run: Run;
  readonly progress: Pick<Progress, "moved" | "settled">;
  readonly signal: AbortSignal;
}

export interface FetcherOptions {
  readonly clock: Clock;
  readonly limits: WarmLimits;
  readonly method: "GET" | "HEAD";
  /** Redirects that are followed, each checked as the URL itself was. */
  readonly redirects: number;
  /** Throws `PrefetchError` for what must not be asked for. */
  readonly checkUrl: (url: string) => URL;
}

/** What the last of all redirects came to. */
interface Followed {
  readonly got: Got;
  readonly url: URL;
  readonly way: Way;
}

/** Rejects with the signal's reason, or for a bug. */
export type Fetcher = (host: Host, way: Way, url: string, trip: Trip) => Promise<Exclude<Verdict, { state: "doubtful" }>>;

/** Attempts at one URL, the first included, and the longest that a server may have us wait for the next. */
const ATTEMPTS = 3;
const LONGEST_HOLD_MS = 60_000;
const FIRST_RETRY_MS = 500;
/** CDNs store an answer a moment after they have given it. */
const STORED_AFTER_MS = 500;

export function createFetcher({ clock, limits, method, redirects, checkUrl }: FetcherOptions): Fetcher {
  const everywhere = createSemaphore(limits.atOnce);
  const traffic = createThrottle(limits.bytesPerSecond, clock);

  const turnAt = async (host: Host, signal: AbortSignal): Promise<void> => {
    await host.throttle(1, signal);
    // It may be asked for anew meanwhile, and the clock may have been set back.
    for (let now = clock.now(); now < host.holdUntil; now = clock.now()) {
      host.holdUntil = Math.min(host.holdUntil, now + LONGEST_HOLD_MS);
      await clock.sleep(host.holdUntil - now, signal);
    }
  };

  const request = async (host: Host, { dispatcher, headers }: Way, url: URL, verb: "GET" | "HEAD", trip: Trip): Promise<Got> => {
    const { run, progress, signal } = trip;
    await turnAt(host, signal);
    await everywhere.acquire(signal);
    const begun = clock.now();
    let heldBackMs = 0;
    let own = 0;
    const onBytes = (count: number): Promise<void> | undefined => {
      own += count;
      run.moved(count);
      progress.moved(count);
      const over = run.over();
      if (over) throw over;
      const now = clock.now();
      // What we hold back ourselves is not the server's slowness.
      const ms = now - begun - heldBackMs;
      if (ms > limits.patienceMs && (own / ms) * 1_000 < limits.slowest) throw tooSlow(url.host, own, ms);
      return traffic(count, signal)?.then(() => {
        heldBackMs += clock.now() - now;
      });
    };
    try {
      return await get(dispatcher, { url, method: verb, headers, signal, onBytes });
    } finally {
      everywhere.release();
    }
  };

  const follow = async (host: Host, asked: Way, text: string, trip: Trip): Promise<Followed> => {
    let url = checkUrl(text);
    const { hostname } = url;
    for (let hops = 0; ; hops += 1) {
      const way = url.hostname === hostname ? asked : { ...asked, dispatcher: asked.elsewhere };
      const got = await request(host, way, url, method, trip);
      const next = hops < redirects ? redirectOf(got, url) : undefined;
      if (!next) return { got, url, way };
      url = checkNext(next);
    }
  };

  const checkNext = (next: URL): URL => {
    try {
      return checkUrl(next.href);
    } catch (error) {
      const { message } = asPrefetchError(error);
      throw new PrefetchError("unsupported", `It redirects to where it must not be followed: ${message}`, { cause: error });
    }
  };

  /** A rule of the CDN may keep what the origin's answer speaks against. */
  const askAgain = async (host: Host, way: Way, url: URL, trip: Trip): Promise<boolean> => {
    await clock.sleep(STORED_AFTER_MS, trip.signal);
    try {
      const again = await request(host, way, url, "HEAD", trip);
      return again.status < 400 && isServed(readCache(again));
    } catch {
      // The body came whole: that nobody answers to HEAD is no reason to fetch it again.
      trip.signal.throwIfAborted();
      return false;
    }
  };

  const attempt = async (host: Host, asked: Way, text: string, trip: Trip) => {
    try {
      const { got, url, way } = await follow(host, asked, text, trip);
      const verdict = judge(got, url.href, method);
      const retryMs = retryAfter(got, clock.now());
      if (verdict.state !== "doubtful") return { verdict, retryMs };
      const kept = await askAgain(host, way, url, trip);
      const reason = kept ? "Kept by a rule of the CDN, although the origin's answer speaks against it." : verdict.reason;
      return { verdict: kept ? ({ state: "succeeded", reason } as const) : ({ ...verdict, state: "failed" } as const), retryMs };
    } catch (error) {
      trip.signal.throwIfAborted();
      const known = failureOf(error, new URL(text).host);
      // Nothing that happens to a request, and so not for this URL alone to bear.
      if (known.code === "internal") throw error;
      return {
        verdict: { state: "failed", code: known.code, reason: explain(known) } as const,
        retryMs: known.retryable ? FIRST_RETRY_MS : undefined,
      };
    }
  };

  return async (host, way, url, trip) => {
    for (let nth = 1; ; nth += 1) {
      const { verdict, retryMs } = await attempt(host, way, url, trip);
      if (retryMs === undefined || nth >= ATTEMPTS || trip.run.over()) return verdict;
      host.holdUntil = Math.max(host.holdUntil, clock.now() + Math.min(retryMs * 2 ** (nth - 1), LONGEST_HOLD_MS));
    }
  };
}

function tooSlow(host: string, bytes: number, ms: number): PrefetchError {
  const rate = Math.round((bytes / ms) * 1_000).toLocaleString("en");
  return new PrefetchError("timeout", `${host} sends ${rate} bytes a second, which is too slow to wait for`, {
    hint: "Look at the origin behind the CDN, then call again.",
  });
}

function redirectOf({ status, headers }: Got, base: URL): URL | undefined {
  const [target] = headers.get("location") ?? [];
  if (target === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  return URL.parse(target, base.href) ?? undefined;
}

/** Milliseconds to wait after an answer that another attempt may better; `undefined` for any other. */
function retryAfter({ status, headers }: Got, now: number): number | undefined {
  if (![429, 502, 503, 504].includes(status)) return undefined;
  const said = headers.get("retry-after")?.[0];
  if (said === undefined) return FIRST_RETRY_MS;
  const seconds = Number(said);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(said) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_HOLD_MS) : FIRST_RETRY_MS;
}
