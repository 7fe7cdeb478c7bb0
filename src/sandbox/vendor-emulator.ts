/** The part that the emulators of all vendors have in common, for tests and for the sandbox's edge. */

import type { EmulatorServer } from "./server/server.ts";

/** One received request. Requests that an injected fault answers are not logged. */
export interface VendorLogEntry {
  readonly at: number;
  readonly method: string;
  readonly status: number;
  /** URLs or asset ids of an accepted prefetch. */
  readonly accepted: readonly string[];
}

export interface VendorEmulator<Entry extends VendorLogEntry> extends EmulatorServer {
  readonly log: readonly Entry[];
  /** Units of quota that were spent on the current day. */
  readonly spentToday: number;
  /** When the URL reached the CDN; `undefined` until then. */
  warmedAt(url: string): number | undefined;
}
