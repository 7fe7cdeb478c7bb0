/** The time of a store that waits for locks: each pause takes its length at once. */

import type { LockTime } from "../../src/storage/lock-wait.ts";

interface Waited {
  readonly pauses: number;
  readonly waitedMs: number;
}

export interface FakeLockTime extends LockTime {
  pauses(): number;
  waitedMs(): number;
}

/** `onPause` runs in each pause, as another process does. */
export function lockTime(onPause: (waited: Waited) => void | Promise<void> = () => undefined): FakeLockTime {
  let pauses = 0;
  let waitedMs = 0;
  return {
    monotonic: () => waitedMs,
    sleep: async (ms) => {
      pauses += 1;
      waitedMs += ms;
      await onPause({ pauses, waitedMs });
    },
    pauses: () => pauses,
    waitedMs: () => waitedMs,
  };
}
