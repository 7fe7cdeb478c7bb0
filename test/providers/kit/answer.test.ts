/** Readers of untrusted HTTP answers. */

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

describe("parseJson", () => {
  it("parses JSON", () => {
    expect(parseJson('{"a":[1,"b",null]}')).toEqual({ a: [1, "b", null] });
    expect(parseJson("null")).toBeNull();
    expect(parseJson("7")).toBe(7);
  });

  it.each(["", " ", "{", "{'a':1}", "<html></html>", '{"a":1}}', "undefined", "NaN"])("returns undefined for %j", (text) => {
    expect(parseJson(text)).toBeUndefined();
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.oneof(anyText(200), fc.json()), (text) => {
        expect(() => parseJson(text)).not.toThrow();
      }),
    );
  });

  it("keeps every digit of whole numbers that JavaScript would round", () => {
    expect(parseJson('{"id":1633944109143463812,"ids":[-1633944109143463812,9007199254740991],"text":"1633944109143463812"}')).toEqual({
      id: "1633944109143463812",
      ids: ["-1633944109143463812", 9_007_199_254_740_991],
      text: "1633944109143463812",
    });
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (id) => {
        expect(String(parseJson(String(id)))).toBe(String(id));
      }),
    );
  });

  it("leaves the prototype of objects alone", () => {
    const read = parseJson('{"__proto__":{"polluted":true}}');
    expect(isRecord(read) && read.polluted).toBeUndefined();
    expect(isRecord({}) && "polluted" in {}).toBe(false);
  });
});

describe("isRecord", () => {
  it("accepts objects and arrays only", () => {
    expect([{}, { a: 1 }, []].map(isRecord)).toEqual([true, true, true]);
    expect([null, undefined, "text", 7, true].map(isRecord)).toEqual([false, false, false, false, false]);
  });
});

describe("parseRetryAfter", () => {
  const wait = (header: string) => parseRetryAfter(header, now);

  it("reads seconds and HTTP dates", () => {
    expect(wait("7")).toBe(7 * SECOND);
    expect(wait("0")).toBe(0);
    expect(wait(new Date(now + 90 * SECOND).toUTCString())).toBe(90 * SECOND);
    expect(wait(new Date(now).toUTCString())).toBe(0);
  });

  it("returns at most a day", () => {
    expect(LONGEST_WAIT_MS).toBe(24 * HOUR);
    expect(wait("86400")).toBe(24 * HOUR);
    expect(wait("86401")).toBe(24 * HOUR);
    expect(wait("9".repeat(400))).toBe(24 * HOUR);
    expect(wait(new Date(now + 48 * HOUR).toUTCString())).toBe(24 * HOUR);
  });

  it.each(["", "-5", "soon", "1.5 s", new Date(now - MINUTE).toUTCString()])("returns undefined for %j", (header) => {
    expect(wait(header)).toBeUndefined();
  });

  it("returns undefined without a header", () => {
    expect(parseRetryAfter(undefined, now)).toBeUndefined();
  });

  it("returns a wait between 0 and a day, or undefined", () => {
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

describe("clockSkew", () => {
  const skew = (offMs: number) => clockSkew(answer({ date: new Date(now - offMs).toUTCString() }), now);

  it("names minutes and direction of this machine's clock", () => {
    expect(skew(20 * MINUTE)).toBe("20 minutes ahead of the vendor's");
    expect(skew(-33 * MINUTE)).toBe("33 minutes behind the vendor's");
    expect(skew(5 * MINUTE)).toBe("5 minutes ahead of the vendor's");
    expect(skew(-5 * MINUTE)).toBe("5 minutes behind the vendor's");
  });

  it("returns undefined within five minutes", () => {
    for (const off of [0, 4 * MINUTE, -4 * MINUTE, 5 * MINUTE - SECOND, SECOND - 5 * MINUTE]) expect(skew(off)).toBeUndefined();
  });

  it("returns undefined without a valid date", () => {
    expect(clockSkew(answer({}), now)).toBeUndefined();
    expect(clockSkew(answer({ date: "yesterday" }), now)).toBeUndefined();
    expect(clockSkew(answer({ date: "" }), now)).toBeUndefined();
  });
});
