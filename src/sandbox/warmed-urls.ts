/** Remembers when emulated vendors finish prefetching each URL. */

import { failsInSandbox } from "./outcomes.ts";

export interface WarmedUrls {
  /** The vendor finishes this URL at that time, unless its name makes it fail. */
  add(url: string, at: number): void;
  /** When the URL reached the CDN; `undefined` until then. */
  warmedAt(url: string): number | undefined;
}

export function createWarmedUrls(now: () => number): WarmedUrls {
  const times = new Map<string, number>();
  return {
    add: (url, at) => {
      if (!failsInSandbox(url)) times.set(new URL(url).href, at);
    },
    warmedAt: (url) => {
      const at = times.get(url);
      return at !== undefined && at <= now() ? at : undefined;
    },
  };
}
