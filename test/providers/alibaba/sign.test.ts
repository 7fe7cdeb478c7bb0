/** Alibaba Cloud's signature keeps the signer contract, and has the documented canonical request. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acsDate,
  authorization,
  canonicalRequest,
  type SigningInput,
  signatureScheme,
  stringToSign,
} from "../../../src/providers/alibaba/sign.ts";
import { canonicalQuery, sha256 } from "../../../src/providers/kit/canonical.ts";
import { signerContract } from "../../contract/signer.ts";
import { type Keys, officialAuthorization } from "./official-harness.ts";
// V0 is the example of the vendor's signature guide. The official client has signed the remaining requests, and a second
// implementation has confirmed them. All keys are published or invented.
import vectors from "./vectors.json" with { type: "json" };

type Vector = (typeof vectors)[number];

interface Signed extends SigningInput {
  readonly query: readonly (readonly [string, string])[];
  readonly keys: Keys;
}

function requestOf(vector: Vector): Signed {
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
  const keys = { accessKeyId: vector.accessKeyId, accessKeySecret: vector.accessKeySecret };
  return { method: vector.method, query, headers, body: vector.body, keys };
}

// Languages sort names with characters beyond U+D7FF differently: by code unit, code point or byte.
const wideText = fc.array(fc.integer({ min: 0x20, max: 0xd7ff }), { maxLength: 8 }).map((codes) => String.fromCharCode(...codes));
const awkward = fc.string({ unit: fc.constantFrom(..."!'()*~+-_.%&=?#/:;,@ \n\r\"\\{}[]aé片😀"), maxLength: 20 });
const value = fc.oneof(fc.string({ maxLength: 12 }), wideText, awkward, fc.constant(""));
// The official signer does not encode names, so these need no encoding.
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,11}$/);
const headerValue = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,30}[\x21-\x7e])?$/);
const secret = fc.stringMatching(/^[A-Za-z0-9/+=]{8,40}$/);
const headersMatching = (pattern: RegExp, maxKeys: number) =>
  fc.dictionary(fc.stringMatching(pattern), headerValue, { maxKeys, noNullPrototype: true });

const anyRequest = fc
  .record({
    method: fc.constantFrom("GET", "POST"),
    host: fc.constantFrom("vod.cn-shanghai.aliyuncs.com", "127.0.0.1:8080", "gateway.example.com:8443"),
    query: fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true }),
    /** Present for temporary keys. */
    token: fc.option(headerValue, { nil: undefined }),
    vendorHeaders: headersMatching(/^x-acs-z[a-z-]{1,12}$/, 3),
    unsignedHeaders: headersMatching(/^x-[b-z][a-z-]{1,12}$/, 2),
    form: fc.option(value, { nil: undefined }),
    date: fc
      .date({ min: new Date("2000-01-01T00:00:00Z"), max: new Date("2099-12-31T23:59:59Z"), noInvalidDate: true })
      .map((day) => acsDate(day.getTime())),
    keys: fc.record({ accessKeyId: secret, accessKeySecret: secret }),
  })
  .map(({ method, host, query, token, vendorHeaders, unsignedHeaders, form, date, keys }): Signed => {
    const body = form ?? "";
    const headers = {
      host,
      "x-acs-action": "PreloadVodObjectCaches",
      "x-acs-version": "2017-03-21",
      "x-acs-date": date,
      "x-acs-signature-nonce": sha256(date),
      "x-acs-content-sha256": sha256(body),
      ...(token !== undefined && { "x-acs-security-token": token, "x-acs-accesskey-id": keys.accessKeyId }),
      ...(form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
      ...vendorHeaders,
      ...unsignedHeaders,
    };
    return { method, query: Object.entries(query), headers, body, keys };
  });

signerContract<Signed>({
  scheme: signatureScheme,
  known: vectors.map((vector) => ({
    name: vector.name,
    request: requestOf(vector),
    authorization: `ACS3-HMAC-SHA256 Credential=${vector.accessKeyId},SignedHeaders=${vector.signedHeaders},Signature=${vector.signature}`,
  })),
  unsignedHeaders: { "user-agent": "anything", accept: "application/json" },
  ours: ({ keys, ...input }) => authorization(input, { id: keys.accessKeyId, secret: keys.accessKeySecret }),
  official: ({ keys, query, ...input }) => officialAuthorization({ ...input, query: Object.fromEntries(query) }, keys),
  anyRequest,
  date: { write: acsDate, example: "2026-11-21T08:00:00Z" },
});

describe("canonicalRequest", () => {
  it.each(vectors)("has the known query and hash for $name", (vector) => {
    const input = requestOf(vector);
    const canonical = canonicalRequest(input);
    expect(canonicalQuery(input.query)).toBe(vector.canonicalQuery);
    expect(sha256(canonical)).toBe(vector.hashedCanonicalRequest);
    expect(stringToSign(canonical)).toBe(`ACS3-HMAC-SHA256\n${vector.hashedCanonicalRequest}`);
  });

  it("does not depend on the order of the parameters", () => {
    for (const vector of vectors) {
      const input = requestOf(vector);
      expect(canonicalRequest({ ...input, query: [...input.query].reverse() })).toBe(canonicalRequest(input));
    }
  });

  it("has the documented lines", () => {
    const vector = vectors.find(({ name }) => name.startsWith("V1 "));
    if (!vector) throw new Error("no such vector");
    const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect(canonicalRequest(requestOf(vector)).split("\n")).toEqual([
      "POST",
      "/",
      vector.canonicalQuery,
      "host:vod.cn-shanghai.aliyuncs.com",
      "x-acs-action:PreloadVodObjectCaches",
      `x-acs-content-sha256:${emptyHash}`,
      "x-acs-date:2026-11-21T08:00:00Z",
      "x-acs-signature-nonce:00000000000000000000000000000001",
      "x-acs-version:2017-03-21",
      "",
      vector.signedHeaders,
      emptyHash,
    ]);
  });
});
