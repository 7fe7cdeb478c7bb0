/** The picture at the head of the README, from the demo's output. */

import { sectionsOf } from "./sections.ts";
import { terminalSvg } from "./svg.ts";

const COLUMNS = 100;

const shown = ["A URL that becomes warm, and why another one stays cold", "Summary"];

export function shownLines(output: string): string[] {
  return sectionsOf(output, shown);
}

export function pictureOf(output: string): string {
  return terminalSvg({ title: "npm run demo", lines: shownLines(output), columns: COLUMNS });
}
