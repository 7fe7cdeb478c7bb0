/** Limits that the operator sets for calls. */

export interface Guards {
  /** Host names or `*.` patterns; `undefined` allows every host. */
  readonly allowedDomains: readonly string[] | undefined;
  readonly maxUrlsPerCall: number;
  /** A person must agree to a call that sends more URLs than this, or that takes more than half of what is left of a day. 0: never. */
  readonly confirmAbove: number;
}
