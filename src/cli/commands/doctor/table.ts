/** Lays findings out: a table for a terminal, one line each for a pipe. */

import type { Paint } from "../terminal.ts";
import type { Counts, Finding, State } from "./finding.ts";

/** Wider lines are hard to read. */
const MOST_COLUMNS = 100;
/** Narrower terminals wrap the lines themselves. */
const LEAST_COLUMNS = 50;
const STATE_COLUMNS = 9;
/** A longer label stands on a line of its own. */
const LABEL_COLUMNS = 26;
const GAP = 2;

const colours: Partial<Record<State, Parameters<Paint>[0]>> = { ok: "green", warning: "yellow", failed: "red" };

/** `columns`: the width of the terminal. */
export function tableLines(findings: readonly Finding[], columns: number, paint: Paint): string[] {
  const width = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, columns));
  const labels = findings.map(labelOf).filter((label) => label.length <= LABEL_COLUMNS);
  const labelColumns = Math.max(0, ...labels.map((label) => label.length));
  const indent = STATE_COLUMNS + labelColumns + GAP;
  return findings.flatMap((finding) => {
    const label = labelOf(finding);
    const texts = [finding.says, ...(finding.next === undefined ? [] : [`Next: ${finding.next}`])];
    const lines = texts.flatMap((text) => wrap(text, width - indent)).map((line) => `${" ".repeat(indent)}${line}`);
    const colour = colours[finding.state];
    const word = finding.state.padEnd(STATE_COLUMNS);
    const state = colour === undefined ? word : paint(colour, word);
    if (label.length > labelColumns) return [`${state}${label}`, ...lines];
    const [first = "", ...rest] = lines;
    return [`${state}${label.padEnd(labelColumns + GAP)}${first.slice(indent)}`, ...rest];
  });
}

export function plainLines(findings: readonly Finding[]): string[] {
  return findings.map((finding) => {
    const next = finding.next === undefined ? "" : ` Next: ${finding.next}`;
    return `${finding.state.padEnd(STATE_COLUMNS)}${labelOf(finding)}: ${finding.says}${next}`;
  });
}

export function summaryLine(counts: Counts): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(", ");
}

function labelOf({ area, name }: Finding): string {
  return `${area} ${name}`;
}

/** Breaks between words, and within a word that is longer than a line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text
    .split(/\s+/)
    .filter(Boolean)
    .flatMap((each) => piecesOf(each, width))) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function piecesOf(word: string, width: number): string[] {
  return Array.from({ length: Math.ceil(word.length / width) }, (_, nth) => word.slice(nth * width, (nth + 1) * width));
}
