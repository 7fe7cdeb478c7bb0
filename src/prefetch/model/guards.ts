/** Limits that the operator sets for calls. */

export interface Guards {
  /** Host names or `*.` patterns; `undefined` allows every host. */
  readonly allowedDomains: readonly string[] | undefined;
  readonly maxUrlsPerCall: number;
}
