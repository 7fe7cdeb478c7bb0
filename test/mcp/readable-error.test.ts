import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readableError } from "../../src/mcp/readable-error.ts";

const dumpOf = (schema: z.ZodType, value: unknown): string => schema.safeParse(value).error?.message ?? "";

describe("readableError", () => {
  it("puts the validator's list of issues into one sentence and calls it invalid params", () => {
    const message = dumpOf(z.object({ cursor: z.string(), list: z.array(z.number()) }), { list: ["a"] });
    expect(readableError({ code: -32_603, message })).toEqual({
      code: -32_602,
      message:
        "Invalid params: cursor: Invalid input: expected string, received undefined; list.0: Invalid input: expected number, received string.",
    });
  });

  it("names five issues of a hundred", () => {
    const message = `Invalid arguments: ${dumpOf(z.array(z.number()), Array(100).fill("a"))}`;
    expect(readableError({ code: -32_603, message }).message.split(";")).toHaveLength(5);
  });

  it.each(["Method not found", "[\n no JSON", "[\n]", '[\n{"a":1}]'])("leaves %j as it is", (message) => {
    expect(readableError({ code: -32_601, message })).toEqual({ code: -32_601, message });
  });
});
