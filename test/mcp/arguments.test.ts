import { describe, expect, it } from "vitest";
import { z } from "zod";
import { PrefetchError } from "../../src/base/errors.ts";
import { parseArguments } from "../../src/mcp/arguments.ts";
import { lenientArray, lenientNumber, required } from "../../src/mcp/inputs.ts";

const schema = z.strictObject({
  task_id: z.string(required("a task id")),
  urls: lenientArray(z.array(z.string(), "must be an array of URLs").optional()),
  limit: lenientNumber(z.number("must be a number").optional()),
});
const corrections = { id: "use task_id", asset_id: "for an asset call prefetch_asset" };

const parse = (args: unknown) => parseArguments("some_tool", schema, corrections, args);

function mistakeIn(args: unknown): string {
  try {
    parse(args);
  } catch (error) {
    if (error instanceof PrefetchError && error.code === "invalid_argument") return error.message;
    throw error;
  }
  return "none";
}

describe("parseArguments", () => {
  it("accepts arrays and numbers that a host quoted", () => {
    expect(parse({ task_id: "pf_1", urls: '["https://a.example/1"]', limit: "7" })).toEqual({
      task_id: "pf_1",
      urls: ["https://a.example/1"],
      limit: 7,
    });
  });

  it.each([null, "", "  "])("takes %j for an optional argument that is left out", (blank) => {
    expect(parse({ task_id: "pf_1", urls: blank, limit: blank })).toEqual({ task_id: "pf_1" });
  });

  it.each<readonly [unknown, string]>([
    [undefined, "task_id: is missing; it must be a task id"],
    [{ task_id: 7 }, "task_id: must be a task id"],
    [{ task_id: "pf_1", urls: "[broken" }, "urls: must be an array of URLs"],
    [{ task_id: "pf_1", Id: "x" }, "Id: some_tool has no such argument; use task_id"],
    [{ task_id: "pf_1", assetIds: "x" }, "assetIds: some_tool has no such argument; for an asset call prefetch_asset"],
    [{ task_id: "pf_1", url: "x" }, "url: some_tool has no such argument; use urls"],
    [{ task_id: "pf_1", limits: 1 }, "limits: some_tool has no such argument; use limit"],
    [{ task_id: "pf_1", constructor: 1 }, "constructor: some_tool has no such argument; it takes task_id, urls, limit"],
    [{ taskId: "pf_1" }, "taskId: some_tool has no such argument; use task_id; task_id: is missing; it must be a task id"],
    [[], "arguments: must be an object of argument names and values"],
    ["text", "arguments: must be an object of argument names and values"],
    [{ task_id: null }, "task_id: is missing; it must be a task id"],
    [{ task_id: " " }, "task_id: is missing; it must be a task id"],
  ])("explains the mistake in %j", (args, text) => {
    expect(mistakeIn(args)).toBe(text);
  });

  it("refuses an array in text with more values than a list may have, without parsing it", () => {
    const urls = JSON.stringify(Array.from({ length: 16_001 }, () => "u"));
    expect(mistakeIn({ task_id: "pf_1", urls })).toBe("urls: has more than 16000 values; split the list into several calls");
  });

  it("names at most five unknown arguments, and cuts their names", () => {
    const unknown = Object.fromEntries(Array.from({ length: 9 }, (_, nth) => [`${nth}${"x".repeat(100_000)}`, 1]));
    const text = mistakeIn({ task_id: "pf_1", ...unknown });
    expect(text.split("; ").filter((each) => each.includes("no such argument"))).toHaveLength(5);
    expect(text.length).toBeLessThan(1_500);
  });

  it("names at most five mistakes", () => {
    const many = z.strictObject(Object.fromEntries(Array.from({ length: 9 }, (_, nth) => [`a${nth}`, z.string("must be a text")])));
    expect(() => parseArguments("some_tool", many, {}, {})).toThrow(/^a0: must be a text; .*a4: must be a text$/);
  });
});
