/**
 * The signature against everything that is known about it: the vendor's published example, values made by its official
 * client, and its official signer on whatever requests can be thought up.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acsDate, authorization, canonicalRequest, parseAcsDate, stringToSign } from "../../../src/providers/alibaba/sign.ts";
import { canonicalQuery, sha256 } from "../../../src/providers/kit/canonical.ts";
import { officialAuthorization } from "./official-harness.ts";
// V0 is the example of the vendor's signature guide; the others were made with the official client and confirmed by a
// second implementation. All keys are published or invented.
import vectors from "./vectors.json" with { type: "json" };

type Vector = (typeof vectors)[number];

function inputOf(vector: Vector) {
  const headers: Record<string, string> = {
    host: vector.host,
    "x-acs-action": vector.action,
    "x-acs-version": vector.version,
    "x-acs-date": vector.date,
    "x-acs-signature-nonce": vector.nonce,
    "x-acs-content-sha256": sha256(vector.body),
  };
  for (const [name, value] of Object.entries(vector.headers)) if (value !== undefined) headers[name] = value;
  const query = vector.query.map(([name = "", value = ""]): [string, string] => [name, value]);
  return { method: vector.method, query, headers, body: vector.body };
}

const keyOf = (vector: Vector) => ({ id: vector.accessKeyId, secret: vector.accessKeySecret });
const expected = ({ accessKeyId, signedHeaders, signature }: Vector) =>
  `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${signedHeaders},Signature=${signature}`;

describe("known answers", () => {
  it.each(vectors)("$name", (vector) => {
    const input = inputOf(vector);
    const canonical = canonicalRequest(input);
    expect(canonicalQuery(input.query)).toBe(vector.canonicalQuery);
    expect(sha256(canonical)).toBe(vector.hashedCanonicalRequest);
    expect(stringToSign(canonical)).toBe(`ACS3-HMAC-SHA256\n${vector.hashedCanonicalRequest}`);
    expect(authorization(input, keyOf(vector))).toBe(expected(vector));
  });

  it("have a canonical request of this very form", () => {
    const vector = vectors.find(({ name }) => name.startsWith("V1 "));
    if (!vector) throw new Error("no such vector");
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect(canonicalRequest(inputOf(vector)).split("\n")).toEqual([
      "POST",
      "/",
      vector.canonicalQuery,
      "host:vod.cn-shanghai.aliyuncs.com",
      "x-acs-action:PreloadVodObjectCaches",
      `x-acs-content-sha256:${empty}`,
      "x-acs-date:2026-11-21T08:00:00Z",
      "x-acs-signature-nonce:00000000000000000000000000000001",
      "x-acs-version:2017-03-21",
      "",
      vector.signedHeaders,
      empty,
    ]);
  });

  it("do not depend on the case of the method, on order, case or blanks of headers, nor on headers that are not signed", () => {
    for (const vector of vectors) {
      const { headers, query, ...input } = inputOf(vector);
      const shuffled = Object.fromEntries([
        ["User-Agent", "anything"],
        ["Accept", "application/json"],
        ...Object.entries(headers)
          .reverse()
          .map(([name, value]): [string, string] => [name.toUpperCase(), `  ${value} `]),
      ]);
      const changed = { ...input, method: input.method.toLowerCase(), query: [...query].reverse(), headers: shuffled };
      expect(authorization(changed, keyOf(vector))).toBe(expected(vector));
    }
  });
});

// Beyond U+D7FF languages sort names differently: by code unit in JavaScript, by code point or byte elsewhere.
const wideText = fc.array(fc.integer({ min: 0x20, max: 0xd7ff }), { maxLength: 8 }).map((codes) => String.fromCharCode(...codes));
const awkward = fc.string({ unit: fc.constantFrom(..."!'()*~+-_.%&=?#/:;,@ \n\r\"\\{}[]aé片😀"), maxLength: 20 });
const value = fc.oneof(fc.string({ maxLength: 12 }), wideText, awkward, fc.constant(""));
// The official signer leaves names unencoded, and they need no encoding.
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,11}$/);
const query = fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true });
const headerValue = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,30}[\x21-\x7e])?$/);
const secret = fc.stringMatching(/^[A-Za-z0-9/+=]{8,40}$/);
const date = fc
  .date({ min: new Date("2000-01-01T00:00:00Z"), max: new Date("2099-12-31T23:59:59Z"), noInvalidDate: true })
  .map((day) => acsDate(day.getTime()));

describe("the official signer", () => {
  it("gives the same known answers when asked as these tests ask it", () => {
    for (const vector of vectors) {
      const input = inputOf(vector);
      expect(officialAuthorization({ ...input, query: Object.fromEntries(input.query) }, vector)).toBe(expected(vector));
    }
  });

  it("agrees with ours on any request", () => {
    const request = fc.record({
      method: fc.constantFrom("GET", "POST"),
      host: fc.constantFrom("vod.cn-shanghai.aliyuncs.com", "127.0.0.1:8080", "gateway.example.com:8443"),
      query,
      // With temporary keys or without them, and whatever else the vendor's clients think of.
      token: fc.option(headerValue, { nil: undefined }),
      others: fc.dictionary(fc.stringMatching(/^x-acs-z[a-z-]{1,12}$/), headerValue, { maxKeys: 3, noNullPrototype: true }),
      unsigned: fc.dictionary(fc.stringMatching(/^x-[b-z][a-z-]{1,12}$/), headerValue, { maxKeys: 2, noNullPrototype: true }),
      form: fc.option(value, { nil: undefined }),
      date,
      id: secret,
      secret,
    });
    fc.assert(
      fc.property(request, ({ method, host, query, token, others, unsigned, form, date, id, secret }) => {
        const body = form ?? "";
        const headers: Record<string, string> = {
          host,
          "x-acs-action": "PreloadVodObjectCaches",
          "x-acs-version": "2017-03-21",
          "x-acs-date": date,
          "x-acs-signature-nonce": sha256(date),
          "x-acs-content-sha256": sha256(body),
          ...(token !== undefined && { "x-acs-security-token": token, "x-acs-accesskey-id": id }),
          ...(form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
          ...others,
          ...unsigned,
        };
        const ours = authorization({ method, query: Object.entries(query), headers, body }, { id, secret });
        expect(ours).toBe(officialAuthorization({ method, query, headers, body }, { accessKeyId: id, accessKeySecret: secret }));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the date of a signature", () => {
  it("is written as the vendor writes it", () => {
    expect(acsDate(Date.parse("2026-11-21T08:00:00.999Z"))).toBe("2026-11-21T08:00:00Z");
  });

  it("survives being written and read, to the second", () => {
    const instant = fc.integer({ min: 0, max: Date.parse("9999-12-31T23:59:59Z") / 1_000 });
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 999 }), (seconds, rest) => {
        expect(parseAcsDate(acsDate(seconds * 1_000 + rest))).toBe(seconds * 1_000);
      }),
    );
  });

  it.each(["", "20261121T080000Z", "2026-11-21T08:00:00", "2026-11-21T08:00:00.000Z", "2026-11-21 08:00:00Z", "2026-13-21T08:00:00Z"])(
    "is not read from %j",
    (text) => {
      expect(parseAcsDate(text)).toBeNaN();
    },
  );
});
