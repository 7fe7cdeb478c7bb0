import { expect, it } from "vitest";
import { z } from "zod";
import { readableError } from "../../src/mcp/readable-error.ts";

const issuesOf = (schema: z.ZodType, value: unknown): string => schema.safeParse(value).error?.message ?? "";
const params = z.object({ params: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).optional() }) });

it("names each wrong parameter in words when the validator's list of issues is the message", () => {
  const error = { code: -32_603, message: issuesOf(params, { params: { arguments: 7 } }) };
  expect(readableError(error)).toEqual({
    code: -32_602,
    message: "Invalid params: params.name: is missing; it must be a text; params.arguments: must be an object.",
  });
});

it("drops the words before the list and the issues beyond the fifth", () => {
  const error = { code: -32_602, message: `Invalid tools/call request: ${issuesOf(z.array(z.string()), [1, 2, 3, 4, 5, 6, 7])}` };
  expect(readableError(error).message).toBe(`Invalid params: ${[0, 1, 2, 3, 4].map((at) => `[${at}]: must be a text`).join("; ")}.`);
});

it("keeps a message in words, its code and its data", () => {
  const error = { code: -32_601, message: "Method not found: [\n", data: { a: 1 } };
  expect(readableError(error)).toEqual(error);
});
