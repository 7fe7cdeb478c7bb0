/** Signatures with a derived key: published samples, answers of official clients, and the emulators' own check. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../src/providers/kit/canonical.ts";
import {
  authorization,
  canonicalRequest,
  type DerivedKeyScheme,
  type SigningInput,
  signingTime,
} from "../../../src/providers/kit/derived-key.ts";
import { isScopedSignature, parseScopedAuthorization, type ScopedForm } from "../../../src/sandbox/server/derived-key-check.ts";
import type { ReceivedRequest } from "../../../src/sandbox/server/receive.ts";
import { runs } from "../../fakes/runs.ts";

const aws: DerivedKeyScheme = { algorithm: "AWS4-HMAC-SHA256", secretPrefix: "AWS4", scopeEnd: "aws4_request", time: "basic" };
const tc3: DerivedKeyScheme = { algorithm: "TC3-HMAC-SHA256", secretPrefix: "TC3", scopeEnd: "tc3_request", time: "unix-seconds" };
const volcengine: DerivedKeyScheme = { algorithm: "HMAC-SHA256", secretPrefix: "", scopeEnd: "request", time: "basic" };
const jdCloud: DerivedKeyScheme = {
  algorithm: "JDCLOUD2-HMAC-SHA256",
  secretPrefix: "JDCLOUD2",
  scopeEnd: "jdcloud2_request",
  time: "basic",
};

interface Vector {
  readonly name: string;
  readonly scheme: DerivedKeyScheme;
  readonly input: SigningInput;
  readonly key: { readonly id: string; readonly secret: string };
  /** SHA-256 of the canonical request. */
  readonly hash?: string;
  readonly signature: string;
}

