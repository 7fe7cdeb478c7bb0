/** Remembers when emulated vendors finish prefetching each URL. */

import { failsInSandbox } from "./outcomes.ts";

export interface WarmedUrls {
  /** The vendor finishes this URL at that time, unless its name makes it fail. */
  add(url: string, at: number): void;
  /** The CDN has no copy of this URL any more at that time, unless its name makes it fail. */
  drop(url: string, at: number): void;
  /** When the URL reached the CDN; `undefined` until then. */
  warmedAt(url: string): number | undefined;
}

export function createWarmedUrls(now: () => number): WarmedUrls {
  const events = new Map<string, { readonly at: number; readonly isWarm: boolean }[]>();
  const note = (url: string, at: number, isWarm: boolean): void => {
    if (failsInSandbox(url)) return;
    const { href } = new URL(url);
    events.set(href, [...(events.get(href) ?? []), { at, isWarm }]);
  };

  return {
    add: (url, at) => note(url, at, true),
    drop: (url, at) => note(url, at, false),
    warmedAt: (url) => {
      const past = (events.get(url) ?? []).filter(({ at }) => at <= now());
      const last = past.reduce<(typeof past)[number] | undefined>(
        (latest, event) => (latest && latest.at > event.at ? latest : event),
        undefined,
      );
      return last?.isWarm ? last.at : undefined;
    },
  };
}
