/** Fetches from the origin behind the edge, with the origin's delays and throttling. */

import { BoundedMap } from "../server/bounded-map.ts";
import { type OriginAnswer, originAnswer, throttledAnswer } from "./origin.ts";

export interface OriginFetches {
  /** `at`: when the answer arrives. */
  fetch(url: URL): Promise<{ readonly answer: OriginAnswer; readonly at: number }>;
  /** Fetches of this URL, or of all URLs. */
  count(url?: string): number;
}

export interface OriginFetchesOptions {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** URLs to remember. */
  readonly maxUrls: number;
}

export function createOriginFetches({ now, sleep, maxUrls }: OriginFetchesOptions): OriginFetches {
  const counts = new BoundedMap<string, number>(maxUrls);
  const throttled = new BoundedMap<string, true>(maxUrls);
  let total = 0;

  return {
    fetch: async (url) => {
      total += 1;
      counts.set(url.href, (counts.get(url.href) ?? 0) + 1);
      const { outcome } = originAnswer(url, now());
      if (outcome.firstByteMs) await sleep(outcome.firstByteMs);
      const at = now();
      if (outcome.does !== "throttle-first" || throttled.has(url.href)) return { answer: originAnswer(url, at), at };
      throttled.set(url.href, true);
      return { answer: throttledAnswer(outcome), at };
    },
    count: (url) => (url === undefined ? total : (counts.get(URL.parse(url)?.href ?? url) ?? 0)),
  };
}
