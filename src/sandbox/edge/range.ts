/** Byte ranges of requests (RFC 9110, section 14). */

/** As in `Content-Range`, the last byte is included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The requested range of an object of this size. `undefined` means the whole object: without the header, and for a header
 * that a server may ignore, such as several ranges or an unknown unit.
 */
export function readRange(header: string | undefined, bytes: number): ByteRange | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), bytes);
    return length === 0 ? "unsatisfiable" : { first: bytes - length, last: bytes - 1 };
  }
  const first = Number(from);
  if (to !== "" && first > Number(to)) return undefined;
  if (first >= bytes) return "unsatisfiable";
  return { first, last: to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1) };
}
