import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineReader, type LineReader } from "../../src/transports/line-reader.ts";

function linesIn(reader: LineReader): string[] {
  const found: string[] = [];
  for (let line = reader.next(); line; line = reader.next()) found.push(line.toString());
  return found;
}

describe("createLineReader", () => {
  it("finds the same lines however the bytes are cut, and keeps the beginning of the next line", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.integer({ min: 1, max: 9 }), (texts, size) => {
        const lines = texts.map((text) => text.replaceAll("\n", ""));
        const bytes = Buffer.from(`${lines.map((line) => `${line}\n`).join("")}rest`);
        const reader = createLineReader(bytes.length);
        const found: string[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          reader.add(bytes.subarray(at, at + size));
          found.push(...linesIn(reader));
        }
        expect(found).toEqual(lines);
      }),
    );
  });

  it("hands out one line at a time and keeps the later ones", () => {
    const reader = createLineReader(10);
    reader.add(Buffer.from("a\n\nb\nc"));
    expect(reader.next()?.toString()).toBe("a");
    reader.add(Buffer.from("d\n"));
    expect(linesIn(reader)).toEqual(["", "b", "cd"]);
  });

  it("throws for a line over the limit before its end arrives", () => {
    const reader = createLineReader(5);
    reader.add(Buffer.from("12345"));
    expect(reader.next()).toBeUndefined();
    reader.add(Buffer.from("6"));
    expect(() => reader.next()).toThrow("A message has more than 5 bytes");
  });

  it("copies each byte of a long line at most once", () => {
    const chunk = Buffer.alloc(65_536, "x");
    const reader = createLineReader(2 ** 30);
    const copied: number[] = [];
    const { concat } = Buffer;
    Buffer.concat = (list, length) => {
      const joined = concat(list, length);
      copied.push(joined.length);
      return joined;
    };
    try {
      for (let count = 0; count < 100; count += 1) {
        reader.add(chunk);
        expect(reader.next()).toBeUndefined();
      }
      reader.add(Buffer.from("\n"));
      expect(reader.next()).toHaveLength(100 * chunk.length);
    } finally {
      Buffer.concat = concat;
    }
    expect(copied).toEqual([100 * chunk.length]);
  });
});