const plain = { method: "POST", path: "/", query: [] } as const;
const tencentKey = { id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", secret: "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE" };
const volcengineKey = { id: "AKLTEXAMPLEExampleExampleExample00", secret: "TVRJek5EVTJOemc1TUdGaVkyUmxaZz09EXAMPLE" };

function tencent(service: string, seconds: number, body: string): SigningInput {
  const headers = { "content-type": "application/json", host: `${service}.tencentcloudapi.com` };
  return { ...plain, headers, body, at: seconds * 1_000, scope: [service] };
}

function volcengineCall(
  action: string,
  time: string,
  scope: readonly string[],
  headers: Record<string, string>,
  body: string,
): SigningInput {
  const query = [
    ["Version", "2021-03-01"],
    ["Action", action],
  ] as const;
  const own = { "X-Date": time, "X-Content-Sha256": sha256(body) };
  return { method: "POST", path: "/", query, headers: { ...own, ...headers }, body, at: timeOf(time), scope };
}

function timeOf(basic: string): number {
  return Date.parse(basic.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
}

/** The official npm clients have signed T1 to V2. V3 and V4 use the header set of the vendor's client for Go. */
const vectors: readonly Vector[] = [
  {
    name: "AWS's sample ListUsers",
    scheme: aws,
    input: {
      method: "GET",
      path: "/",
      query: [
        ["Version", "2010-05-08"],
        ["Action", "ListUsers"],
      ],
      headers: {
        host: "iam.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      },
      body: "",
      at: timeOf("20150830T123600Z"),
      scope: ["us-east-1", "iam"],
    },
    key: { id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
    hash: "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59",
    signature: "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  },
  {
    name: "the sample of Tencent Cloud's signature page",
    scheme: tc3,
    input: {
      ...plain,
      headers: { "content-type": "application/json; charset=utf-8", host: "cvm.tencentcloudapi.com" },
      body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
      at: 1_551_113_065_000,
      scope: ["cvm"],
    },
    key: { id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******", secret: "Gu5t9xGARNpq86cd98joQYCN3*******" },
    signature: "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
  },
  {
    name: "T1, text in UTF-8",
    scheme: tc3,
    input: tencent("cdn", 1_795_262_400, '{"Urls":["https://www.example.com/a b/视频.mp4?x=1&y=2"],"Area":"mainland"}'),
    key: tencentKey,
    hash: "ae39300cfaf3df3736f7e8d00a571446d4cf5428382be795d1028d486a5fb19e",
    signature: "b7ec7abcc9ef471f43ddede229f62cf3e92c8f63e1627550dd75ba03c371d9c3",
  },
  {
    name: "T2",
    scheme: tc3,
    input: tencent("cdn", 1_795_262_401, '{"TaskId":"1633944109143463800","Offset":0,"Limit":100}'),
    key: tencentKey,
    hash: "6a9963748f88ca8e6558629734f28bf2e678a80e6077486a938315676485dae9",
    signature: "67a6aea8bde94d69c200eb446216ffe2ae662ea708af90df922fe0392913efa4",
  },
  {
    name: "T3, another service",
    scheme: tc3,
    input: tencent(
      "teo",
      1_795_262_402,
      '{"ZoneId":"zone-2o1t24kgy362","Targets":["https://www.example.com/1.mp4","https://www.example.com/2.m3u8"],"Headers":[{"Name":"Accept-Encoding","Value":"gzip"}]}',
    ),
    key: tencentKey,
    hash: "55fc00056416fa8c79ff552b4c1be7172df91d6e9caed1f47162ed3daf05d898",
    signature: "daf881d3a763239fc2db6ecdbdf32eb88fb1799ba053e991c2b68d5a051ddbc3",
  },
  {
    name: "T4",
    scheme: tc3,
    input: tencent("vod", 1_795_262_403, '{"Urls":["http://1400000000.vod2.example.com/a/b.mp4"],"SubAppId":1500000001}'),
    key: tencentKey,
    hash: "320525a548be42e19ffc425823448498a0e782a2e00942287746fe0b1062ecca",
    signature: "327e15649aa59d84a577246ede2999d74b20a4765b900a0741db9f4f36343d26",
  },
  {
    name: "V1, a query and a region",
    scheme: volcengine,
    input: volcengineCall(
      "SubmitPreloadTask",
      "20261121T120000Z",
      ["cn-north-1", "cdn"],
      {},
      '{"Urls":"https://www.example.com/a.mp4\\nhttps://www.example.com/视频.ts","Area":"chinese_mainland"}',
    ),
    key: volcengineKey,
    hash: "df89201614d199191c8cebff4b09cf97fac9287d4d4509c1a9c49cf57e9d656b",
    signature: "bef5b584aaa0cb02dbebc49ff9ce95f05f8f2c68e851edcf72a80aa96d350602",
  },
  {
    name: "V2, a signed token",
    scheme: volcengine,
    input: volcengineCall(
      "DescribeContentTasks",
      "20261121T120001Z",
      ["cn-north-1", "cdn"],
      { "X-Security-Token": "STSsessionToken+/==" },
      '{"TaskType":"preload","TaskID":"prefetch_url_89c25a1aa3044b39","PageNum":1,"PageSize":100}',
    ),
    key: volcengineKey,
    hash: "5667f253af97cd6fc5a0553d8c7a1096f2296301501249c9c13b2e06cadd5a3f",
    signature: "b189ec480b73370fe1d18f405ef6189614ee92f6756bb3fbe004f606b76b7390",
  },
  {
    name: "V3, a service in capitals",
    scheme: volcengine,
    input: volcengineCall(
      "SubmitPreloadTask",
      "20261121T120003Z",
      ["cn-north-1", "CDN"],
      { host: "cdn.volcengineapi.com", "Content-Type": "application/json" },
      '{"UrlList":["https://www.example.com/1.mp4"],"Area":"global"}',
    ),
    key: volcengineKey,
    hash: "7128a48786d04dbe0c398f85faf7e24eeee9c536ca92d52aaed14c3e3e8a4ff0",
    signature: "1a5d652db241e760ad733916bb56fb68e82ddac6634d285e8410eaae4f8d51ec",
  },
  {
    name: "V4, another region",
    scheme: volcengine,
    input: volcengineCall(
      "SubmitPreloadTask",
      "20261121T120004Z",
      ["ap-singapore-1", "CDN"],
      { host: "open.byteplusapi.com", "Content-Type": "application/json" },
      '{"Urls":"https://www.example.com/1.mp4"}',
    ),
    key: volcengineKey,
    hash: "fe3b60c990d4eb142768cd82129f91dec899e2eb1377417fdc9d19288228acb1",
    signature: "c0c638196cfc0083b89da2934f1af155a4de6cc17db4f7ce03b28f45f1d30ae2",
  },
];

function received({ method, path, query, headers, body }: SigningInput): ReceivedRequest {
  const search = new URLSearchParams([...query].map(([name, value]): [string, string] => [name, value]));
  const target = `${path}${search.size > 0 ? `?${search}` : ""}`;
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { method, target, url: new URL(target, "http://127.0.0.1"), headers: new Map(lines), body: Buffer.from(body) };
}

function formOf({ algorithm, secretPrefix, scopeEnd }: DerivedKeyScheme, { scope }: SigningInput): ScopedForm {
  const end = scopeEnd;
  return { scheme: algorithm, secretPrefix, scope: scope.length === 2 ? ["region", "service", end] : ["service", end] };
}

function isAccepted(scheme: DerivedKeyScheme, input: SigningInput, header: string, secret: string, sent = received(input)): boolean {
  const form = formOf(scheme, input);
  const claim = parseScopedAuthorization(header, form);
  return claim !== undefined && isScopedSignature(sent, claim, { secret, time: signingTime(scheme, input.at), form });
}

describe("a signature with a derived key", () => {
  it.each(vectors)("has the known value for $name", ({ scheme, input, key, hash, signature }) => {
    if (hash !== undefined) expect(sha256(canonicalRequest(input))).toBe(hash);
    const header = authorization(scheme, input, key);
    expect(header).toMatch(new RegExp(`, Signature=${signature}$`));
    expect(isAccepted(scheme, input, header, key.secret)).toBe(true);
    expect(isAccepted(scheme, input, header, `${key.secret}x`)).toBe(false);
  });

  it("writes key, scope and sorted header names into the header", () => {
    const input = tencent("cdn", 1_795_262_400, "{}");
    expect(authorization(tc3, input, tencentKey)).toMatch(
      /^TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE\/2026-11-21\/cdn\/tc3_request, SignedHeaders=content-type;host, Signature=[0-9a-f]{64}$/,
    );
    const regional = { ...input, scope: ["cn-north-1", "cdn"], headers: { "X-Date": "20261121T120000Z" } };
    expect(authorization(volcengine, regional, volcengineKey)).toContain(
      "HMAC-SHA256 Credential=AKLTEXAMPLEExampleExampleExample00/20261121/cn-north-1/cdn/request, SignedHeaders=x-date, Signature=",
    );
  });

  const word = fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/);
  const anyInput = fc.record({
    method: fc.constantFrom("GET", "post"),
    path: fc.constantFrom("/", "/v1/domain/a%20b"),
    query: fc.array(fc.tuple(word, fc.string({ unit: "grapheme" })), { maxLength: 4 }),
    headers: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,5}$/), fc.stringMatching(/^[!-~]{1,8}$/), { minKeys: 1, maxKeys: 4 }),
    body: fc.string({ unit: "grapheme" }),
    at: fc.integer({ min: 1_500_000_000_000, max: 2_500_000_000_000 }),
    scope: fc.array(word, { minLength: 1, maxLength: 2 }),
  });

  it("passes the emulators' check for every member of the family, and only as long as nothing changes", () => {
    const secret = "a secret";
    const property = fc.property(anyInput, fc.constantFrom(aws, tc3, volcengine, jdCloud), word, (input, scheme, more) => {
      const header = authorization(scheme, input, { id: "AKID", secret });
      const upper = { ...input, method: input.method.toUpperCase() };
      expect(isAccepted(scheme, upper, header, secret)).toBe(true);
      const sent = received(upper);
      const separator = sent.target.includes("?") ? "&" : "?";
      for (const changed of [
        { ...sent, body: Buffer.from(`${input.body} `) },
        { ...sent, target: `${sent.target}${separator}${more}=1` },
        { ...sent, headers: new Map([...sent.headers].map(([name, value]) => [name, `${value}x`] as const)) },
      ]) {
        expect(isAccepted(scheme, upper, header, secret, changed)).toBe(false);
      }
      expect(isAccepted(scheme, { ...upper, at: input.at + 1_000 }, header, secret)).toBe(false);
    });
    fc.assert(property, { numRuns: runs(150) });
  });
});

describe("parseScopedAuthorization", () => {
  const form: ScopedForm = { scheme: "HMAC-SHA256", secretPrefix: "", scope: ["region", "service", "request"] };
  const signature = "0".repeat(64);

  it("reads the parts of the scope by their place", () => {
    const header = `HMAC-SHA256 Credential=AK/20261121/cn-north-1/CDN/request, SignedHeaders=x-date, Signature=${signature}`;
    expect(parseScopedAuthorization(header, form)).toEqual({
      keyId: "AK",
      date: "20261121",
      region: "cn-north-1",
      service: "CDN",
      signedHeaders: "x-date",
      signature,
    });
  });

  it.each(["AK", "AK/20261121/CDN/request", "AK/20261121/a/b/c/request", "AK/20261121/a/b/aws4_request", "/20261121/a/b/request"])(
    "refuses the credential %s",
    (credential) => {
      const header = `HMAC-SHA256 Credential=${credential}, SignedHeaders=x-date, Signature=${signature}`;
      expect(parseScopedAuthorization(header, form)).toBeUndefined();
    },
  );
});
