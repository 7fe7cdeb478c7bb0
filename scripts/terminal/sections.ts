/** Cuts the demo's output into its sections, for the picture in the README. */

import { plainText, spansOf } from "./ansi.ts";

/** The lines of the sections with these titles, in their order, with a blank line between two. Throws when a section is missing. */
export function sectionsOf(output: string, titles: readonly string[]): string[] {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of output.split("\n")) {
    if (isTitle(line)) {
      current = [];
      sections.set(plainText(line), current);
    }
    current.push(line);
  }
  return titles.flatMap((title, nth) => {
    const lines = sections.get(title);
    if (lines === undefined) throw new Error(`The demo has no section "${title}": change the titles in scripts/terminal/picture.ts.`);
    return [...(nth > 0 ? [""] : []), ...lines.slice(0, lines.findLastIndex((line) => line.trim() !== "") + 1)];
  });
}

/** A bold line is a title, unless it is a command. */
function isTitle(line: string): boolean {
  const [first, ...more] = spansOf(line);
  return first !== undefined && more.length === 0 && first.style.bold && !first.text.startsWith("$");
}
