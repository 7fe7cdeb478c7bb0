/** What a row of the fault matrix is made of. */

import type { ErrorCode } from "../../../src/base/errors.ts";
import type { Credentials, ProviderId } from "./vendors-harness.ts";
import type { ConnectionFault, RequestFault } from "./wire-harness.ts";

/** What becomes of a URL; of a rejected one with the code that it is told with. */
export type Fate = "succeeded" | "processing" | "untracked" | "unknown" | `rejected: ${ErrorCode}`;

/** What goes wrong, and when: by default from the start of the task until its end. */
export type Commit = { readonly from?: number; readonly until?: number } & (
  | {
      /** `url`: requests to prefetch one certain URL; `submits`: any; `questions`: what became of them; `all` those and all others. */
      readonly on: "url" | "submits" | "questions" | "logins" | "all";
      readonly fault: RequestFault;
      /** So many times only. */
      readonly times?: number;
    }
  | { readonly on: "connections"; readonly fault: ConnectionFault }
  | { readonly on: "tokens" }
);

export interface Setup {
  /** Milliseconds since the epoch when the task begins. */
  readonly start?: number;
  readonly credentials?: Credentials;
  /** Endpoint to use instead of the emulator's. */
  readonly endpoint?: string;
  readonly tls?: boolean;
  /** By how much the vendor's clock is ahead of the server's. */
  readonly vendorAheadMs?: number;
  readonly dailyLimit?: number;
  readonly tokenLifeMs?: number;
  readonly listDelayMs?: number;
  /** Somebody waits for the outcome all the time. */
  readonly waits?: boolean;
  /** Of the call that makes the task. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** Of the server. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Least and most, where chance has a say in it. */
export type Count = number | readonly [least: number, most: number];

export interface Expected {
  /** Of the URL in whose request the fault is committed, or of the last one where all are concerned. */
  readonly url: Fate;
  /** Of the other URLs of its request; the same unless told. */
  readonly mates?: Fate;
  /** Of all others: what some or all of them come to. */
  readonly others?: readonly Fate[];
  /** How often a request with that URL was made, on the wire or not. */
  readonly tries: Count;
  /** Whether the vendor took that URL in the end. */
  readonly accepted: boolean;
  /** That it took it more than once, which needs the row's `why`. */
  readonly acceptedTimes?: number;
  /** Units that the ledger counts although the vendor did not, or the other way round; none unless told. */
  readonly overcounted?: number;
  /** Units that the vendor's books hold for each of its days, where there is more to say than that they are the ledger's. */
  readonly days?: Readonly<Record<string, number>>;
  /** Most requests of any kind over the whole task. */
  readonly requests: number;
  /** What a reason says of those that were turned down or lost. */
  readonly says?: readonly RegExp[];
}

export interface FaultRow {
  /** As the page names it. */
  readonly fault: string;
  readonly section: string;
  readonly provider: ProviderId;
  /** The vendor's codes with this outcome. The first one is sent. */
  readonly codes?: readonly string[];
  readonly setup?: Setup;
  readonly commit: readonly Commit[];
  /**
   * For faults that concern all that is sent from some moment on, and not one URL alone: so many requests are left by then,
   * after those that go at once.
   */
  readonly left?: number;
  readonly expected: Expected;
  /** Said of the row beside what happened. */
  readonly why?: string;
}
