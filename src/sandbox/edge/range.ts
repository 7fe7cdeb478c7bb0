/** Byte ranges of requests (RFC 9110, section 14). */

/** As in `Content-Range`: the last byte is part of it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The range that a `Range` header asks for of so many bytes. `undefined` where the whole is to be sent: without the
 * header, and for what a server may pass over, such as several ranges or a unit that it does not know.
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
