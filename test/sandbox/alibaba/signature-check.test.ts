/** The emulator's signature check against the vendor's published vectors and its official client and signer. */

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSignatureCheck } from "../../../src/sandbox/alibaba/signature-check.ts";
import type { ReceivedRequest } from "../../../src/sandbox/server/receive.ts";
import { runs } from "../../fakes/runs.ts";
import { exchange, officialAuthorization, signedRequest, type WireRequest } from "../../providers/alibaba/official-harness.ts";
import vectors from "../../providers/alibaba/vectors.json" with { type: "json" };
import { handClock, MINUTE, SECOND } from "../../providers/clock-harness.ts";
import { alibabaForEachTest, url } from "./emulator-harness.ts";

const required = ["x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"];
const form = "application/x-www-form-urlencoded";

function received({ method, url: text, headers, body = "" }: Omit<WireRequest, "method"> & { readonly method: string }): ReceivedRequest {
  const target = new URL(text);
  return {
    method,
    target: text.slice(target.origin.length),
    url: target,
    headers: new Map(Object.entries(headers)),
    body: Buffer.from(body),
  };
}

describe("vectors of the vendor", () => {
  const requestOf = (vector: (typeof vectors)[number]): ReceivedRequest => {
    const { method, host, action, version, date, nonce, accessKeyId, signedHeaders, signature, body } = vector;
    const given = Object.entries(vector.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    const headers = {
      ...Object.fromEntries(given),
      host,
      "x-acs-action": action,
      "x-acs-version": version,
      "x-acs-date": date,
      "x-acs-signature-nonce": nonce,
      "x-acs-content-sha256": createHash("sha256").update(body).digest("hex"),
      authorization: `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${signedHeaders},Signature=${signature}`,
    };
    const search = new URLSearchParams(vector.query.map(([name = "", value = ""]): [string, string] => [name, value]));
    return received({ method, url: `https://${host}/${search.size > 0 ? `?${search}` : ""}`, headers, body });
  };

  it.each(vectors)("$name is accepted with its key and refused with another", (vector) => {
    const request = requestOf(vector);
    const token = request.headers.get("x-acs-security-token");
    const keys = { accessKeyId: vector.accessKeyId, ...(token !== undefined && { securityToken: token }) };
    const check = (accessKeySecret: string) => createSignatureCheck({ ...keys, accessKeySecret }, () => Date.parse(vector.date))(request);
    expect(() => check(vector.accessKeySecret)).not.toThrow();
    expect(() => check("another")).toThrow("server CanonicalRequest is:");
  });
});

describe("requests of the official signer", () => {
  const keys = { accessKeyId: "official", accessKeySecret: "official-secret" };
  const now = handClock().now();
  const check = createSignatureCheck(keys, () => now);

  const word = fc.stringMatching(/^[A-Za-z0-9._-]{1,8}$/);
  const text = fc.string({ unit: "grapheme" });
  const requests = fc
    .record({ action: word, query: fc.dictionary(word, text, { maxKeys: 4 }), body: text })
    .map((parts) => signedRequest({ ...parts, endpoint: "http://127.0.0.1:8080", keys, now, headers: { "content-type": form } }));

  it("are accepted", () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(() => check(received(request))).not.toThrow();
      }),
      { numRuns: runs(100) },
    );
  });

  it("are refused once their body or query changes", () => {
    fc.assert(
      fc.property(requests, word, (request, name) => {
        expect(() => check(received({ ...request, body: `${request.body ?? ""} ` }))).toThrow("not matched");
        expect(() => check(received({ ...request, url: `${request.url}&${name}=1` }))).toThrow("not matched");
      }),
      { numRuns: 100 },
    );
  });
});

