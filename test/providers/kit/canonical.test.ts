/** The canonical forms of signatures. Vendors refuse a request whose form differs in one character. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalQuery, compare, headerEntries, percentEncode, sha256 } from "../../../src/providers/kit/canonical.ts";

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
/** Text that UTF-8 can encode: no half surrogate pairs. */
const text = fc.string({ unit: "binary", maxLength: 40 });
const pairs = fc.array(fc.tuple(fc.string({ unit: fc.constantFrom("a", "b", "A", "_", "é", "!", "~", "0") }), text));

describe("percentEncode", () => {
  it("escapes all characters but the unreserved ones", () => {
    expect(percentEncode(unreserved)).toBe(unreserved);
    const others = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter(
      (character) => !unreserved.includes(character),
    );
    for (const character of others) {
      const digits = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
      expect(percentEncode(character)).toBe(`%${digits}`);
    }
  });

  it.each([
    [" ", "%20"],
    ["+", "%2B"],
    ["\n", "%0A"],
    ["!'()*", "%21%27%28%29%2A"],
    // An escape is text like any other.
    ["%2F", "%252F"],
    ["é", "%C3%A9"],
    ["e\u0301", "e%CC%81"],
    ["中文", "%E4%B8%AD%E6%96%87"],
    ["😀", "%F0%9F%98%80"],
    ["", ""],
  ])("encodes %j as %j", (plain, encoded) => {
    expect(percentEncode(plain)).toBe(encoded);
  });

  it("can be decoded, and is stable in a URL", () => {
    fc.assert(
      fc.property(text, (plain) => {
        const encoded = percentEncode(plain);
        expect(encoded).toMatch(/^(?:[\w.~-]|%[0-9A-F]{2})*$/);
        expect(decodeURIComponent(encoded)).toBe(plain);
        const url = new URL("https://vod.example.com/");
        url.search = `a=${encoded}`;
        expect(url.search).toBe(`?a=${encoded}`);
      }),
    );
  });
});

describe("canonicalQuery", () => {
  it("sorts by character code, whatever the order of its input", () => {
    const sorted = "A=1&B=2&_=3&a=4&a=5&aa=6&b=7";
    const given = new URLSearchParams("b=7&aa=6&a=5&_=3&B=2&a=4&A=1");
    expect(canonicalQuery(given)).toBe(sorted);
    fc.assert(
      fc.property(fc.shuffledSubarray([...given], { minLength: 7 }), (shuffled) => {
        expect(canonicalQuery(shuffled)).toBe(sorted);
      }),
    );
  });

  it("ignores the machine's locale", () => {
    // Dictionaries put "é" before "z" and "a" before "B".
    expect(
      canonicalQuery([
        ["é", ""],
        ["z", ""],
        ["a", ""],
        ["B", ""],
      ]),
    ).toBe("B=&a=&z=&%C3%A9=");
  });

  it("keeps empty values and repeated names", () => {
    expect(canonicalQuery([])).toBe("");
    expect(
      canonicalQuery([
        ["b", ""],
        ["a", "2"],
        ["a", "1"],
        ["a", "1"],
      ]),
    ).toBe("a=1&a=1&a=2&b=");
  });

  it("escapes names and values, so that no value can add a parameter", () => {
    expect(canonicalQuery([["a&b=c", "d&e=f#g?h"]])).toBe("a%26b%3Dc=d%26e%3Df%23g%3Fh");
    fc.assert(
      fc.property(pairs, (given) => {
        const read = [...new URLSearchParams(canonicalQuery(given))];
        expect(read).toEqual([...given].sort(([a, x], [b, y]) => compare(a, b) || compare(x, y)));
      }),
    );
  });

  it("does not change its input", () => {
    const given = [["b", "1"] as const, ["a", "2"] as const];
    canonicalQuery(given);
    expect(given.map(([name]) => name)).toEqual(["b", "a"]);
  });
});

describe("compare", () => {
  it("is a total order", () => {
    const any = fc.string({ unit: "binary", maxLength: 3 });
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        expect(compare(a, a)).toBe(0);
        expect(compare(a, b) + compare(b, a)).toBe(0);
        expect(compare(a, b) === 0).toBe(a === b);
        if (compare(a, b) < 0 && compare(b, c) < 0) expect(compare(a, c)).toBe(-1);
      }),
    );
  });
});

describe("headerEntries", () => {
  it("lower-cases names, trims values and sorts by name", () => {
    expect(headerEntries({ "X-Acs-B": "  2 ", Host: "h", "x-acs-a": "\t1\n", "content-type": "in  side" })).toEqual([
      ["content-type", "in  side"],
      ["host", "h"],
      ["x-acs-a", "1"],
      ["x-acs-b", "2"],
    ]);
    expect(headerEntries({})).toEqual([]);
  });

  it("sorts by the lower-case name", () => {
    expect(headerEntries({ b: "", A: "", C: "" }).map(([name]) => name)).toEqual(["a", "b", "c"]);
  });
});

describe("sha256", () => {
  // Published test values of SHA-256 (FIPS 180-2), and one in UTF-8.
  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
    ["é", "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"],
  ])("of %j is the published value", (plain, hash) => {
    expect(sha256(plain)).toBe(hash);
  });
});
