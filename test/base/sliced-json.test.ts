import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonInSlices } from "../../src/base/sliced-json.ts";
import { runs } from "../fakes/runs.ts";

const parse = (json: string): Promise<unknown> => parseJsonInSlices(Buffer.from(json), () => undefined);

/** The value, or "refused". */
function outcomeOf(json: string): unknown {
  try {
    return { value: JSON.parse(json) };
  } catch {
    return "refused";
  }
}

const outcomeInSlices = (json: string): Promise<unknown> =>
  parse(json).then(
    (value) => ({ value }),
    (error: unknown) => (error instanceof SyntaxError ? "refused" : error),
  );

describe("parseJsonInSlices", () => {
  it("gives the value of JSON.parse for any JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.constantFrom(0, 2, "\t"), async (value, indent) => {
        const json = JSON.stringify(value, null, indent);
        expect(await parse(json)).toEqual(JSON.parse(json));
      }),
    );
  });

  it("accepts and refuses the same texts as JSON.parse", async () => {
    const piece = fc.constantFrom(
      ...'[]{},:"\\ \n1-.eE+tn0u',
      "true",
      "null",
      '"a"',
      '"a":',
      String.raw`\u00e9`,
      "é",
      "\ufeff",
      "__proto__",
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
    await fc.assert(
      fc.asyncProperty(text, async (json) => {
        expect(await outcomeInSlices(json)).toEqual(outcomeOf(json));
      }),
      { numRuns: runs(1_000) },
    );
  });

  it.each([
    ['{"__proto__":{"a":1},"b":2,"b":3}'],
    [String.raw`["\\","\"","\\\"","😀","\ud83d"]`],
    [' \n{ "a" : [ 1 , { } , [ ] ] }\t'],
    [""],
    [" "],
    ["[1,]"],
    ['{"a":1,}'],
    ["{a:1}"],
    ["[1 2]"],
    ["[] []"],
    ['"a'],
    ["nul"],
    ["01"],
    ['"\u0001"'],
  ])("agrees with JSON.parse about %j", async (json) => {
    expect(await outcomeInSlices(json)).toEqual(outcomeOf(json));
  });

  it("lets other work in between any two values", async () => {
    let turns = 0;
    const breathe = async (): Promise<void> => {
      turns += 1;
      await nextTurn();
    };
    await parseJsonInSlices(Buffer.from(JSON.stringify({ list: Array.from({ length: 100 }, (_, nth) => nth) })), breathe);
    expect(turns).toBeGreaterThanOrEqual(100);
  });
});
