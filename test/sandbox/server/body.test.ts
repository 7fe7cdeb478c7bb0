import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Body, padded, patternBody, slice, textBody } from "../../../src/sandbox/server/body.ts";

const bytesOf = (body: Body): Buffer => Buffer.concat([...body.chunks()]);

describe("patternBody", () => {
  it("has the declared number of bytes, the same on every pass", () => {
    fc.assert(
      fc.property(fc.nat({ max: 300_000 }), fc.nat({ max: 2 ** 32 - 1 }), (bytes, seed) => {
        const body = patternBody(bytes, seed);
        const content = bytesOf(body);
        expect([body.bytes, content.length]).toEqual([bytes, bytes]);
        expect(content.equals(bytesOf(body))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("differs by its seed", () => {
    expect(bytesOf(patternBody(100, 1)).equals(bytesOf(patternBody(100, 2)))).toBe(false);
  });

  it("consists of views of one block, however large it is", () => {
    const stores = new Set(Array.from(patternBody(64 * 1_048_576, 3).chunks(), ({ buffer }) => buffer));
    expect(stores.size).toBe(1);
  });
});

describe("slice", () => {
  it("cuts a body anywhere like a buffer", () => {
    fc.assert(
      fc.property(fc.nat({ max: 200_000 }), fc.nat({ max: 200_000 }), fc.nat({ max: 200_000 }), (bytes, a, b) => {
        const body = patternBody(bytes, 7);
        const [from = 0, to = 0] = [Math.min(a, bytes), Math.min(b, bytes)].toSorted((one, two) => one - two);
        const piece = slice(body, from, to);
        expect(piece.bytes).toBe(to - from);
        expect(bytesOf(piece).equals(bytesOf(body).subarray(from, to))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe("padded", () => {
  it("appends blanks to text", () => {
    const body = padded(textBody("片名"), 2);
    expect([body.bytes, bytesOf(body).toString()]).toEqual([8, "片名  "]);
  });
});
