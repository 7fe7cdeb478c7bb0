/** One row of the report: what a check found, and the next step where something is to be done. */

import { DOCTOR_HINT, describe, type PrefetchError } from "../../../base/errors.ts";

export const states = ["ok", "warning", "failed", "skipped"] as const;
export type State = (typeof states)[number];

interface Row {
  /** The part of the installation, such as `store` or a provider's id. */
  readonly area: string;
  /** The thing that was checked, such as `credentials`. */
  readonly name: string;
  /** One or two sentences. */
  readonly says: string;
}

export type Finding = Row &
  (
    | { readonly state: "ok"; readonly next?: never }
    /** `skipped`: not checked, or not set up; no fault. `failed`: it does not work as it is. */
    | { readonly state: Exclude<State, "ok">; readonly next: string }
  );

/** Builds the rows of one area. */
export interface Rows {
  ok(name: string, says: string): Finding;
  warning(name: string, says: string, next: string): Finding;
  failed(name: string, says: string, next: string): Finding;
  skipped(name: string, says: string, next: string): Finding;
  /** The row of an error. `next` stands for a missing hint. */
  error(name: string, error: PrefetchError, options?: { readonly state?: "warning" | "failed"; readonly next?: string }): Finding;
}

export function rowsOf(area: string): Rows {
  const build =
    (state: Exclude<State, "ok">) =>
    (name: string, says: string, next: string): Finding => ({ area, name, state, says, next });
  return {
    ok: (name, says) => ({ area, name, state: "ok", says }),
    warning: build("warning"),
    failed: build("failed"),
    skipped: build("skipped"),
    error: (name, error, { state = "failed", next = "Run the doctor again; if it stays, read the log of the server." } = {}) =>
      build(state)(name, describe(error), withoutDoctor(error.hint) || next),
  };
}

function withoutDoctor(hint = ""): string {
  return hint.replace(DOCTOR_HINT, "").trim();
}

export type Counts = Readonly<Record<State, number>>;

export function countStates(findings: readonly Finding[]): Counts {
  const count = (state: State) => findings.filter((finding) => finding.state === state).length;
  return { ok: count("ok"), warning: count("warning"), failed: count("failed"), skipped: count("skipped") };
}
