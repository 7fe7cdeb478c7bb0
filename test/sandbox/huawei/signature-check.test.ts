/** The emulator's signature check against the vendor's published vectors and its official signer. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authorization, sdkDate } from "../../../src/providers/huawei/sign.ts";
import { createSignatureCheck } from "../../../src/sandbox/huawei/signature-check.ts";
import type { ReceivedRequest } from "../../../src/sandbox/server/receive.ts";
import { runs } from "../../fakes/runs.ts";
import { handClock, MINUTE, SECOND } from "../../providers/clock-harness.ts";
import { exchange, type OfficialRequest, officialRequest, type WireRequest } from "../../providers/huawei/official-harness.ts";
import vectors from "../../providers/huawei/vectors.json" with { type: "json" };
import { assetId, expectError, huaweiForEachTest, unpublishedId, url } from "./emulator-harness.ts";

const endpoint = "http://127.0.0.1:8080";
const now = handClock().now();

function received({ method, url: text, headers, body = "" }: Omit<WireRequest, "method"> & { readonly method: string }): ReceivedRequest {
  const target = new URL(text);
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()] as const);
  return { method, target: text.slice(target.origin.length), url: target, headers: new Map(lines), body: Buffer.from(body) };
}

describe("vectors of the vendor", () => {
  const requestOf = (vector: (typeof vectors)[number]): ReceivedRequest => {
    const search = new URLSearchParams(vector.query.map(([name = "", value = ""]): [string, string] => [name, value]));
    const given = Object.entries(vector.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    const headers = { ...Object.fromEntries(given), host: vector.host, "x-sdk-date": vector.xSdkDate };
    const address = `https://${vector.host}${vector.path}${vector.query.length > 0 ? `?${search}` : ""}`;
    return received({ method: vector.method, url: address, headers, body: vector.body });
  };
  const timeOf = ({ xSdkDate: text }: (typeof vectors)[number]) =>
    Date.parse(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 11)}:${text.slice(11, 13)}:${text.slice(13)}`);

  it.each(vectors)("$name is accepted with its key and refused with another", (vector) => {
    const { ak, sk } = vector;
    const check = (keys: { ak: string; sk: string }) =>
      createSignatureCheck(keys, () => timeOf(vector))(requestOf(vector), vector.authorization);
    expect(check({ ak, sk })).toBeUndefined();
    expect(check({ ak, sk: `${sk}x` })?.status).toBe(401);
  });
});

describe("requests of the official signer", () => {
  const keys = { ak: "OFFICIALAK", sk: "official-secret" };
  const check = createSignatureCheck(keys, () => now);
  const refusalOf = (request: WireRequest) => check(received(request), request.headers.Authorization ?? "");

  const word = fc.stringMatching(/^[A-Za-z0-9._~-]{1,8}$/);
  const text = fc.string({ unit: "grapheme" });
  const requests: fc.Arbitrary<OfficialRequest> = fc
    .record({
      path: fc.array(word, { maxLength: 4 }).map((segments) => `/a/${segments.join("/")}`),
      query: fc.dictionary(word, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), { maxKeys: 4 }),
      headers: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,5}$/), fc.stringMatching(/^[!-~]{1,8}$/), { maxKeys: 3 }),
      body: fc.dictionary(word, text, { minKeys: 1, maxKeys: 3 }),
    })
    .map((parts) => ({ ...parts, method: "POST", endpoint, date: sdkDate(now), keys }));

  it("are accepted", () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(refusalOf(officialRequest(request))).toBeUndefined();
      }),
      { numRuns: runs(100) },
    );
  });

  it("are refused once their body or query changes", () => {
    fc.assert(
      fc.property(requests, word, (request, name) => {
        const sent = officialRequest(request);
        expect(refusalOf({ ...sent, body: `${sent.body} ` })?.status).toBe(401);
        const separator = sent.url.includes("?") ? "&" : "?";
        expect(refusalOf({ ...sent, url: `${sent.url}${separator}${name}=1` })?.status).toBe(401);
      }),
      { numRuns: 100 },
    );
  });
});

describe("the running emulator", () => {
  const test = huaweiForEachTest();
  const { signed, send, taskOf, expectAccepted } = test;

  const genuine = () => signed({ body: { asset_id: assetId }, headers: { "X-Project-Id": test.vod.projectId } });
  const withHeader = (request: WireRequest, name: string, value: string): WireRequest => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  });
  const withAuthorization = (request: WireRequest, change: (value: string) => string): WireRequest =>
    withHeader(request, "Authorization", change(request.headers.Authorization ?? ""));

  const tamperings: Readonly<Record<string, (request: WireRequest) => WireRequest>> = {
    method: ({ url: target, headers }) => ({ method: "GET", url: target, headers }),
    path: (request) => ({ ...request, url: request.url.replace(/preheating$/, "info") }),
    "project in the path": (request) => ({ ...request, url: request.url.replace(test.vod.projectId, "another") }),
    query: (request) => ({ ...request, url: `${request.url}?task_id=1` }),
    "signed header": (request) => withHeader(request, "X-Project-Id", "another"),
    "content type": (request) => withHeader(request, "content-type", "text/plain"),
    host: (request) => withHeader(request, "host", "vod.example"),
    body: (request) => ({ ...request, body: JSON.stringify({ asset_id: unpublishedId }) }),
    "missing body": (request) => ({ ...request, body: "" }),
    date: (request) => withHeader(request, "X-Sdk-Date", sdkDate(test.clock.now() + SECOND)),
    "access key": (request) => withAuthorization(request, (value) => value.replace(test.vod.user.ak, "ANOTHERAK00000000000")),
    "list of signed headers": (request) => withAuthorization(request, (value) => value.replace("content-type;", "")),
    "order of signed headers": (request) => withAuthorization(request, (value) => value.replace("content-type;host", "host;content-type")),
    "name of no header among the signed ones": (request) =>
      withAuthorization(request, (value) => value.replace("host;", "constructor;host;")),
    scheme: (request) => withAuthorization(request, (value) => value.replace("SDK-HMAC-SHA256", "SDK-HMAC-SHA512")),
    signature: (request) => withAuthorization(request, (value) => value.replace(/.{64}$/, "0".repeat(64))),
    "shortened signature": (request) => withAuthorization(request, (value) => value.slice(0, -1)),
    "field after the signature": (request) => withAuthorization(request, (value) => `${value}, More=1`),
    "missing signature": (request) => withAuthorization(request, (value) => value.replace(/, Signature=.*/, "")),
    "empty authorization": (request) => withAuthorization(request, () => ""),
  };

  it.each(Object.keys(tamperings))("refuses a request with a tampered part: %s", async (part) => {
    const request = genuine();
    const answer = await exchange(tamperings[part]?.(request) ?? request);
    expectError(answer, 401, "APIGW.0301");
    expect(test.vod.spentToday).toBe(0);
    // The emulator refuses nothing but the change.
    expect((await exchange(request)).status).toBe(202);
  });

  it("refuses a query for a task other than the signed one", async () => {
    const [mine, other] = [await taskOf({ urls: [url(1)] }), await taskOf({ urls: [url(2)] })];
    const request = signed({ query: { task_id: mine } });
    expectError(await exchange({ ...request, url: request.url.replace(mine, other) }), 401, "APIGW.0301");
  });

  it.each([
    ["ak", "ak not exist"],
    ["sk", "verify aksk signature fail"],
  ] as const)("refuses a signature made with a wrong %s", async (part, reason) => {
    const answer = await send({ body: { asset_id: assetId }, keys: { ...test.vod.user, [part]: "wrong-key" } });
    expectError(answer, 401, "APIGW.0301");
    expect(answer.json?.error_msg).toContain(reason);
  });

  it.each([-15 * MINUTE, 15 * MINUTE])("accepts a date that is %d ms off", async (off) => {
    expect((await send({ body: { asset_id: assetId }, date: sdkDate(test.clock.now() + off) })).status).toBe(202);
  });

  it.each([-1, 1])("refuses a date that is more than 15 minutes off (%d)", async (direction) => {
    const date = sdkDate(test.clock.now() + direction * (15 * MINUTE + SECOND));
    expectError(await send({ body: { asset_id: assetId }, date }), 401, "APIGW.0303");
  });

  it("refuses a valid request that is sent again after 15 minutes", async () => {
    const request = genuine();
    expect((await exchange(request)).status).toBe(202);
    test.clock.advance(15 * MINUTE + SECOND);
    expectError(await exchange(request), 401, "APIGW.0303");
  });

  it.each([["x-sdk-date"], ["host"]])("refuses a valid signature that does not cover %s", async (missing) => {
    // The official signer always signs both headers, so our signer makes this signature.
    const target = new URL(`${test.vod.endpoint}/v1.0/${test.vod.projectId}/asset/info?asset_id=${assetId}`);
    const all: Record<string, string> = { host: target.host, "x-sdk-date": sdkDate(test.clock.now()) };
    const headers = Object.fromEntries(Object.entries(all).filter(([name]) => name !== missing));
    const header = authorization({ method: "GET", url: target, headers, body: "" }, test.vod.user);
    expectError(await exchange({ method: "GET", url: target.href, headers: { ...all, authorization: header } }), 401, "APIGW.0301");
  });

  it("refuses a request with one changed character in its signature or body", async () => {
    const hex = fc.constantFrom(..."0123456789abcdefABCDEFxyz");
    const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    const place = fc.nat({ max: 63 });
    const change = fc.oneof(
      fc.record({ part: fc.constant("signature" as const), place, character: hex }),
      fc.record({ part: fc.constant("body" as const), place, character: printable }),
    );
    const replaced = (original: string, at: number, character: string) => original.slice(0, at) + character + original.slice(at + 1);
    await fc.assert(
      fc.asyncProperty(change, async ({ part, place: position, character }) => {
        const request = genuine();
        const { body = "" } = request;
        const header = request.headers.Authorization ?? "";
        const at = part === "body" ? position % body.length : header.length - 64 + position;
        const original = part === "body" ? body : header;
        fc.pre(original[at] !== character);
        const wrong = replaced(original, at, character);
        const answer = await exchange(part === "body" ? { ...request, body: wrong } : withAuthorization(request, () => wrong));
        expectError(answer, 401, "APIGW.0301");
        expect(answer.json?.error_msg).not.toContain("reach the limit");
        await expectAccepted();
      }),
      { numRuns: runs(50) },
    );
    expect(test.vod.spentToday).toBe(0);
  });

  describe("with temporary keys", () => {
    const securityToken = "sandbox-security-token==";
    const body = { asset_id: assetId };
    const restart = () => test.restart({ user: { securityToken } });

    it("accepts a signed token", async () => {
      await restart();
      expect((await send({ body, headers: { "X-Security-Token": securityToken } })).status).toBe(202);
    });

    it("refuses a request without a token, with another one and with an unsigned one", async () => {
      await restart();
      expectError(await send({ body }), 401, "APIGW.0301");
      expectError(await send({ body, headers: { "X-Security-Token": "another" } }), 401, "APIGW.0301");
      expectError(await exchange(withHeader(signed({ body }), "X-Security-Token", securityToken)), 401, "APIGW.0301");
    });
  });
});
