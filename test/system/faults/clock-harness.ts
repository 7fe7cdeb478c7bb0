/**
 * Time for tests over real sockets. It stands still while a request is in flight and jumps to the next alarm when nothing
 * happens, so a slow machine or a long wait cannot change the result.
 */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../src/base/clock.ts";

/** After this many turns of the event loop without an event, only time can cause another event. */
const CALM_TURNS = 6;
/** After this long without an event, the test fails instead of waiting for an event that never comes. */
const LONGEST_LULL_MS = 15_000;

export interface WireClock extends Clock {
  /** Lets time pass until `work` is done. At all other moments time stands still. */
  drive<Result>(work: Promise<Result>): Promise<Result>;
  /** Keeps time from passing until the returned function is called. */
  hold(): () => void;
  /** Lets time pass although one request stays on the wire, until the returned function is called. */
  disregard(): () => void;
  /** Replaces `AbortSignal.timeout`. */
  timeout(ms: number): AbortSignal;
  close(): void;
}

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

export function wireClock(start: number): WireClock {
  let now = start;
  let news = 0;
  let held = 0;
  let disregarded = 0;
  const alarms = new Set<Alarm>();
  const onWire = new Set<unknown>();

  const begun = (message: unknown): void => {
    news += 1;
    onWire.add(requestOf(message));
  };
  const ended = (message: unknown): void => {
    news += 1;
    onWire.delete(requestOf(message));
  };
  subscribe("undici:request:create", begun);
  subscribe("undici:request:trailers", ended);
  subscribe("undici:request:error", ended);

  const counting = (change: (by: 1 | -1) => void) => () => {
    news += 1;
    change(1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      news += 1;
      change(-1);
    };
  };

  const alarm = (ms: number, ring: () => void): Alarm => {
    const made = { at: now + Math.max(0, ms), ring };
    news += 1;
    alarms.add(made);
    return made;
  };

  const quiet = async (over: () => boolean): Promise<void> => {
    for (let calm = 0; calm < CALM_TURNS && !over(); ) {
      const before = news;
      await turn();
      const busy = held > 0 || onWire.size > disregarded;
      calm = busy || news !== before ? 0 : calm + 1;
    }
  };

  const soonest = (): Alarm | undefined => {
    let first: Alarm | undefined;
    for (const each of alarms) if (!first || each.at < first.at) first = each;
    return first;
  };

  return {
    now: () => Math.floor(now),
    monotonic: () => Math.floor(now),
    boot: "test",
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const stop = (): void => {
          news += 1;
          alarms.delete(own);
          reject(signal?.reason);
        };
        const own = alarm(ms, () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        });
        signal?.addEventListener("abort", stop, { once: true });
      }),
    timeout: (ms) => {
      const controller = new AbortController();
      alarm(ms, () => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")));
      return controller.signal;
    },
    drive: async (work) => {
      let over = false;
      const done = (): void => {
        over = true;
      };
      work.then(done, done);
      for (let lull = performance.now(); !over; ) {
        await quiet(() => over);
        const next = over ? undefined : soonest();
        if (next) {
          lull = performance.now();
          now = Math.max(now, next.at);
          alarms.delete(next);
          next.ring();
        } else if (performance.now() - lull > LONGEST_LULL_MS) throw new Error("Everything waits, and nothing is on the wire");
      }
      return work;
    },
    hold: counting((by) => {
      held += by;
    }),
    disregard: counting((by) => {
      disregarded += by;
    }),
    close: () => {
      unsubscribe("undici:request:create", begun);
      unsubscribe("undici:request:trailers", ended);
      unsubscribe("undici:request:error", ended);
    },
  };
}

function requestOf(message: unknown): unknown {
  return typeof message === "object" && message !== null && "request" in message ? message.request : message;
}
