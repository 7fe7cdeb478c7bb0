/** The signal of a call that nothing stops. */

/** Never aborted. */
export const { signal: neverAborted } = new AbortController();
