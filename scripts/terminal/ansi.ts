/** The escape sequences that `styleText` writes: colours and bold. */

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export interface Style {
  readonly bold: boolean;
  readonly colour: Colour | undefined;
}

export type Colour = "red" | "green" | "yellow";

export const plain: Style = { bold: false, colour: undefined };

const colours: Readonly<Record<string, Colour>> = { "31": "red", "32": "green", "33": "yellow" };

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals begin a sequence with this character.
const sequence = /\u001b\[([\d;]*)m/g;

/** A line without its sequences: the columns that a terminal shows. */
export function plainText(line: string): string {
  return line.replace(sequence, "");
}

/** The pieces of a line, each with its style. A sequence that is not known changes nothing. */
export function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let style = plain;
  let from = 0;
  for (const found of line.matchAll(sequence)) {
    spans.push({ text: line.slice(from, found.index), style });
    from = found.index + found[0].length;
    style = styleAfter(style, found[1] ?? "");
  }
  spans.push({ text: line.slice(from), style });
  return spans.filter(({ text }) => text !== "");
}

function styleAfter(style: Style, code: string): Style {
  if (code === "" || code === "0") return plain;
  if (code === "1" || code === "22") return { ...style, bold: code === "1" };
  if (code === "39") return { ...style, colour: undefined };
  return { ...style, colour: colours[code] ?? style.colour };
}
