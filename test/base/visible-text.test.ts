import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeInvisible, visibleText } from "../../src/base/visible-text.ts";
import { anyText } from "../providers/text-harness.ts";

describe("visibleText", () => {
  it.each([
    ["a terminal's colour", "\x1b[31mred\x1b[0m", "red"],
    ["a terminal's title", "\x1b]0;owned\x07text", "text"],
    ["a one-byte introducer", "\x9b2Jtext", "text"],
    ["a lone escape character", "te\x1bxt", "text"],
    ["bidi overrides and isolates", "\u202egpj.exe\u202c \u2066a\u2069", "gpj.exe a"],
    ["bidi marks", "a\u200e\u200f\u061cb", "ab"],
    ["zero-width characters", "a\u200b\u200c\u200d\u2060\ufeffb", "ab"],
    ["characters that hide text from people", "a\u{e0041}\u{e0042}\u{e007f}\ufe0f\u{e0100}b", "ab"],
    ["controls", "a\0\b\x7f\x85b", "a\nb"],
    ["line and paragraph separators", "a\u2028b\u2029c\r\nd", "a\nb\nc\nd"],
    ["half a surrogate pair", "a\ud800b", "ab"],
  ])("removes %s", (_, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it("keeps letters of every script, tabs and line breaks", () => {
    const text = "预热任务 قالب é ё 😀\ta\nb";
    expect(visibleText(text)).toBe(text);
  });

  it("leaves nothing invisible in any text, and changes nothing at a second time", () => {
    fc.assert(
      fc.property(anyText(300), (text) => {
        const shown = visibleText(text);
        expect(shown).not.toMatch(/[^\P{C}\n\t\p{Cn}\p{Co}]/u);
        expect(visibleText(shown)).toBe(shown);
      }),
    );
  });
});

describe("escapeInvisible", () => {
  it("keeps the content of a line of JSON", () => {
    fc.assert(
      fc.property(anyText(300), (text) => {
        const line = escapeInvisible(JSON.stringify({ text }));
        expect(line).not.toMatch(/[^\P{C}\p{Cn}\p{Co}]/u);
        expect(JSON.parse(line)).toEqual({ text });
      }),
    );
  });
});
