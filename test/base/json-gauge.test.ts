import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJsonGauge } from "../../src/base/json-gauge.ts";

function gaugeOf(text: string) {
  const gauge = createJsonGauge();
  gauge.add(Buffer.from(text));
  return { values: gauge.values(), depth: gauge.depth(), longestText: gauge.longestText(), filling: gauge.filling() };
}

/** Values and keys, counted in the parsed value. */
function countOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  const members = Object.values(value);
  const keys = Array.isArray(value) ? 0 : members.length;
  return 1 + keys + members.reduce((sum: number, member) => sum + countOf(member), 0);
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("createJsonGauge", () => {
  it.each([
    ["7", 1, 0],
    ["[]", 2, 1],
    ['["a,b","[[["]', 3, 1],
    ['{"a":[1,2]}', 5, 2],
    [String.raw`["\"[", "\\", 1]`, 4, 1],
  ])("counts %s as %i values of depth %i", (text, values, depth) => {
    expect(gaugeOf(text)).toMatchObject({ values, depth });
  });

  it("counts at least every value and key, and exactly the depth, of any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const { values, depth } = gaugeOf(JSON.stringify(value, null, indent));
        expect(values).toBeGreaterThanOrEqual(countOf(value));
        expect(values).toBeLessThanOrEqual(2 * countOf(value));
        expect(depth).toBe(depthOf(value));
      }),
    );
  });

  it.each([
    ["[1,2]", 0],
    [`["a","${"b".repeat(300)}","c"]`, 300],
    [String.raw`{"\\":1}`, 2],
    [`["${"b".repeat(300)}`, 300],
  ])("tells the bytes of the longest text in %#", (text, length) => {
    expect(gaugeOf(text).longestText).toBe(length);
  });

  it("counts the bytes outside of texts", () => {
    expect(gaugeOf('{"ab": [1,  22]}').filling).toBe("{: [1,  22]}".length);
  });

  it("counts the same when the bytes arrive in pieces of any size", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 9 }), (value, size) => {
        const text = JSON.stringify(value);
        const bytes = Buffer.from(text);
        const gauge = createJsonGauge();
        for (let at = 0; at < bytes.length; at += size) gauge.add(bytes.subarray(at, at + size));
        expect({ values: gauge.values(), depth: gauge.depth(), longestText: gauge.longestText(), filling: gauge.filling() }).toEqual(
          gaugeOf(text),
        );
      }),
    );
  });
});
