/** Cuts a byte stream into lines, in time that grows with the number of bytes. */

const NEWLINE = 0x0a;

export interface LineReader {
  add(chunk: Buffer): void;
  /** The next complete line without its end; `undefined` when there is none. Throws for a line that is longer than the limit. */
  next(): Buffer | undefined;
}

export function createLineReader(longestLine: number): LineReader {
  /** Chunks that have not been searched for the end of a line. */
  const unread: Buffer[] = [];
  /** The beginning of a line whose end has not arrived. The parts are joined once, at its end. */
  let parts: Buffer[] = [];
  let length = 0;

  const keep = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
    if (length > longestLine) throw new RangeError(`A message has more than ${longestLine} bytes`);
  };
  const takeLine = (): Buffer => {
    const line = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, length);
    parts = [];
    length = 0;
    return line;
  };

  return {
    add: (chunk) => void unread.push(chunk),
    next: () => {
      for (let chunk = unread.shift(); chunk; chunk = unread.shift()) {
        const end = chunk.indexOf(NEWLINE);
        keep(end < 0 ? chunk : chunk.subarray(0, end));
        if (end < 0) continue;
        if (end + 1 < chunk.length) unread.unshift(chunk.subarray(end + 1));
        return takeLine();
      }
      return undefined;
    },
  };
}
