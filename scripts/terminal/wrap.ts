/** Breaks long lines at blanks, as documents and narrow terminals need them. */

import { Writable } from "node:stream";
import { plainText } from "./ansi.ts";

/** Continued lines stand this far to the right of their first line. */
const HANGING = 2;

/** Lines of at most `columns`. A word that is longer than a line is broken wherever the line ends. */
export function wrapLine(line: string, columns: number): string[] {
  if (plainText(line).length <= columns) return [line];
  const [indent = ""] = /^ */.exec(line) ?? [];
  const hanging = " ".repeat(Math.min(indent.length + HANGING, columns - 1));
  const lines: string[] = [];
  let current = indent;
  let isEmpty = true;
  for (const word of line
    .trim()
    .split(" ")
    .flatMap((long) => pieces(long, columns - hanging.length))) {
    const longer = isEmpty ? `${current}${word}` : `${current} ${word}`;
    if (plainText(longer).length <= columns) current = longer;
    else {
      if (!isEmpty) lines.push(current);
      current = `${hanging}${word}`;
    }
    isEmpty = false;
  }
  return [...lines, current];
}

/** A styled word stays whole: its sequences would break. */
function pieces(word: string, most: number): string[] {
  if (plainText(word).length <= most || plainText(word) !== word) return [word];
  return Array.from({ length: Math.ceil(word.length / most) }, (_, nth) => word.slice(nth * most, (nth + 1) * most));
}

/** A stream that wraps every whole line that is written to it. */
export function wrapping(out: NodeJS.WriteStream, columns: number): Writable & { readonly isTTY: boolean } {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _, done) => {
      const lines = String(chunk).split("\n");
      out.write(lines.flatMap((line) => wrapLine(line, columns)).join("\n"));
      done();
    },
  });
  return Object.assign(stream, { isTTY: out.isTTY === true });
}
