/** The type of a row of the fault tables. */

import type { ErrorCode } from "../../../src/base/errors.ts";
import type { Credentials, ProviderId } from "./vendors-harness.ts";
import type { ConnectionFault, RequestFault } from "./wire-harness.ts";

/** The final state of a URL, with the error code of a rejected one. */
export type Fate = "succeeded" | "processing" | "untracked" | "unknown" | `rejected: ${ErrorCode}`;

/** A fault and its period, by default the whole task. */
export type Commit = { readonly from?: number; readonly until?: number } & (
  | {
      /** `url`: prefetches of one certain URL. `submits`: all prefetches. `questions`: status queries. `all`: every request. */
      readonly on: "url" | "submits" | "questions" | "logins" | "all";
      readonly fault: RequestFault;
      /** The fault hits only this many requests. */
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
  /** Milliseconds by which the vendor's clock is ahead of the server's. */
  readonly vendorAheadMs?: number;
  readonly dailyLimit?: number;
  readonly tokenLifeMs?: number;
  readonly listDelayMs?: number;
  /** A call waits for the outcome all the time. */
  readonly waits?: boolean;
  /** Arguments of the call that creates the task. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** Settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** An exact number, or a range where the number may vary. */
export type Count = number | readonly [least: number, most: number];

export interface Expected {
  /** State of the URL whose request is hit, or of the last URL when the fault hits all requests. */
  readonly url: Fate;
  /** State of the other URLs of that request. Default: the same state. */
  readonly mates?: Fate;
  /** States that occur among all remaining URLs. Default: succeeded. */
  readonly others?: readonly Fate[];
  /** How often the server tried to send a request with that URL. */
  readonly tries: Count;
  /** Whether the vendor accepted that URL in the end. */
  readonly accepted: boolean;
  /** How often the vendor accepted it, if more than once. Such a row needs a `why`. */
  readonly acceptedTimes?: number;
  /** Units that the ledger counts beyond the vendor's books; negative where it counts fewer. Default: none. */
  readonly overcounted?: number;
  /** Units that the vendor's books hold for each of its days, where there is more to say than that they are the ledger's. */
  readonly days?: Readonly<Record<string, number>>;
  /** Most requests of any kind over the whole task. */
  readonly requests: number;
  /** Patterns that the reason of a rejected or lost URL matches. */
  readonly says?: readonly RegExp[];
}

export interface FaultRow {
  /** The row's name in docs/faults.md. */
  readonly fault: string;
  readonly section: string;
  readonly provider: ProviderId;
  /** The vendor's codes with this outcome. The first one is sent. */
  readonly codes?: readonly string[];
  readonly setup?: Setup;
  readonly commit: readonly Commit[];
  /**
   * For faults that hit every request from some moment on: the number of requests that are unsent by then. More requests
   * went out at once before.
   */
  readonly left?: number;
  readonly expected: Expected;
  /** A remark that the table adds to the fault. */
  readonly why?: string;
}
