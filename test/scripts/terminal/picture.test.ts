import { styleText } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText, spansOf } from "../../../scripts/terminal/ansi.ts";
import { sectionsOf } from "../../../scripts/terminal/sections.ts";
import { linesOfSvg, terminalSvg } from "../../../scripts/terminal/svg.ts";

const styled = (format: "bold" | "red" | "green" | "yellow", text: string) => styleText(format, text, { validateStream: false });

describe("spansOf", () => {
  it("gives each piece of a line its colour and weight", () => {
    expect(spansOf(`a ${styled("green", "b")} ${styled("bold", styled("red", "c"))}`)).toEqual([
      { text: "a ", style: { bold: false, colour: undefined } },
      { text: "b", style: { bold: false, colour: "green" } },
      { text: " ", style: { bold: false, colour: undefined } },
      { text: "c", style: { bold: true, colour: "red" } },
    ]);
  });

  it("ignores sequences that it does not know, and resets with 0", () => {
    expect(spansOf("\u001b[1;4ma\u001b[38;5;1mb\u001b[31mc\u001b[0md").map(({ text, style }) => [text, style.colour])).toEqual([
      ["a", undefined],
      ["b", undefined],
      ["c", "red"],
      ["d", undefined],
    ]);
  });
});

describe("terminalSvg", () => {
  it("puts each run of text into the columns of its line", () => {
    const svg = terminalSvg({ title: "demo", lines: [`ok  ${styled("green", "10")}`], columns: 20 });
    expect(svg).toContain('<text x="20" y="70" textLength="16.8"');
    expect(svg).toContain('<text x="53.6" y="70" textLength="16.8" lengthAdjust="spacingAndGlyphs" fill="#56d364">10</text>');
  });

  it("asks for nothing outside of the file", () => {
    const svg = terminalSvg({ title: 'a <b> & "c"', lines: ["<script>alert(1)</script> & https://example.com"], columns: 60 });
    expect(svg).not.toMatch(/<script|@import|url\(|href|<image|<style/);
    expect(svg.match(/https?:[^"]*/g)).toEqual(["http://www.w3.org/2000/svg", "https://example.com</text>\n</g>\n</svg>\n"]);
    expect(svg).toContain('aria-label="a &lt;b&gt; &amp; &quot;c&quot;"');
  });

  it("keeps every line of printable text, but blank lines and blanks at the end", () => {
    const line = fc.string({ unit: fc.constantFrom(...'ab&<>"; █…'), maxLength: 60 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const shown = lines.map((text) => text.trimEnd()).filter((text) => text !== "");
        expect(linesOfSvg(terminalSvg({ title: "t", lines, columns: 60 }))).toEqual(shown);
      }),
    );
  });
});

describe("sectionsOf", () => {
  const output = `intro\n\n${styled("bold", "One")}\n${styled("bold", "$ command")}\nanswer\n\n${styled("bold", "Two")}\n  more\n`;

  it("takes the sections with these titles, with their commands, in this order", () => {
    expect(sectionsOf(output, ["Two", "One"]).map(plainText)).toEqual(["Two", "  more", "", "One", "$ command", "answer"]);
  });

  it("refuses a title that the output does not have", () => {
    expect(() => sectionsOf(output, ["Three"])).toThrow('no section "Three"');
  });
});
