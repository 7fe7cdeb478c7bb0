/** Warms a list of URLs by fetching each through the edge, host beside host, within what was allowed to be used. */

import type { Dispatcher } from "undici";
import { type ErrorCode, PrefetchError } from "../../errors.ts";
import type { Clock } from "../../prefetch/clock.ts";
import { type Got, get } from "./get.ts";
import { createThrottle } from "./throttle.ts";

export interface WarmLimits {
  /** Requests under way to one host, and to all hosts. */
  readonly perHost: number;
  readonly atOnce: number;
  /** Of one host; `undefined` for no bound. */
  readonly requestsPerSecond: number | undefined;
  /** Of all hosts. */
  readonly bytesPerSecond: number | undefined;
  readonly mostBytes: number;
  readonly mostMs: number;
  /** A host of which this share of at least `judgedAfter` URLs failed is left alone. */
  readonly errorShare: number;
  readonly judgedAfter: number;
}

/** Polite rather than fast: beyond some dozen connections one process gains nothing, and the origin behind a cold edge pays for each. */
export const usualLimits: WarmLimits = {
  perHost: 8,
  atOnce: 64,
  requestsPerSecond: undefined,
  bytesPerSecond: undefined,
  mostBytes: 10 * 1_073_741_824,
  mostMs: 3_600_000,
  errorShare: 0.5,
  judgedAfter: 20,
};

export interface WarmOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly limits: WarmLimits;
  readonly method: "GET" | "HEAD";
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** What an answer that came whole means; for a bad one the reason. */
  readonly judge: (got: Got, url: string) => Verdict;
  /** How a request that got no whole answer failed. */
  readonly explain: (error: unknown, url: string) => PrefetchError;
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly code: ErrorCode; readonly reason: string };

export interface Warmed {
  readonly url: string;
  readonly verdict: Verdict;
  readonly got: Got | undefined;
}

export interface WarmTotals {
  readonly urls: number;
  readonly ok: number;
  readonly bytes: number;
  readonly ms: number;
}

/** Attempts at one URL, the first included, and the longest that a server may have us wait for the next. */
const ATTEMPTS = 3;
const LONGEST_HOLD_MS = 60_000;
const FIRST_RETRY_MS = 500;

interface Host {
  readonly urls: Iterator<string>;
  readonly throttle: ReturnType<typeof createThrottle>;
  holdUntil: number;
  done: number;
  failed: number;
}

/** Tells the outcome of each URL as soon as it is known, in no order; resolves when all are told. Never rejects for a URL's sake. */
export async function warm(urls: readonly string[], options: WarmOptions, tell: (outcome: Warmed) => void): Promise<WarmTotals> {
  const { dispatcher, clock, limits, method, headers, judge, explain } = options;
  const begun = clock.now();
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const totals = { urls: 0, ok: 0, bytes: 0 };
  const traffic = createThrottle(limits.bytesPerSecond, clock, signal);
  let exhausted: PrefetchError | undefined;

  const onBytes = (count: number): Promise<void> | undefined => {
    totals.bytes += count;
    if (totals.bytes > limits.mostBytes && !exhausted) {
      exhausted = new PrefetchError("queue_full", `The byte limit of this call (${limits.mostBytes.toLocaleString("en")}) is reached`);
      over.abort(exhausted);
    }
    return traffic(count);
  };

  const settle = (host: Host, outcome: Warmed): void => {
    host.done += 1;
    totals.urls += 1;
    if (outcome.verdict.ok) totals.ok += 1;
    else host.failed += 1;
    tell(outcome);
  };

  const attempt = async (host: Host, text: string): Promise<Warmed & { readonly retryMs?: number }> => {
    try {
      const rest = host.holdUntil - clock.now();
      if (rest > 0) await clock.sleep(rest, signal);
      await host.throttle(1);
      const got = await get(dispatcher, { url: new URL(text), method, headers, signal, onBytes });
      const verdict = wholeOr(got, () => judge(got, text));
      const retryMs = retryAfter(got, clock.now());
      return { url: text, verdict, got, ...(retryMs !== undefined && { retryMs }) };
    } catch (error) {
      const known = exhausted ?? explain(error, text);
      const verdict = { ok: false, code: known.code, reason: `${known.message}.` } as const;
      return { url: text, verdict, got: undefined, ...(known.retryable && !signal.aborted && { retryMs: FIRST_RETRY_MS }) };
    }
  };

  const fetchOne = async (host: Host, text: string): Promise<void> => {
    for (let nth = 1; ; nth += 1) {
      const { retryMs, ...outcome } = await attempt(host, text);
      if (retryMs === undefined || nth >= ATTEMPTS || signal.aborted) return settle(host, outcome);
      host.holdUntil = Math.max(host.holdUntil, clock.now() + Math.min(retryMs * 2 ** (nth - 1), LONGEST_HOLD_MS));
    }
  };

  const skip = (host: Host, url: string, code: ErrorCode, reason: string): void =>
    settle(host, { url, verdict: { ok: false, code, reason }, got: undefined });

  const runHost = async (host: Host): Promise<void> => {
    for (let next = host.urls.next(); !next.done; next = host.urls.next()) {
      if (exhausted || options.signal.aborted) skip(host, next.value, "cancelled", "Not fetched: the call was over before its turn came.");
      else if (host.done >= limits.judgedAfter && host.failed / host.done > limits.errorShare) {
        skip(host, next.value, "vendor_unavailable", `Not fetched: ${host.failed} of ${host.done} URLs of its host had failed.`);
      } else await fetchOne(host, next.value);
    }
  };

  const hosts = [...Map.groupBy(urls, (url) => new URL(url).host).values()].map(
    (own): Host => ({
      urls: own.values(),
      throttle: createThrottle(limits.requestsPerSecond, clock, signal),
      holdUntil: 0,
      done: 0,
      failed: 0,
    }),
  );
  const timeUp = new PrefetchError("timeout", `The time limit of this call (${limits.mostMs / 1_000} s) is reached`);
  const alarm = new AbortController();
  clock.sleep(limits.mostMs, alarm.signal).then(
    () => {
      exhausted ??= timeUp;
      over.abort(timeUp);
    },
    // Woken because everything is done.
    () => undefined,
  );
  try {
    // Every host gets its first lane before any gets a second one.
    const lanes = Array.from({ length: limits.perHost }, () => hosts)
      .flat()
      .values();
    const runLanes = async (): Promise<void> => {
      for (const host of lanes) await runHost(host);
    };
    await Promise.all(Array.from({ length: limits.atOnce }, runLanes));
  } finally {
    alarm.abort();
  }
  return { ...totals, ms: clock.now() - begun };
}

/** A body that is shorter than it was said to be has not filled a cache. */
function wholeOr({ bytes, declared }: Got, judge: () => Verdict): Verdict {
  if (declared !== undefined && Number.isFinite(declared) && bytes !== declared) {
    return { ok: false, code: "vendor_unavailable", reason: `The answer broke off after ${bytes} of ${declared} bytes.` };
  }
  return judge();
}

/** Milliseconds to wait before an answer that asks for patience is asked for again; `undefined` for any other. */
function retryAfter({ status, headers }: Got, now: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const said = headers.get("retry-after")?.[0];
  if (said === undefined) return FIRST_RETRY_MS;
  const seconds = Number(said);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(said) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_HOLD_MS) : FIRST_RETRY_MS;
}
