/** Huawei Cloud's errors: each row of the vendor's tables, each shape of a body, and arbitrary answers. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Delivery, type ErrorCode, errorCodes, PrefetchError } from "../../../src/base/errors.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { createErrors, readVendorError } from "../../../src/providers/huawei/errors.ts";
import { vod } from "../../../src/providers/huawei/vod-product.ts";
import { parseJson } from "../../../src/providers/kit/answer.ts";
import { runs } from "../../fakes/runs.ts";
import { MINUTE, SECOND } from "../clock-harness.ts";
import { anyText } from "../text-harness.ts";

const { failureOf } = createErrors(vod);
const now = Date.parse("2026-11-21T12:00:00Z");
const secrets = ["HWTESTAK0000000000EX", "fakeSecretKeyForTestVectorsOnly0123456789", "fake-security-token=="];
const redact = createRedactor(secrets);

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly intent?: "spend" | "read";
}

function failure({ status = 400, headers = {}, body = "", intent = "spend" }: Answer): PrefetchError {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return failureOf({ status, headers, text }, { action: "the prefetch", intent, redact, now });
}

const retry = { retryable: true } as const;
const final = { retryable: false } as const;

type Row = readonly [code: string, statuses: readonly number[], meaning: ErrorCode, facts: { retryable: boolean; delivery?: Delivery }];

/** The vendor's VOD codes, each with every HTTP status that some page shows for it. */
const vodTable: readonly Row[] = [
  ["VOD.10051", [403, 500], "vendor_unavailable", retry],
  ["VOD.10052", [403], "vendor_unavailable", retry],
  ["VOD.10053", [400, 403], "invalid_argument", final],
  ["VOD.10054", [403], "auth_failed", final],
  ["VOD.10055", [403], "auth_failed", final],
  ["VOD.10056", [403], "auth_failed", final],
  ["VOD.10057", [403], "not_configured", final],
  ["VOD.10058", [403], "invalid_argument", final],
  ["VOD.10059", [403], "invalid_argument", final],
  ["VOD.10060", [403], "not_published", final],
  ["VOD.10061", [403], "not_published", final],
  ["VOD.10062", [403, 400], "not_found", final],
  ["VOD.10063", [403], "invalid_argument", final],
  ["VOD.10074", [403], "auth_failed", final],
  ["VOD.10078", [403], "auth_failed", final],
  // "Task succeeded" and "task in progress" do not prove that the request was refused.
  ["VOD.10079", [403], "vendor_unavailable", { ...final, delivery: "unknown" }],
  ["VOD.10080", [403], "vendor_unavailable", { ...final, delivery: "unknown" }],
  ["VOD.10081", [403, 400], "invalid_argument", final],
  ["VOD.10083", [403], "not_published", final],
  ["VOD.10084", [403], "not_published", final],
  ["VOD.10086", [403], "quota_exhausted", final],
  ["VOD.10087", [403], "quota_exhausted", final],
  ["VOD.10088", [403], "forbidden_domain", final],
  ["VOD.10089", [403], "forbidden_domain", final],
  ["VOD.10098", [403], "vendor_unavailable", retry],
  ["VOD.10099", [403], "not_published", final],
  ["VOD.10109", [403], "invalid_argument", final],
  ["VOD.10110", [403], "forbidden_domain", final],
  ["VOD.10111", [403], "auth_failed", final],
  ["VOD.10120", [403], "auth_failed", final],
  ["VOD.10127", [403], "rate_limited", retry],
  ["VOD.10132", [403], "auth_failed", final],
  ["VOD.10133", [403], "auth_failed", final],
  ["VOD.10136", [403], "vendor_unavailable", final],
  ["VOD.10138", [403], "auth_failed", final],
  ["VST.10001", [400], "invalid_argument", final],
  ["VST.10002", [400, 500], "vendor_unavailable", retry],
  ["VST.10004", [400], "auth_failed", final],
  ["LIVE.100011004", [400], "not_configured", final],
  ["LIVE.100011006", [400], "vendor_unavailable", retry],
  ["LIVE.100011008", [400], "vendor_unavailable", retry],
  ["LIVE.100011013", [400], "auth_failed", final],
];

