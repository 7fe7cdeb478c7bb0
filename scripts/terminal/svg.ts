/**
 * Draws the output of a terminal as an SVG. It needs no font of its own: each run of text says how wide it is, so columns stand
 * below each other in every monospaced font.
 */

import { type Colour, plain, type Span, type Style, spansOf } from "./ansi.ts";

const FONT_SIZE = 14;
const COLUMN = 8.4;
const LINE = 20;
const MARGIN = 20;
const TITLE_BAR = 36;

const colours: Readonly<Record<Colour | "text" | "strong" | "faint" | "ground" | "bar", string>> = {
  text: "#c9d1d9",
  strong: "#ffffff",
  faint: "#8b949e",
  red: "#ff7b72",
  green: "#56d364",
  yellow: "#e3b341",
  ground: "#0d1117",
  bar: "#21262d",
};

export interface Picture {
  /** Stands in the bar above the lines, and is the text of the picture for screen readers. */
  readonly title: string;
  readonly lines: readonly string[];
  readonly columns: number;
}

export function terminalSvg({ title, lines, columns }: Picture): string {
  const width = Math.ceil(columns * COLUMN) + 2 * MARGIN;
  const height = TITLE_BAR + lines.length * LINE + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" rx="10" fill="${colours.ground}"/>`,
    `<path d="M0 ${TITLE_BAR}V10a10 10 0 0 1 10-10H${width - 10}a10 10 0 0 1 10 10V${TITLE_BAR}z" fill="${colours.bar}"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map(
      (fill, nth) => `<circle cx="${MARGIN + nth * 20}" cy="${TITLE_BAR / 2}" r="6" fill="${fill}"/>`,
    ),
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="${FONT_SIZE}">`,
    `<text x="${width / 2}" y="${TITLE_BAR / 2 + 5}" text-anchor="middle" fill="${colours.faint}">${escaped(title)}</text>`,
    ...lines.flatMap((line, nth) => textsOf(line, TITLE_BAR + MARGIN + nth * LINE + FONT_SIZE)),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** The lines of a picture, without their styles. Blank lines and blanks at the end of a line are lost. */
export function linesOfSvg(svg: string): string[] {
  const byHeight = new Map<string, string>();
  for (const [, x = "", y = "", text = ""] of svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" textLength[^>]*>([^<]*)<\/text>/g)) {
    const column = Math.round((Number(x) - MARGIN) / COLUMN);
    byHeight.set(y, (byHeight.get(y) ?? "").padEnd(column) + unescaped(text));
  }
  return [...byHeight.values()];
}

/** One element for each run of a line. Wide gaps end a run, because renderers collapse blanks. */
function textsOf(line: string, y: number): string[] {
  let column = 0;
  return spansOf(line).flatMap((span) => {
    const start = column;
    column += span.text.length;
    return [...span.text.matchAll(/\S+(?: \S+)*/g)].map((run) => textOf({ text: run[0], style: span.style }, start + run.index, y));
  });
}

function textOf({ text, style }: Span, column: number, y: number): string {
  const x = rounded(MARGIN + column * COLUMN);
  const weight = style.bold ? ' font-weight="bold"' : "";
  return `<text x="${x}" y="${y}" textLength="${rounded(text.length * COLUMN)}" lengthAdjust="spacingAndGlyphs" fill="${colourOf(style)}"${weight}>${escaped(text)}</text>`;
}

function colourOf(style: Style): string {
  return colours[style.colour ?? (style.bold === plain.bold ? "text" : "strong")];
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

function unescaped(text: string): string {
  return Object.entries(entities)
    .toReversed()
    .reduce((rest, [character, entity]) => rest.replaceAll(entity, character), text);
}
