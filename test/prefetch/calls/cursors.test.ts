import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readItemCursor,
  readTaskCursor,
  readWholeItemCursor,
  writeItemCursor,
  writeTaskCursor,
} from "../../../src/prefetch/calls/cursors.ts";
import { NOON } from "../../fakes/clock.ts";
import { error } from "./service-harness.ts";

const encoded = (text: string): string => Buffer.from(text).toString("base64url");
const index = fc.nat({ max: 999_999_999 });
const foreign = error("invalid_argument", { message: "cursor: not a cursor of this tool" });

/** Texts that neither kind of cursor can be. */
const nonsense = ["nonsense", "%%%", "YWZ0ZXIgeA", encoded("after"), encoded("after "), encoded("after -1"), encoded("after 1.5")];

describe("an item cursor", () => {
  it("reads back as the place that was written", () => {
    fc.assert(
      fc.property(index, fc.option(index, { nil: undefined }), (item, urls) => {
        const cursor = writeItemCursor({ index: item, urls });
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(readItemCursor(cursor)).toEqual({ index: item, urls });
      }),
    );
  });

  it.each([undefined, ""])("stands for the first page when it is %j", (cursor) => {
    expect(readItemCursor(cursor)).toEqual({ index: -1 });
    expect(readWholeItemCursor(cursor)).toBe(-1);
  });

  it.each([
    ...nonsense,
    encoded("after 3:"),
    encoded("after 3:x"),
    encoded("after 1234567890"),
    encoded("after 1 "),
    writeTaskCursor({ createdAt: NOON, id: "pf_1" }),
  ])("is refused when it is %j", (cursor) => {
    for (const read of [readItemCursor, readWholeItemCursor]) {
      expect(() => read(cursor)).toThrow(foreign);
      expect(() => read(cursor)).toThrow(error("invalid_argument", { hint: expect.stringContaining("begin at the first row") }));
    }
  });

  it("is read as a whole item only when it stands behind all URLs of the item", () => {
    expect(readWholeItemCursor(writeItemCursor({ index: 7 }))).toBe(7);
    expect(() => readWholeItemCursor(writeItemCursor({ index: 7, urls: 3 }))).toThrow(foreign);
  });
});

describe("a task cursor", () => {
  it("reads back as the place that was written", () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999_999_999 }), fc.stringMatching(/^[\w-]{1,60}$/), (createdAt, rest) => {
        const place = { createdAt, id: `pf_${rest}` };
        expect(readTaskCursor(writeTaskCursor(place))).toEqual(place);
      }),
    );
  });

  it.each([undefined, ""])("stands for the first page when it is %j", (cursor) => {
    expect(readTaskCursor(cursor)).toBeUndefined();
  });

  it.each([
    ...nonsense,
    encoded("before 1"),
    encoded("before x pf_1"),
    encoded("before 1 task"),
    encoded("before 1 pf_"),
    encoded(`before 1 pf_${"x".repeat(61)}`),
    encoded("before 1234567890123456 pf_1"),
    writeItemCursor({ index: 5 }),
  ])("is refused when it is %j", (cursor) => {
    expect(() => readTaskCursor(cursor)).toThrow(foreign);
    expect(() => readTaskCursor(cursor)).toThrow(
      error("invalid_argument", { hint: expect.stringContaining("begin with the newest task") }),
    );
  });
});