/** The API Gateway's numbers. Both of its prefixes have the same ones. */
const gatewayTable: readonly Row[] = [
  ["0101", [404], "not_configured", final],
  ["0103", [404, 500], "vendor_unavailable", final],
  ["0104", [400, 500], "vendor_unavailable", final],
  ["0105", [400, 500], "vendor_unavailable", final],
  ["0106", [400], "vendor_unavailable", final],
  // The vendor uses this number for a dozen causes, which differ in their status only.
  ["0201", [400, 413, 414, 494], "invalid_argument", final],
  ["0201", [500, 502], "vendor_unavailable", retry],
  ["0201", [504], "timeout", { ...retry, delivery: "unknown" }],
  ["0202", [502], "vendor_unavailable", retry],
  ["0203", [504], "timeout", { ...retry, delivery: "unknown" }],
  ["0301", [401], "auth_failed", final],
  ["0302", [403], "auth_failed", final],
  ["0303", [401], "auth_failed", final],
  ["0305", [401], "auth_failed", final],
  ["0306", [403], "auth_failed", final],
  ["0307", [401], "auth_failed", final],
  ["0308", [429], "rate_limited", retry],
  ["0310", [403], "not_configured", final],
  ["0311", [401], "auth_failed", final],
  ["0401", [403], "auth_failed", final],
  ["0402", [403], "auth_failed", final],
  ["0404", [403], "auth_failed", final],
  ["0501", [405], "auth_failed", final],
  ["0502", [405], "auth_failed", final],
  ["0601", [500], "vendor_unavailable", retry],
  ["0602", [400], "invalid_argument", final],
  ["0605", [500], "vendor_unavailable", retry],
  ["0606", [500], "vendor_unavailable", retry],
  ["0607", [400], "invalid_argument", final],
  ["0608", [500], "vendor_unavailable", retry],
  ["0609", [500], "vendor_unavailable", retry],
  ["0610", [502], "vendor_unavailable", retry],
  ["0611", [500], "vendor_unavailable", retry],
  ["0613", [503], "vendor_unavailable", retry],
  ["0705", [500], "vendor_unavailable", retry],
  ["0801", [403], "not_configured", final],
  ["0802", [403], "not_configured", final],
];

const table = [
  ...vodTable,
  ...["APIGW", "APIG"].flatMap((prefix) => gatewayTable.map(([number, ...rest]): Row => [`${prefix}.${number}`, ...rest])),
].flatMap(([code, statuses, meaning, facts]) => statuses.map((status) => [code, status, meaning, facts] as const));

describe("the vendor's table", () => {
  it.each(table)("reads %s with HTTP %i as %s", (code, status, meaning, facts) => {
    const error = failure({ status, body: { error_code: code, error_msg: "The vendor's reason." } });
    expect(error).toBeInstanceOf(PrefetchError);
    expect(error).toMatchObject({ code: meaning, delivery: "refused", ...facts, vendorCode: code, provider: "huawei-vod" });
    expect(error.message).toContain("The vendor's reason");
    expect(error.message).toContain(`HTTP ${status}`);
    // Users need a hint where the server does not retry.
    if (!error.retryable)
      expect([error.code, error.hint ?? (error.delivery === "unknown" && "look")]).toEqual([meaning, expect.any(String)]);
  });

  it("has the delivery refused for a read, whatever the code", () => {
    const body = { error_code: "APIGW.0203", error_msg: "" };
    expect(failure({ status: 504, body, intent: "read" })).toMatchObject({ code: "timeout", delivery: "refused", retryable: true });
  });

  it("waits minutes for a domain in configuration", () => {
    expect(failure({ status: 403, body: { error_code: "VOD.10098", error_msg: "" } }).retryAfterMs).toBeGreaterThanOrEqual(MINUTE);
  });
});

