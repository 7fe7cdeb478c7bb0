/**
 * The signature against everything that is known about it: the vendor's published examples, its other SDKs' test
 * values, and its official signer on whatever requests can be thought up.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authorization, canonicalRequest, parseSdkDate, sdkDate, stringToSign } from "../../../src/providers/huawei/sign.ts";
import { canonicalQuery } from "../../../src/providers/kit/canonical.ts";
import { officialHeaders } from "./official-harness.ts";
// V1 is the example of the vendor's signature guide, V2 and V3 are the Python SDK's; the others were made with the
// official signer and confirmed by a second implementation. All keys are published or invented.
import vectors from "./vectors.json" with { type: "json" };

type Vector = (typeof vectors)[number];

function inputOf(vector: Vector) {
  const url = new URL(`https://${vector.host}${vector.path}`);
  url.search = canonicalQuery(vector.query.map(([name = "", value = ""]) => [name, value] as const));
  const headers: Record<string, string> = { host: vector.host, "x-sdk-date": vector.xSdkDate };
  for (const [name, value] of Object.entries(vector.headers)) if (value !== undefined) headers[name] = value;
  return { method: vector.method, url, headers, body: vector.body };
}

describe("known answers", () => {
  it.each(vectors)("$name: canonical request, string to sign, authorization", (vector) => {
    const input = inputOf(vector);
    expect(canonicalRequest(input)).toBe(vector.canonicalRequest);
    expect(stringToSign(vector.canonicalRequest, vector.xSdkDate)).toBe(vector.stringToSign);
    expect(authorization(input, vector)).toBe(vector.authorization);
  });

  it("does not depend on the case of the method, nor on the order or the case in which headers are given", () => {
    for (const vector of vectors) {
      const input = inputOf(vector);
      const headers = Object.fromEntries(
        Object.entries(input.headers)
          .reverse()
          .map(([name, value]) => [name.toUpperCase(), `  ${value} `]),
      );
      expect(authorization({ ...input, method: vector.method.toLowerCase(), headers }, vector)).toBe(vector.authorization);
    }
  });

  // From the Java SDK's own test of its signer.
  it("signs a request without a query", () => {
    const [first] = vectors;
    if (!first) throw new Error("no vectors");
    const host = "service.test-region-1.myhuaweicloud.com";
    const input = {
      method: "GET",
      url: new URL(`https://${host}/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs`),
      headers: { "content-type": "application/json", host, "x-sdk-date": first.xSdkDate },
      body: "",
    };
    expect(authorization(input, first)).toBe(
      `SDK-HMAC-SHA256 Access=${first.ak}, SignedHeaders=content-type;host;x-sdk-date, Signature=4a30e690c3032a1975323588d79e858f188834f91df411a47ada7def6ad8081f`,
    );
  });

  // From the Python SDK's own test of its signer.
  it("writes the query in its canonical form", () => {
    const pairs = [
      ["limit", "1"],
      ["enable", "true"],
      ["test", "一 (&=?!#%.*)"],
      ["path", "/dir/123"],
      ["multi", "3"],
      ["multi", "1"],
      ["multi", "2"],
    ] as const;
    expect(canonicalQuery(pairs)).toBe(
      "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Fdir%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29",
    );
  });

  // Node, Python and Go alike sort first and encode then; it matters wherever `%` and the character it stands for sort apart.
  it("sorts names and values as they are, not as they are encoded", () => {
    const pairs = [
      ["v:", "1"],
      ["v0", "é"],
      ["v0", "z"],
    ] as const;
    expect(canonicalQuery(pairs)).toBe("v0=z&v0=%C3%A9&v%3A=1");
  });

  it("writes no query as nothing, and an empty value with its equals sign", () => {
    expect(canonicalQuery([])).toBe("");
    expect(canonicalQuery([["empty", ""]])).toBe("empty=");
  });
});

// Names as servers and signers agree on them; the official signer skips nothing, but `_` confuses its order.
const headerName = fc.stringMatching(/^[a-z][a-z0-9-]{0,15}$/);
const taken = ["host", "x-sdk-date", "x-sdk-content-sha256", "content-type", "authorization"];
const headerValue = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/);
const headers = fc
  .dictionary(headerName, headerValue, { maxKeys: 5 })
  .map((record) => Object.fromEntries(Object.entries(record).filter(([name]) => !taken.includes(name))));

// Beyond U+D7FF the vendor's own signers disagree: by code unit in JavaScript, by code point in Python and Go.
const wideText = fc.array(fc.integer({ min: 0x20, max: 0xd7ff }), { maxLength: 6 }).map((codes) => String.fromCharCode(...codes));
const text = fc.oneof(fc.string({ maxLength: 12 }), wideText);
const query = fc.dictionary(text, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 4 })), { maxKeys: 5 });

// Without percent signs, which the official signer encodes a second time, and without the characters that Node's old
// URL parser, which it uses, escapes by itself.
const segment = fc
  .oneof(fc.stringMatching(/^[\w.~!$&()*+,:;=@-]{1,12}$/), fc.stringMatching(/^[ä-öа-я一-丁]{1,4}$/u))
  .filter((part) => part !== "." && part !== "..");
const path = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([parts, slash]) => `/${parts.join("/")}${slash ? "/" : ""}`);

const secret = fc.stringMatching(/^[A-Za-z0-9/+=]{8,40}$/);
const date = fc
  .date({ min: new Date("2000-01-01T00:00:00Z"), max: new Date("2099-12-31T23:59:59Z"), noInvalidDate: true })
  .map((day) => sdkDate(day.getTime()));

describe("the official signer", () => {
  it("gives the same known answers when asked as these tests ask it", () => {
    for (const vector of vectors) {
      const input = inputOf(vector);
      const signed = officialHeaders({
        method: vector.method === "POST" ? "POST" : "GET",
        endpoint: `https://${vector.host}`,
        path: vector.path,
        query: Object.fromEntries(vector.query.map(([name = "", value = ""]) => [name, value])),
        headers: Object.fromEntries(Object.entries(input.headers).filter(([name]) => name !== "host" && name !== "x-sdk-date")),
        ...(vector.body && { body: JSON.parse(vector.body) }),
        date: vector.xSdkDate,
        keys: vector,
      });
      expect(signed.Authorization).toBe(vector.authorization);
    }
  });

  it("agrees with ours on any request", () => {
    const body = fc.option(fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }), { nil: undefined });
    const method = fc.constantFrom("GET" as const, "POST" as const);
    const host = fc.constantFrom("vod.cn-north-4.myhuaweicloud.com", "127.0.0.1:8080", "service.example.com:8443");
    const request = fc.record({ method, host, path, query, headers, body, date, ak: secret, sk: secret });
    fc.assert(
      fc.property(request, ({ method, host, path, query, headers, body, date, ak, sk }) => {
        const official = officialHeaders({
          method,
          endpoint: `https://${host}`,
          path,
          query,
          headers,
          ...(body && { body }),
          date,
          keys: { ak, sk },
        });
        const url = new URL(`https://${host}${path}`);
        url.search = canonicalQuery(
          Object.entries(query).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
        );
        const ours = authorization(
          { method, url, headers: { ...headers, host, "x-sdk-date": date }, body: body ? JSON.stringify(body) : "" },
          { ak, sk },
        );
        expect(ours).toBe(official.Authorization);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the date of a signature", () => {
  it("is written as the vendor writes it", () => {
    expect(sdkDate(Date.parse("2019-11-15T03:36:55.999Z"))).toBe("20191115T033655Z");
  });

  it("survives being written and read, to the second", () => {
    const instant = fc.integer({ min: 0, max: Date.parse("9999-12-31T23:59:59Z") / 1_000 });
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 999 }), (seconds, rest) => {
        expect(parseSdkDate(sdkDate(seconds * 1_000 + rest))).toBe(seconds * 1_000);
      }),
    );
  });

  it.each([
    "",
    "2019-11-15T03:36:55Z",
    "20191115T033655",
    "20191115 033655Z",
    "20191315T033655Z",
    "20191115T253655Z",
    "x20191115T033655Z",
    "20191115T033655Zx",
  ])("is not read from %j", (text) => {
    expect(parseSdkDate(text)).toBeNaN();
  });
});
