/** Numbers of XML Schema, as exact as the standard wants them. */

/** xs:unsignedLong; `undefined` when it is none, or larger than 64 bits. */
export function unsigned(text: string): bigint | undefined {
  const match = /^\s*\+?0*(\d{1,20})\s*$/.exec(text);
  if (match === null) return undefined;
  const value = BigInt(match[1] ?? "0");
  return value <= LARGEST ? value : undefined;
}

export const LARGEST = 2n ** 64n - 1n;

/** xs:integer within the safe range. */
export function integer(text: string): number | undefined {
  const match = /^\s*[+-]?\d{1,15}\s*$/.exec(text);
  return match === null ? undefined : Number(text);
}

/** A byte range as HTTP writes it, such as "700-799" (ISO/IEC 23009-1, table 13); `undefined` when it is none. */
export function byteRange(text: string): { readonly start: number; readonly length: number | undefined } | undefined {
  const match = /^\s*(\d{1,15})-(\d{1,15})?\s*$/.exec(text);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const length = match[2] === undefined ? undefined : Number(match[2]) - start + 1;
  return length === undefined || length > 0 ? { start, length } : undefined;
}
