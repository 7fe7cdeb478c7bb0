/**
 * Counts phrases that make a reader decode a sentence, such as "nobody" for a program or "of which". `npm run check`
 * fails when an area has more of them than `MOST_PER_THOUSAND`. The list holds phrases only; style stays with reviewers.
 *
 * Usage: node scripts/check-prose.ts [--list] [path …]. `--list` prints each place; paths narrow the count.
 */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

/** pg-boss's comments have 2.9. A higher limit lets indirect prose return; 0 would forbid quoting such a phrase. */
const MOST_PER_THOUSAND = 2.9;
const SHOWN_CHARACTERS = 160;

const phrases = [
  /\b(?:who|whom|whoever|nobody|somebody|anybody|everybody|someone|anyone|everyone)\b/gi,
  /\bof (?:which|whom)\b/gi,
  /\bso (?:many|much|long|often|few)\b(?! as)/gi,
  /\b(?:likewise|therein|whereby|thereof)\b/gi,
  /\bwhat (?:is|are|was|were|has|have|had|it|they|there|comes?|came|becomes?|became|can|may|must|might|would|could|does|did)\b/gi,
  /\b(?:is|are|was|were|be) (?:said|told|meant|begun|wanted)\b/gi,
  /\b(?:the|all|some|no) others\b/gi,
  /\b(?:comes?|came|come) to (?:nothing|be)\b/gi,
];

/** A comment that starts with one of these hides its actor. */
const indirectStart = /^(?:what|who|of|likewise|with)\b/i;

interface Area {
  readonly name: string;
  readonly files: RegExp;
  /** Pieces of prose of one file, each with the number of its first line. */
  readonly read: (text: string) => readonly Piece[];
}

interface Piece {
  readonly line: number;
  readonly text: string;
}

const areas: readonly Area[] = [
  { name: "comments in src", files: /^src\/.*\.ts$/, read: comments },
  { name: "comments in test, bench and scripts", files: /^(?:test|bench|scripts)\/.*\.ts$/, read: comments },
  { name: "texts in src", files: /^src\/.*\.ts$/, read: literals },
  { name: "test titles", files: /^test\/.*\.ts$/, read: titles },
  { name: "pages", files: /\.md$/, read: paragraphs },
];

/** Comment blocks: consecutive `//` lines, block comments, and comments behind code. */
function comments(text: string): Piece[] {
  const blocks: { line: number; lines: string[] }[] = [];
  let isOpen = false;
  for (const [index, line] of text.split("\n").entries()) {
    const whole = /^\s*(?:\/\*\*?|\*(?!\/)|\/\/)\s?(.*?)(?:\*\/)?\s*$/.exec(line)?.[1];
    const trailing = whole === undefined ? /\S\s+\/\/ (.+)$/.exec(line)?.[1] : undefined;
    const continues = isOpen && !/^\s*\/\*/.test(line);
    if (whole !== undefined && continues) blocks.at(-1)?.lines.push(whole);
    else if ((whole ?? trailing) !== undefined) blocks.push({ line: index + 1, lines: [whole ?? trailing ?? ""] });
    isOpen = whole !== undefined && !/\*\/\s*$/.test(line);
  }
  return blocks.map(({ line, lines }) => ({ line, text: lines.join(" ") })).filter((piece) => /[a-z]/i.test(piece.text));
}

/** String and template literals of three words or more: errors, hints, tool texts, log lines. */
function literals(text: string): Piece[] {
  return text.split("\n").flatMap((line, index) => {
    if (/^\s*(?:\/\/|\*|\/\*|import )/.test(line)) return [];
    const found = line.match(/"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
    return found
      .filter((literal) => (literal.match(/[a-z]{2,} /gi) ?? []).length >= 2)
      .map((literal) => ({ line: index + 1, text: literal }));
  });
}

function titles(text: string): Piece[] {
  return text.split("\n").flatMap((line, index) => {
    const [, title] = /\b(?:it|test|describe)(?:\.\w+)*(?:\([^"`]*\))?\(\s*["`](.*)["`],/.exec(line) ?? [];
    return title === undefined ? [] : [{ line: index + 1, text: title }];
  });
}

/** Markdown without code blocks, quoted words, and generated sections, which are checked in src. */
function paragraphs(text: string): Piece[] {
  let hidden = false;
  return text.split("\n").flatMap((line, index) => {
    if (/^```/.test(line.trim()) || /^<!-- (?:generated|end):/.test(line))
      hidden = /^<!-- end:/.test(line) ? false : /^<!-- gen/.test(line) || !hidden;
    return hidden || line.trim() === "" ? [] : [{ line: index + 1, text: line.replace(/`[^`]*`|"[^"]{1,20}"/g, "quote") }];
  });
}

function hitsIn(piece: Piece, area: Area): string[] {
  const found = phrases.flatMap((phrase) => piece.text.match(phrase) ?? []);
  const start = area.read === comments ? indirectStart.exec(piece.text.trim()) : null;
  return start ? [...found, `starts with "${start[0]}"`] : found;
}

const { values, positionals } = parseArgs({ options: { list: { type: "boolean" } }, allowPositionals: true });
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" }).split("\n");
const wanted = tracked.filter((file) => positionals.length === 0 || positionals.some((path) => file.startsWith(path)));

interface Count {
  readonly words: number;
  readonly hits: readonly string[];
}

function countIn(area: Area): Count {
  const hits: string[] = [];
  let words = 0;
  for (const file of wanted.filter((path) => area.files.test(path) && path !== "scripts/check-prose.ts")) {
    for (const piece of area.read(readFileSync(file, "utf8"))) {
      words += piece.text.split(/\s+/).filter(Boolean).length;
      hits.push(...hitsIn(piece, area).map((hit) => `${file}:${piece.line}: ${hit}: ${piece.text.slice(0, SHOWN_CHARACTERS)}`));
    }
  }
  return { words, hits };
}

const lines = areas.flatMap((area) => {
  const { words, hits } = countIn(area);
  const rate = words === 0 ? 0 : (hits.length / words) * 1_000;
  if (rate > MOST_PER_THOUSAND) process.exitCode = 1;
  const sum = `${area.name}: ${hits.length} indirect phrases in ${words} words, ${rate.toFixed(1)} per 1,000 (at most ${MOST_PER_THOUSAND})`;
  return values.list ? [...hits, sum] : [sum];
});
if (process.exitCode === 1)
  lines.push("Rewrite the sentences that `node scripts/check-prose.ts --list` prints; CONTRIBUTING.md has the style guide.");
writeFileSync(1, `${lines.join("\n")}\n`);
