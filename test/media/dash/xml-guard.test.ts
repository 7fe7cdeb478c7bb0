import { describe, expect, it } from "vitest";
import { checkXml } from "../../../src/media/dash/xml-guard.ts";

describe("checkXml", () => {
  it.each([
    '<?xml version="1.0"?>\n<MPD/>',
    "\uFEFF <a b='1' c=\"'\"><!-- <x> & --><b:c/><![CDATA[ <&& ]]>&amp;&#10;&#x1F600;</a>\n<!-- end -->",
    '<a b = "x>y" />',
  ])("accepts %j", (text) => {
    expect(() => checkXml(text)).not.toThrow();
  });

  it.each([
    ["<a>&foo;</a>", "entity"],
    ['<a b="&foo;"/>', "entity"],
    ["<a>&</a>", "entity"],
    ["<a>&#0;</a>", "entity"],
    ["<!DOCTYPE a><a/>", "DOCTYPE"],
    ["<a><!DOCTYPE a></a>", "DOCTYPE"],
    ["<a/><b/>", "more than one root"],
    ["<a></b>", "matches no start tag"],
    ["</a>", "matches no start tag"],
    ["<a b=1/>", "cannot be read"],
    ["<a b='1' b='2'/>", "repeats an attribute"],
    ["<a b='<'/>", "cannot be read"],
    ["<!ELEMENT a>", "cannot be read"],
    ["<a", "cannot be read"],
    ["<!-- ", "too early"],
    ["<a>", "too early"],
    ["x<a/>", "outside"],
    ["<a/>x", "outside"],
    ["<a>".repeat(100), "deeper than 64"],
    [`<a>${"<b/>".repeat(150_001)}</a>`, "150,000 elements"],
  ])("refuses %.30j", (text, reason) => {
    expect(() => checkXml(text)).toThrow(reason);
  });

  // Quadratic backtracking on a million characters would take minutes and exceed the test's timeout.
  it("refuses a long malformed text without backtracking", () => {
    for (const text of [
      `<a ${" ".repeat(1_000_000)}`,
      `<a${' b="1"'.repeat(3)}${" ".repeat(1_000_000)}!`,
      `<a b${" ".repeat(1_000_000)}`,
      "&".repeat(1_000_000),
      "<!--".repeat(300_000),
    ]) {
      expect(() => checkXml(text)).toThrow("The XML");
    }
  });
});
