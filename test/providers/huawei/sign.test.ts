/** Huawei Cloud's signature keeps the signer contract, and agrees with the examples in the vendor's SDKs. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  authorization,
  canonicalRequest,
  type SigningInput,
  sdkDate,
  signatureScheme,
  stringToSign,
} from "../../../src/providers/huawei/sign.ts";
import { canonicalQuery } from "../../../src/providers/kit/canonical.ts";
import { type SignableRequest, signerContract } from "../../contract/signer.ts";
import { officialHeaders } from "./official-harness.ts";
// V1 is the example of the vendor's signature guide, V2 and V3 are examples of the Python SDK. The official signer has signed
// the remaining requests, and a second implementation has confirmed them. All keys are published or invented.
import vectors from "./vectors.json" with { type: "json" };

type Vector = (typeof vectors)[number];

interface Signed extends SignableRequest {
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as JSON. */
  readonly body: object | undefined;
  readonly date: string;
  readonly keys: { readonly ak: string; readonly sk: string };
}

function requestOf({ method, host, path, query, headers, body, xSdkDate: date, ak, sk }: Vector): Signed {
  const own: Record<string, string> = { host, "x-sdk-date": date };
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) own[name] = value;
  const pairs = Map.groupBy(query, ([name = ""]) => name);
  return {
    method,
    host,
    path,
    query: Object.fromEntries([...pairs].map(([name, same]) => [name, same.map(([, value = ""]) => value)])),
    headers: own,
    body: body === "" ? undefined : JSON.parse(body),
    date,
    keys: { ak, sk },
  };
}

function inputOf({ method, host, path, query, headers, body }: Signed): SigningInput {
  const url = new URL(`https://${host}${path}`);
  url.search = canonicalQuery(
    Object.entries(query).flatMap(([name, values]) => [values].flat().map((one): [string, string] => [name, one])),
  );
  return { method, url, headers, body: body === undefined ? "" : JSON.stringify(body) };
}

// Server names for headers. The official signer misplaces names with `_` when it sorts.
const headerName = fc.stringMatching(/^[a-z][a-z0-9-]{0,15}$/);
const reserved = ["host", "x-sdk-date", "x-sdk-content-sha256", "content-type", "authorization"];
const headerValue = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/);
const headers = fc
  .dictionary(headerName, headerValue, { maxKeys: 5 })
  .map((record) => Object.fromEntries(Object.entries(record).filter(([name]) => !reserved.includes(name))));

// The vendor's own signers disagree beyond U+D7FF: JavaScript sorts by code unit, Python and Go by code point.
const wideText = fc.array(fc.integer({ min: 0x20, max: 0xd7ff }), { maxLength: 6 }).map((codes) => String.fromCharCode(...codes));
const text = fc.oneof(fc.string({ maxLength: 12 }), wideText);
const query = fc.dictionary(text, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 4 })), { maxKeys: 5 });

// The official signer encodes percent signs twice, and its old URL parser escapes some characters itself.
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

const anyRequest = fc
  .record({
    method: fc.constantFrom("GET", "POST"),
    host: fc.constantFrom("vod.cn-north-4.myhuaweicloud.com", "127.0.0.1:8080", "service.example.com:8443"),
    path,
    query,
    headers,
    body: fc.option(fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }), { nil: undefined }),
    date,
    keys: fc.record({ ak: secret, sk: secret }),
  })
  .map((request): Signed => ({ ...request, headers: { ...request.headers, host: request.host, "x-sdk-date": request.date } }));

signerContract<Signed>({
  scheme: signatureScheme,
  known: vectors.map((vector) => ({ name: vector.name, request: requestOf(vector), authorization: vector.authorization })),
  unsignedHeaders: {},
  ours: (request) => authorization(inputOf(request), request.keys),
  official: ({ method, host, path, query, headers, body, date, keys }) => {
    // The official signer adds these two itself.
    const { host: _host, "x-sdk-date": _date, ...rest } = headers;
    const endpoint = `https://${host}`;
    const signed = officialHeaders({
      method: method === "POST" ? "POST" : "GET",
      endpoint,
      path,
      query,
      headers: rest,
      date,
      keys,
      ...(body && { body }),
    });
    return signed.Authorization ?? "";
  },
  anyRequest,
  date: { write: sdkDate, example: "20261121T080000Z" },
});

describe("canonicalRequest", () => {
  it.each(vectors)("and the string to sign are the known ones for $name", (vector) => {
    expect(canonicalRequest(inputOf(requestOf(vector)))).toBe(vector.canonicalRequest);
    expect(stringToSign(vector.canonicalRequest, vector.xSdkDate)).toBe(vector.stringToSign);
  });
});

describe("the examples of the vendor's SDKs", () => {
  it("include the Java SDK's request without a query", () => {
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

  it("include the Python SDK's canonical query", () => {
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

  // The Node, Python and Go SDKs sort before they encode. The order differs where `%` and the plain character sort apart.
  it("include a query that is sorted before it is encoded", () => {
    const pairs = [
      ["v:", "1"],
      ["v0", "é"],
      ["v0", "z"],
    ] as const;
    expect(canonicalQuery(pairs)).toBe("v0=z&v0=%C3%A9&v%3A=1");
  });
});
