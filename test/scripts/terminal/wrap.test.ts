import { styleText } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText } from "../../../scripts/terminal/ansi.ts";
import { wrapLine } from "../../../scripts/terminal/wrap.ts";

const coloured = (text: string) => styleText("red", text, { validateStream: false });

describe("wrapLine", () => {
  it("leaves a line that fits as it is, with its blanks", () => {
    expect(wrapLine("  a   b", 7)).toEqual(["  a   b"]);
  });

  it("breaks at blanks and indents what follows", () => {
    expect(wrapLine("one two three", 9)).toEqual(["one two", "  three"]);
    expect(wrapLine("  one two three", 9)).toEqual(["  one two", "    three"]);
  });

  it("breaks a word that is longer than a line", () => {
    expect(wrapLine("see abcdefghij", 6)).toEqual(["see", "  abcd", "  efgh", "  ij"]);
  });

  it("counts no sequences of styles", () => {
    const line = `${coloured("failed")} a.mp4`;
    expect(wrapLine(line, 12)).toEqual([line]);
    expect(wrapLine(line, 8)).toEqual([coloured("failed"), "  a.mp4"]);
  });

  it("keeps every line within its columns, and every character but blanks in its order", () => {
    const word = fc.string({ unit: fc.constantFrom(..."abc…█é-"), minLength: 1, maxLength: 40 });
    const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 100 }), fc.integer({ min: 0, max: 2 }), (words, columns, indent) => {
        const lines = wrapLine(`${" ".repeat(indent)}${words}`, columns);
        for (const line of lines) expect(plainText(line).length).toBeLessThanOrEqual(columns);
        expect(lines.join("").replaceAll(" ", "")).toBe(words.replaceAll(" ", ""));
      }),
    );
  });
});