describe("an answer without a known code", () => {
  const statuses: readonly (readonly [number, ErrorCode, { retryable: boolean; delivery?: Delivery }])[] = [
    [400, "invalid_argument", final],
    [401, "auth_failed", final],
    [403, "auth_failed", final],
    [404, "not_found", final],
    [405, "invalid_argument", final],
    [408, "timeout", retry],
    [413, "invalid_argument", final],
    [429, "rate_limited", retry],
    [500, "vendor_unavailable", retry],
    [502, "vendor_unavailable", retry],
    [503, "vendor_unavailable", retry],
    [504, "timeout", { ...retry, delivery: "unknown" }],
    [302, "vendor_unavailable", final],
    [407, "invalid_argument", final],
  ];
  const bodies: readonly (readonly [string, unknown])[] = [
    ["an empty body", ""],
    ["HTML", "<html><body><h1>Bad Gateway</h1></body></html>"],
    ["plain text", "upstream connect error"],
    ["JSON without content", {}],
    ["a JSON list", []],
    ["JSON null", "null"],
    ["an unknown code", { error_code: "VOD.99999", error_msg: "New." }],
    ["an unknown number of the gateway", { error_code: "APIGW.9999", error_msg: "New." }],
    ["an unknown service", { error_code: "XXX.0001", error_msg: "New." }],
  ];
  const cases = statuses.flatMap(([status, ...meant]) => bodies.map(([what, body]) => [status, what, body, ...meant] as const));

  it.each(cases)("is read by its status: HTTP %i with %s", (status, _, body, meaning, facts) => {
    const error = failure({ status, body });
    // Without a code, a gateway may have lost the vendor's answer.
    const ambiguous = !JSON.stringify(body).includes("error_code") && (status === 500 || status === 502);
    expect(error).toMatchObject({ code: meaning, delivery: ambiguous ? "unknown" : "refused", ...facts });
    expect(error.message).toContain(`HTTP ${status}`);
    expect(error.message).not.toContain("<");
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("is read by its status when the code is %j", (code) => {
    const body = `{"error_code":${JSON.stringify(code)},"error_msg":"Odd."}`;
    expect(failure({ status: 503, body })).toMatchObject({ code: "vendor_unavailable", retryable: true, vendorCode: code });
  });
});

describe("the shapes of error bodies", () => {
  const shapes: readonly (readonly [string, unknown, string])[] = [
    ["VOD", { error_code: "VOD.10062", error_msg: "Text." }, "VOD.10062"],
    ["the gateway, in its other order", { error_msg: "Text.", error_code: "APIGW.0301", request_id: "abc" }, "APIGW.0301"],
    ["CDN", { error: { error_code: "CDN.0108", error_msg: "Text." } }, "CDN.0108"],
    ["IAM", { error: { code: 401, message: "Text.", title: "Unauthorized" } }, "401"],
    ["other services, nested", { error: { code: "XXX.0001", message: "Text." } }, "XXX.0001"],
    ["other services", { code: "XXX.0001", message: "Text." }, "XXX.0001"],
    ["other services, in camel case", { errorCode: "XXX.0001", errorMsg: "Text." }, "XXX.0001"],
    ["IAM's denials", { error_code: "IAM.0001", error_msg: "Text.", encoded_authorization_message: "c2VjcmV0" }, "IAM.0001"],
  ];

  it.each(shapes)("include the one of %s", (_, body, code) => {
    expect(readVendorError(body)).toMatchObject({ code, message: "Text." });
    const error = failure({ status: 418, body });
    expect(error).toMatchObject({ vendorCode: code });
    expect(error.message).toBe("Huawei Cloud refused the prefetch with HTTP 418: Text");
  });

  it("include denials, whose encoded message stays hidden", () => {
    const error = failure({
      status: 403,
      body: { error_code: "IAM.1", error_msg: "No.", encoded_authorization_message: "c2VjcmV0LW1lc3NhZ2U" },
    });
    expect(error.message + JSON.stringify(error)).not.toContain("c2VjcmV0");
  });

  it("include a code without a message", () => {
    expect(readVendorError({ error_code: "VOD.10062" })).toMatchObject({ code: "VOD.10062", message: "" });
    expect(failure({ status: 403, body: { error_code: "VOD.10062" } })).toMatchObject({ code: "not_found" });
  });

  it.each([undefined, null, "", "text", 7, true, [], {}, { error: null }, { error: "text" }, { error: [] }, { task_id: "abc" }])(
    "do not include %j",
    (body) => {
      expect(readVendorError(body)).toBeUndefined();
    },
  );

  it("are recognised in a 2xx answer", () => {
    const error = failure({ status: 200, body: { error: { error_code: "VOD.10062", error_msg: "Text." } } });
    expect(error).toMatchObject({ code: "not_found", delivery: "refused", vendorCode: "VOD.10062" });
  });

  it("are read to a limited depth", () => {
    const depth = 100_000;
    const body = `${'{"error":'.repeat(depth)}{}${"}".repeat(depth)}`;
    expect(failure({ status: 500, body })).toMatchObject({ code: "vendor_unavailable", retryable: true });
  });
});

describe("the error shown to users", () => {
  it("has one bounded line as its message", () => {
    const { message } = failure({
      status: 400,
      body: { error_code: "VOD.10053", error_msg: `first\r\n\tsecond ${"x".repeat(1_000_000)}` },
    });
    expect(message).toMatch(/^Huawei Cloud refused the prefetch with HTTP 400: first second x+…$/);
    expect(message.length).toBeLessThan(500);
  });

  it("contains no secret that the vendor echoes", () => {
    const [ak, sk, token] = secrets;
    const echo = [
      `verify aksk signature fail, canonicalRequest:POST|/v1.0/p/asset/preheating/||host:h|x-sdk-date:20261121T120000Z|x-security-token:${token}|Access=${ak}`,
      `Get secretKey failed,ak:${ak},err:ak not exist`,
      `sk=${sk}`,
      `Authorization: SDK-HMAC-SHA256 Access=${ak}, SignedHeaders=host, Signature=${"0123456789abcdef".repeat(4)}`,
    ];
    for (const error_msg of echo) {
      const body = { error_code: `APIGW.0301 ${ak}`, error_msg, request_id: `req ${sk}` };
      const noHeaders: Readonly<Record<string, string>> = {};
      for (const headers of [noHeaders, { "x-request-id": `req ${token}` }]) {
        const error = failure({ status: 401, headers, body });
        const shown = `${error.message} ${error.hint} ${JSON.stringify(error)}`;
        for (const secret of [...secrets, "0123456789abcdef0123"]) expect(shown).not.toContain(secret);
      }
    }
  });

  it("keeps the reason of a refused signature without the echoed request", () => {
    const error_msg = "verify aksk signature fail, canonicalRequest:POST|/v1.0/p/asset/preheating/||host:h|x-sdk-date:20261121T120000Z";
    const { message } = failure({ status: 401, body: { error_code: "APIGW.0301", error_msg } });
    expect(message).toBe("Huawei Cloud refused the prefetch with HTTP 401: verify aksk signature fail");
  });

  it("is built in linear time from repeated text", () => {
    for (const filling of [" ", "\n", ",", "token ", "canonicalRequest", "Access=", "Signature"]) {
      // A quadratic pattern takes minutes for this length, and so exceeds the test's timeout.
      const error_msg = filling.repeat(400_000 / filling.length);
      expect(failure({ status: 401, body: { error_code: "APIGW.0301", error_msg } }).message.length).toBeLessThan(500);
    }
  });

  it("has the request id of the header, else of the body", () => {
    const body = { error_code: "APIGW.0308", error_msg: "", request_id: "from-the-body" };
    expect(failure({ body }).requestId).toBe("from-the-body");
    expect(failure({ headers: { "x-request-id": "from-the-header" }, body }).requestId).toBe("from-the-header");
    expect(failure({ body: "" }).requestId).toBeUndefined();
    expect(failure({ headers: { "x-request-id": "r".repeat(5_000) } }).requestId?.length).toBeLessThanOrEqual(80);
  });

  it("has a bounded vendor code", () => {
    expect(failure({ body: { error_code: "C".repeat(5_000), error_msg: "" } }).vendorCode?.length).toBeLessThanOrEqual(60);
  });
});

describe("a wrong clock", () => {
  const at = (offMinutes: number, status = 401) =>
    failure({
      status,
      headers: { date: new Date(now - offMinutes * MINUTE).toUTCString() },
      body: { error_code: "APIGW.0303", error_msg: "Incorrect app authentication information: signature expired" },
    });

  it("is named with minutes and direction", () => {
    expect(at(20).message).toContain("clock is 20 minutes ahead of the vendor's");
    expect(at(-33).message).toContain("clock is 33 minutes behind the vendor's");
    expect(at(20).hint).toMatch(/clock/);
    expect(at(20)).toMatchObject({ code: "auth_failed", retryable: false, delivery: "refused", vendorCode: "APIGW.0303" });
  });

  it("is not blamed within tolerance, for other refusals or without a date", () => {
    expect(at(4).message).not.toContain("clock");
    expect(at(-4).message).not.toContain("clock");
    expect(at(20, 403).message).not.toContain("clock");
    expect(failure({ status: 401 }).message).not.toContain("clock");
    expect(failure({ status: 401, headers: { date: "yesterday" } }).message).not.toContain("clock");
  });
});

describe("the time to wait", () => {
  const throttled = (error_msg: string, headers: Readonly<Record<string, string>> = {}) =>
    failure({ status: 429, headers, body: { error_code: "APIGW.0308", error_msg } }).retryAfterMs;

  it("is Retry-After in seconds or as a date", () => {
    expect(throttled("", { "retry-after": "7" })).toBe(7 * SECOND);
    expect(throttled("", { "retry-after": "0" })).toBe(0);
    expect(throttled("", { "retry-after": new Date(now + 90 * SECOND).toUTCString() })).toBe(90 * SECOND);
  });

  it("is the period in the message of a throttled request", () => {
    expect(throttled("The throttling threshold has been reached: policy user over ratelimit,limit:100,time:1 minute")).toBe(MINUTE);
    expect(throttled("policy ip over ratelimit,limit:5,time:30 second")).toBe(30 * SECOND);
    expect(throttled("policy api over ratelimit,limit:5,time:2 HOUR")).toBe(120 * MINUTE);
    expect(throttled("policy api over ratelimit,limit:5,time:1 day")).toBe(24 * 60 * MINUTE);
  });

  it("is finite when the header is a huge number", () => {
    const wait = throttled("", { "retry-after": "9".repeat(400) });
    expect(wait === undefined || Number.isSafeInteger(now + wait)).toBe(true);
  });

  it("prefers Retry-After to the message", () => {
    expect(throttled("limit:100,time:1 minute", { "retry-after": "7" })).toBe(7 * SECOND);
  });

  it("is absent when header and message have none", () => {
    expect(throttled("Slow down.")).toBeUndefined();
    expect(throttled("", { "retry-after": "soon" })).toBeUndefined();
    expect(throttled("", { "retry-after": "-5" })).toBeUndefined();
    expect(throttled("", { "retry-after": new Date(now - MINUTE).toUTCString() })).toBeUndefined();
  });
});

describe("any answer", () => {
  const text = anyText(2_000);
  const code = fc.oneof(text, fc.integer(), fc.constantFrom(...vodTable.map(([name]) => name), "__proto__", "constructor", "APIGW.0201"));
  const said = fc.oneof(text, fc.jsonValue());
  const vendorShaped = fc
    .oneof(
      fc.record({ error_code: code, error_msg: said, request_id: said }, { requiredKeys: [] }),
      fc.record({ errorCode: code, errorMsg: said }, { requiredKeys: [] }),
      fc.record({ code, message: said }, { requiredKeys: [] }),
    )
    .chain((body) => fc.constantFrom(body, { error: body }, [body], { error: { error: body } }))
    .map((body) => JSON.stringify(body));
  const body = fc.oneof(text, vendorShaped, fc.json());
  const date = fc.oneof(
    text,
    fc.date({ noInvalidDate: true }).map((day) => day.toUTCString()),
  );
  const headers = fc.record(
    { date, "retry-after": fc.oneof(date, fc.stringMatching(/^\d{1,400}$/)), "x-request-id": text },
    { requiredKeys: [] },
  );

  it("becomes a bounded PrefetchError", () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), headers, body, (status, headers, text) => {
        const error = failureOf({ status, headers, text }, { action: "the status query", intent: "spend", redact, now });
        expect(error).toBeInstanceOf(PrefetchError);
        expect(errorCodes).toContain(error.code);
        expect(error.message.length).toBeLessThan(500);
        expect(error.message).not.toMatch(/[\r\n\u2028\u2029]/);
        expect(error.vendorCode?.length ?? 0).toBeLessThanOrEqual(60);
        expect(error.requestId?.length ?? 0).toBeLessThanOrEqual(80);
        expect(error.retryAfterMs === undefined || (Number.isFinite(error.retryAfterMs) && error.retryAfterMs >= 0)).toBe(true);
      }),
      { numRuns: runs(300) },
    );
  });

  it("never makes readVendorError throw", () => {
    fc.assert(
      fc.property(body, (text) => {
        expect(() => readVendorError(parseJson(text))).not.toThrow();
      }),
    );
  });
});
