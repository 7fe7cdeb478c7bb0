import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countStates, type Finding, rowsOf } from "../../../src/cli/commands/doctor/finding.ts";
import { plainLines, summaryLine, tableLines, wrap } from "../../../src/cli/commands/doctor/table.ts";

const plain = (_: string, text: string): string => text;
const word = fc.string({ minLength: 1, maxLength: 150, unit: "grapheme-ascii" }).map((text) => text.replace(/\s/g, "x"));
const sentence = fc.array(word, { minLength: 1, maxLength: 30 }).map((words) => words.join(" "));
const anyFinding = fc
  .record({ area: word, name: word, state: fc.constantFrom("ok", "warning", "failed", "skipped"), says: sentence, next: sentence })
  .map(({ area, name, state, says, next }): Finding => (state === "ok" ? { area, name, state, says } : { area, name, state, says, next }));
const withoutBlanks = (text: string): string => text.replace(/\s/g, "");

describe("wrap", () => {
  it("keeps every character but blanks, in lines of at most the width", () => {
    fc.assert(
      fc.property(sentence, fc.integer({ min: 1, max: 120 }), (text, width) => {
        const lines = wrap(text, width);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
        expect(withoutBlanks(lines.join(""))).toBe(withoutBlanks(text));
      }),
    );
  });

  it("breaks between words", () => {
    expect(wrap("The name does not resolve.", 14)).toEqual(["The name does", "not resolve."]);
    expect(wrap("", 14)).toEqual([""]);
  });
});

describe("tableLines", () => {
  it("never exceeds the terminal or 100 columns, and shows every text, whatever was found", () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 8 }), fc.integer({ min: 60, max: 300 }), (findings, columns) => {
        const short = findings.filter(({ area, name }) => area.length + name.length < 40);
        const lines = tableLines(short, columns, plain);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.min(100, columns));
        const shown = withoutBlanks(lines.join(""));
        for (const { says, next = "" } of short) expect(shown).toContain(withoutBlanks(says) + (next && `Next:${withoutBlanks(next)}`));
      }),
    );
  });

  it("aligns the texts, with the next step below", () => {
    const rows = rowsOf("store");
    const findings = [rows.ok("file", "It is fine."), rows.failed("schema", "It is newer than this program.", "Update.")];
    expect(tableLines(findings, 60, plain)).toEqual([
      "ok       store file    It is fine.",
      "failed   store schema  It is newer than this program.",
      "                       Next: Update.",
    ]);
  });

  it("paints the state only, by its kind", () => {
    const painted = tableLines([rowsOf("a").warning("b", "c", "d")], 60, (format, text) => `<${format}>${text}</>`);
    expect(painted[0]).toBe("<yellow>warning  </>a b  c");
  });
});

describe("plainLines", () => {
  it("has one line for each finding", () => {
    const rows = rowsOf("store");
    expect(plainLines([rows.ok("file", "It is fine."), rows.skipped("disk", "Not checked.", "Correct it.")])).toEqual([
      "ok       store file: It is fine.",
      "skipped  store disk: Not checked. Next: Correct it.",
    ]);
  });
});

it("summaryLine counts the states that occur", () => {
  const rows = rowsOf("a");
  expect(summaryLine(countStates([rows.ok("b", "c"), rows.ok("d", "e"), rows.failed("f", "g", "h")]))).toBe("2 ok, 1 failed");
});
