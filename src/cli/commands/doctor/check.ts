/** Runs checks: each within its time, none stopped by the failure of another. */

import { abortable } from "../../../base/abortable.ts";
import { asPrefetchError, PrefetchError } from "../../../base/errors.ts";
import { type Finding, rowsOf } from "./finding.ts";

export interface Check {
  readonly area: string;
  /** Variables of the settings that the check relies on. It is skipped when the value of one cannot be used. */
  readonly needs: readonly string[];
  /** Longest time in milliseconds. */
  readonly limitMs: number;
  run(signal: AbortSignal): Promise<readonly Finding[]> | readonly Finding[];
}

export interface RunOptions {
  /** Variables whose values cannot be used. */
  readonly broken: readonly string[];
  /** Told of errors that are bugs. */
  readonly report: (error: unknown, about: string) => void;
}

export async function runCheck({ area, needs, limitMs, run }: Check, { broken, report }: RunOptions): Promise<readonly Finding[]> {
  const rows = rowsOf(area);
  const missing = needs.filter((name) => broken.includes(name));
  if (missing.length > 0)
    return [rows.skipped("settings", `Not checked, because ${missing.join(" and ")} cannot be used.`, "Correct that first.")];
  try {
    return await within(limitMs, `The check of ${area}`, undefined, async (signal) => run(signal));
  } catch (thrown) {
    const error = asPrefetchError(thrown);
    if (error.code === "internal") report(thrown, `the check of ${area}`);
    return [rows.error("check", error)];
  }
}

/** Rejects with `timeout` when the work takes longer. Its timer keeps the process alive, because the work may wait on timers that do not. */
export async function within<Result>(
  limitMs: number,
  about: string,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(timeout(about, limitMs)), limitMs);
  const signal = outer === undefined ? late.signal : AbortSignal.any([outer, late.signal]);
  try {
    return await abortable(work(signal), signal);
  } catch (error) {
    // Work that heeds the signal may reject with an error of its own first.
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

function timeout(about: string, limitMs: number): PrefetchError {
  return new PrefetchError("timeout", `${about} got no answer within ${limitMs / 1_000} seconds`, {
    hint: "Check the network, the disk and any proxy or firewall on the way, then run the doctor again.",
  });
}