describe("the running emulator", () => {
  const test = alibabaForEachTest();
  const { restart, ask, preload, signed, expectError } = test;

  const withHeader = (request: WireRequest, name: string, value: string): WireRequest => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  });
  const without = (request: WireRequest, name: string): WireRequest => ({
    ...request,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([header]) => header !== name)),
  });
  const withAuthorization = (request: WireRequest, change: (value: string) => string): WireRequest =>
    withHeader(request, "authorization", change(request.headers.authorization ?? ""));

  it("accepts a signed query and a signed form, and answers with its time and request id", async () => {
    const { status, headers, body } = await exchange(signed());
    expect(status).toBe(200);
    expect(headers.date).toBe(new Date(test.clock.now()).toUTCString());
    expect(headers["x-acs-request-id"]).toBe(body.RequestId);
    const parts = { body: `ObjectPath=${encodeURIComponent(url(2))}`, headers: { "content-type": form } };
    expect((await exchange(signed({ query: {}, ...parts }))).status).toBe(200);
    expect(test.vod.rows.map((row) => row.url)).toEqual([url(1), url(2)]);
  });

  const tamperings: Readonly<Record<string, (request: WireRequest) => WireRequest>> = {
    method: (request) => ({ ...request, method: "GET" }),
    path: (request) => ({ ...request, url: request.url.replace("/?", "/more?") }),
    query: (request) => ({ ...request, url: request.url.replace("overseas", "domestic") }),
    "added parameter": (request) => ({ ...request, url: `${request.url}&L2Preload=true` }),
    host: (request) => withHeader(request, "host", "vod.example"),
    action: (request) => withHeader(request, "x-acs-action", "GetPlayInfo"),
    version: (request) => withHeader(request, "x-acs-version", "2016-01-01"),
    date: (request) => withHeader(request, "x-acs-date", "2026-11-21T12:00:01Z"),
    nonce: (request) => withHeader(request, "x-acs-signature-nonce", "another"),
    "hash of the body": (request) => withHeader(request, "x-acs-content-sha256", "0".repeat(64)),
    body: (request) => ({ ...request, body: "ObjectPath=other" }),
    "order of signed headers": (request) => withAuthorization(request, (value) => value.replace("host;x-acs-action", "x-acs-action;host")),
    signature: (request) => withAuthorization(request, (value) => value.replace(/.{64}$/, "0".repeat(64))),
  };

  it.each(Object.keys(tamperings))("refuses a request with a tampered part: %s", async (part) => {
    const request = signed();
    const answer = await exchange(tamperings[part]?.(request) ?? request);
    expect([answer.status, answer.body.Code]).toEqual([400, "SignatureDoesNotMatch"]);
    expect(test.vod.spentToday).toBe(0);
    // The emulator refuses nothing but the change, and a refusal does not use up the nonce.
    expect((await exchange(request)).status).toBe(200);
  });

  it("refuses a signed hash of another body", async () => {
    const headers = { "x-acs-content-sha256": "0".repeat(64) };
    expectError(await exchange(signed({ headers })), 400, "SignatureDoesNotMatch");
  });

  it("refuses another access key and a wrong secret", async () => {
    const { user } = test.vod;
    const unknown = await ask("DescribeVodRefreshQuota", {}, { keys: { ...user, accessKeyId: "LTAIanother" } });
    expectError(unknown, 404, "InvalidAccessKeyId.NotFound");
    const wrong = await ask("DescribeVodRefreshQuota", {}, { keys: { ...user, accessKeySecret: "wrong" } });
    expectError(wrong, 400, "SignatureDoesNotMatch");
  });

  it("echoes the compared texts, key and token included, as the vendor does", async () => {
    await restart({ user: { securityToken: "sts-token+/==" } });
    const answer = await exchange(signed({ keys: { ...test.vod.user, accessKeySecret: "wrong" } }));
    expectError(answer, 400, "SignatureDoesNotMatch");
    expect(answer.body.Message).toMatch(/server string to sign is:ACS3-HMAC-SHA256\n[0-9a-f]{64}/);
    expect(answer.body.Message).toContain("x-acs-security-token:sts-token+/==");
    expect(answer.body.Message).toContain(test.vod.user.accessKeyId);
    expect(answer.text).not.toContain(test.vod.user.accessKeySecret);
  });

  it.each(required)("requires the header %s", async (name) => {
    expectError(await exchange(signed({ headers: { [name]: undefined } })), 400, "MissingParameter");
  });

  it.each(["host", ...required])("requires a signature over %s", async (name) => {
    const { url: target, headers } = signed();
    const { authorization: _, ...all } = headers;
    const some = Object.fromEntries(Object.entries(all).filter(([header]) => header !== name));
    const query = Object.fromEntries(new URL(target).searchParams);
    const header = officialAuthorization({ method: "POST", query, headers: some, body: "" }, test.vod.user);
    const answer = await exchange({ method: "POST", url: target, headers: { ...all, authorization: header } });
    expectError(answer, 400, "IncompleteSignature");
    expect(answer.body.Message).toContain(name);
  });

  it("requires each listed header to be sent and each x-acs header to be listed", async () => {
    expectError(await exchange(without(signed({ headers: { "x-acs-more": "1" } }), "x-acs-more")), 400, "IncompleteSignature");
    expectError(await exchange(withHeader(signed(), "x-acs-more", "1")), 400, "IncompleteSignature");
    expect((await exchange(signed({ headers: { "x-acs-more": "1" } }))).status).toBe(200);
  });

  it("refuses a list of signed headers with the name of an object's built-in member", async () => {
    const wrong = withAuthorization(signed(), (value) => value.replace("host;", "constructor;host;"));
    expectError(await exchange(wrong), 400, "IncompleteSignature");
  });

  it.each(["", "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=0", "Bearer token"])(
    "refuses the authorization %j",
    async (header) => {
      expectError(await exchange(withHeader(signed(), "authorization", header)), 400, "IncompleteSignature");
    },
  );

  it("refuses a request without authorization", async () => {
    expectError(await exchange(without(signed(), "authorization")), 400, "IncompleteSignature");
  });

  it("refuses a signature with one changed character", async () => {
    const change = fc.record({ place: fc.nat({ max: 63 }), character: fc.constantFrom(..."0123456789abcdefAx") });
    await fc.assert(
      fc.asyncProperty(change, async ({ place, character }) => {
        const request = signed();
        const header = request.headers.authorization ?? "";
        const at = header.length - 64 + place;
        fc.pre(header[at] !== character);
        const { status } = await exchange(withAuthorization(request, () => header.slice(0, at) + character + header.slice(at + 1)));
        expect(status).toBe(400);
      }),
      { numRuns: 50 },
    );
    expect(test.vod.spentToday).toBe(0);
  });

  it.each([-1, 1])("refuses a date that is more than 15 minutes off (%d) and shows its own", async (direction) => {
    const answer = await exchange(signed({ now: test.clock.now() + direction * (15 * MINUTE + SECOND) }));
    expectError(answer, 400, "IllegalTimestamp");
    expect(answer.headers.date).toBe(new Date(test.clock.now()).toUTCString());
  });

  it.each(["2026-11-21 12:00", "2026-11-21T12:00:00.000Z", "2026-11-21T12:00:60Z", ""])("refuses the malformed date %j", async (date) => {
    const code = date === "" ? "MissingParameter" : "IllegalTimestamp";
    expectError(await exchange(signed({ headers: { "x-acs-date": date } })), 400, code);
  });

  it("accepts a nonce once, until its request's date expires", async () => {
    const request = signed({ now: test.clock.now() + 15 * MINUTE });
    expect((await exchange(request)).status).toBe(200);
    expectError(await exchange(request), 400, "SignatureNonceUsed");
    test.clock.advance(30 * MINUTE);
    expectError(await exchange(request), 400, "SignatureNonceUsed");
    test.clock.advance(SECOND);
    expectError(await exchange(request), 400, "IllegalTimestamp");
    expect(test.vod.spentToday).toBe(1);
    const nonce = { "x-acs-signature-nonce": request.headers["x-acs-signature-nonce"] };
    expect((await exchange(signed({ headers: nonce }))).status).toBe(200);
  });

  it("refuses a token for permanent keys", async () => {
    expectError(await exchange(signed({ headers: { "x-acs-security-token": "any" } })), 400, "InvalidSecurityToken.MismatchWithAccessKey");
  });

  it("accepts temporary keys with their signed token only", async () => {
    const token = "sts-token+/==";
    await restart({ user: { securityToken: token } });
    const exchangeWith = (value: string | undefined) => exchange(signed({ headers: { "x-acs-security-token": value } }));
    expectError(await exchangeWith(undefined), 404, "InvalidAccessKeyId.NotFound");
    expectError(await exchangeWith("another"), 400, "InvalidSecurityToken.Malformed");
    const unsigned = withHeader(signed({ headers: { "x-acs-security-token": undefined } }), "x-acs-security-token", token);
    expectError(await exchange(unsigned), 400, "IncompleteSignature");
    expect((await exchangeWith(token)).status).toBe(200);
    expect((await preload([url(1)])).status).toBe(200);
  });
});
