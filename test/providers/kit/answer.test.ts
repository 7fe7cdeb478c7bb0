/** What is read from answers that nobody vouches for. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockSkew, isRecord, LONGEST_WAIT_MS, parseJson, parseRetryAfter } from "../../../src/providers/kit/answer.ts";
import type { HttpResponse } from "../../../src/providers/kit/http-client.ts";
import { HOUR, MINUTE, SECOND } from "../clock-harness.ts";
import { anyText } from "../text-harness.ts";

const now = Date.parse("2026-11-21T12:00:00Z");

function answer(headers: Readonly<Record<string, string>>): HttpResponse {
  return { status: 429, headers, text: "" };
}

describe("JSON", () => {
  it("is read as it is", () => {
    expect(parseJson('{"a":[1,"b",null]}')).toEqual({ a: [1, "b", null] });
    expect(parseJson("null")).toBeNull();
    expect(parseJson("7")).toBe(7);
  });

  it.each(["", " ", "{", "{'a':1}", "<html></html>", '{"a":1}}', "undefined", "NaN"])("is not what %j is", (text) => {
    expect(parseJson(text)).toBeUndefined();
  });

  it("or anything else never throws", () => {
    fc.assert(
      fc.property(fc.oneof(anyText(200), fc.json()), (text) => {
        expect(() => parseJson(text)).not.toThrow();
      }),
    );
  });

  it("cannot reach into what all objects share", () => {
    const read = parseJson('{"__proto__":{"polluted":true}}');
    expect(isRecord(read) && read.polluted).toBeUndefined();
    expect(isRecord({}) && "polluted" in {}).toBe(false);
  });
});

describe("a record", () => {
  it("is whatever can be asked for its members", () => {
    expect([{}, { a: 1 }, []].map(isRecord)).toEqual([true, true, true]);
    expect([null, undefined, "text", 7, true].map(isRecord)).toEqual([false, false, false, false, false]);
  });
});

describe("Retry-After", () => {
  const wait = (header: string) => parseRetryAfter(header, now);

  it("counts in seconds or names a time", () => {
    expect(wait("7")).toBe(7 * SECOND);
    expect(wait("0")).toBe(0);
    expect(wait(new Date(now + 90 * SECOND).toUTCString())).toBe(90 * SECOND);
    expect(wait(new Date(now).toUTCString())).toBe(0);
  });

  it("is bounded by a day", () => {
    expect(LONGEST_WAIT_MS).toBe(24 * HOUR);
    expect(wait("86400")).toBe(24 * HOUR);
    expect(wait("86401")).toBe(24 * HOUR);
    expect(wait("9".repeat(400))).toBe(24 * HOUR);
    expect(wait(new Date(now + 48 * HOUR).toUTCString())).toBe(24 * HOUR);
  });

  it.each(["", "-5", "soon", "1.5 s", new Date(now - MINUTE).toUTCString()])("says nothing with %j", (header) => {
    expect(wait(header)).toBeUndefined();
  });

  it("says nothing where it is missing", () => {
    expect(parseRetryAfter(undefined, now)).toBeUndefined();
  });

  it("is a time that can come, or none", () => {
    const odd = fc.oneof(
      anyText(40),
      fc.stringMatching(/^-?\d{1,400}$/),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(odd, (header) => {
        const found = wait(header);
        expect(found === undefined || (found >= 0 && found <= LONGEST_WAIT_MS)).toBe(true);
      }),
    );
  });
});

describe("a clock", () => {
  const skew = (offMs: number) => clockSkew(answer({ date: new Date(now - offMs).toUTCString() }), now);

  it("that is off is described from this machine's side", () => {
    expect(skew(20 * MINUTE)).toBe("20 minutes ahead of the vendor's");
    expect(skew(-33 * MINUTE)).toBe("33 minutes behind the vendor's");
    expect(skew(5 * MINUTE)).toBe("5 minutes ahead of the vendor's");
    expect(skew(-5 * MINUTE)).toBe("5 minutes behind the vendor's");
  });

  it("is right enough within five minutes", () => {
    for (const off of [0, 4 * MINUTE, -4 * MINUTE, 5 * MINUTE - SECOND, SECOND - 5 * MINUTE]) expect(skew(off)).toBeUndefined();
  });

  it("cannot be judged without a date", () => {
    expect(clockSkew(answer({}), now)).toBeUndefined();
    expect(clockSkew(answer({ date: "yesterday" }), now)).toBeUndefined();
    expect(clockSkew(answer({ date: "" }), now)).toBeUndefined();
  });
});
