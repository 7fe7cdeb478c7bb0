/** A vendor's error table: what each vendor code and HTTP status means in the terms of `PrefetchError`. */

import type { ErrorCode, ErrorFacts } from "../../base/errors.ts";

export type Meaning = Readonly<
  {
    code: ErrorCode;
    hint?: string;
    /** A wrong clock causes refusals such as this one. */
    clockMatters?: boolean;
    /** The credentials are good, but lack the right to this call: its own advice, where it has some, is better than `hint`. */
    lacksRight?: boolean;
  } & Pick<ErrorFacts, "retryable" | "retryAfterMs" | "delivery" | "divisible">
>;

export interface StatusMeanings {
  readonly exact: Readonly<Record<number, Meaning>>;
  /** Any other 4xx. */
  readonly clientError: Meaning;
  /** Any other 5xx. */
  readonly serverError: Meaning;
  /** Any other status: a redirect, or a 2xx with an error in its body. */
  readonly other: Meaning;
}

export interface ErrorTable {
  /** By vendor code or by its first parts: the row `Throttling` also covers `Throttling.User`, unless that has its own row. */
  readonly codes: ReadonlyMap<string, Meaning>;
  /** For an answer with a code that `codes` lacks: the vendor itself refused. */
  readonly unknownCode: StatusMeanings;
  /** For an answer without a code: a proxy or gateway may have sent it. */
  readonly noCode: StatusMeanings;
}

/** Documented codes have up to 40 characters. Smaller: real codes are cut. Larger: hostile answers cost more time. */
const LONGEST_CODE = 200;

/** The most specific row for a code. */
export function meaningOfCode({ codes }: ErrorTable, code: string | undefined): Meaning | undefined {
  for (let name = code?.slice(0, LONGEST_CODE); name; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) {
    const known = codes.get(name);
    if (known) return known;
  }
  return undefined;
}

/** The row for a status, after `meaningOfCode` has found none. */
export function meaningOfStatus({ unknownCode, noCode }: ErrorTable, status: number, code: string | undefined): Meaning {
  const { exact, clientError, serverError, other } = code === undefined ? noCode : unknownCode;
  const known = exact[status];
  if (known) return known;
  if (status >= 500) return serverError;
  return status >= 400 ? clientError : other;
}
