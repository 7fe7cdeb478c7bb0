/** Alibaba Cloud's errors: each row of the vendor's table, each shape of a body, and arbitrary answers. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, errorCodes, PrefetchError } from "../../../src/base/errors.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { createErrors, readVendorError } from "../../../src/providers/alibaba/errors.ts";
import { vod } from "../../../src/providers/alibaba/vod-product.ts";
import { shownOf } from "../../contract/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { MINUTE, SECOND } from "../clock-harness.ts";
import { anyText } from "../text-harness.ts";

const { failureOf } = createErrors(vod);
const now = Date.parse("2026-11-21T12:00:00Z");
const secrets = ["LTAI5tFakeKeyForTests001", "fakeAccessKeySecretForTests001", "CAISfakeSecurityToken+/0123456789=="];
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

const said = (Code: string, Message = "The vendor's reason.") => ({ RequestId: "0A1B", HostId: "vod.aliyuncs.com", Code, Message });

const retry = { retryable: true, divisible: false, delivery: "refused" } as const;
const final = { retryable: false, divisible: false, delivery: "refused" } as const;
/** Refused because of some URLs or their number. The answer does not name them. */
const smaller = { ...final, divisible: true } as const;
/** The vendor may have done the request. */
const lost = { ...retry, delivery: "unknown" } as const;

/** A proxy has answered, and a repetition would get the same answer. */
const unclear = { ...final, delivery: "unknown" } as const;

type Facts = typeof retry | typeof final | typeof smaller | typeof lost | typeof unclear;
type Row = readonly [code: string, statuses: readonly number[], meaning: ErrorCode, facts: Facts];

/** The vendor's codes, each with every HTTP status that some product's page shows for it. */
const rows: readonly Row[] = [
  ["Throttling", [503, 400, 429], "rate_limited", retry],
  ["Throttling.User", [503, 400, 429], "rate_limited", retry],
  ["Throttling.Api", [503, 400, 429], "rate_limited", retry],
  ["QuotaExceeded.Refresh", [400], "quota_exhausted", final],
  ["QuotaExceeded.Preload", [400], "quota_exhausted", final],
  ["PreloadQueueFull", [403, 400], "queue_full", retry],
  ["IllegalOperation", [403], "forbidden_domain", final],
  ["OperationDenied", [403], "auth_failed", final],
  ["OperationDenied.Suspended", [403], "auth_failed", final],
  ["InvalidDomain.NotFound", [404], "forbidden_domain", final],
  ["InvalidDomain.Offline", [404], "forbidden_domain", final],
  // The code proves that nothing was submitted, although the status is 500.
  ["InvalidDomain.Configure_failed", [500], "vendor_unavailable", retry],
  ["ServiceBusy", [403], "vendor_unavailable", retry],
  ["MissingParameter", [400], "internal", final],
  ["MissingParameter.ObjectPath", [400], "internal", final],
  ["InvalidObjectPath.Malformed", [400], "invalid_argument", smaller],
  ["InvalidExtensiveDomain.ValueNotSupported", [400], "invalid_argument", final],
  ["InvalidObjectPath.Size.Malformed", [400], "invalid_argument", smaller],
  ["SingleRequest.OverLimit", [400], "invalid_argument", smaller],
  ["InvalidObjectPath.ExceedsMaximum", [400], "invalid_argument", smaller],
  ["InvalidObjectPath.SomethingNew", [400], "invalid_argument", smaller],
  ["InternalError", [500], "vendor_unavailable", lost],
  ["ServiceUnavailable", [503], "vendor_unavailable", lost],
  ["ServiceUnAvailable", [503], "vendor_unavailable", lost],
  ["InvalidAccessKeyId.NotFound", [400, 404], "auth_failed", final],
  ["InvalidAccessKeyId.Inactive", [403], "auth_failed", final],
  ["InvalidSecurityToken.Expired", [400, 403], "auth_failed", final],
  ["InvalidSecurityToken.Malformed", [400], "auth_failed", final],
  ["SignatureDoesNotMatch", [403, 400], "auth_failed", final],
  ["IncompleteSignature", [400], "auth_failed", final],
  ["IllegalTimestamp", [400], "auth_failed", final],
  ["InvalidTimeStamp.Expired", [400], "auth_failed", final],
  ["SignatureNonceUsed", [400], "vendor_unavailable", lost],
  ["Forbidden", [403], "auth_failed", final],
  ["Forbidden.RAM", [403], "auth_failed", final],
  ["NoPermission", [403], "auth_failed", final],
  ["Forbidden.IllegalStatus", [403], "not_published", final],
  ["Forbidden.AliyunVoDEncryption", [403], "not_published", final],
  ["InvalidVideo.NotFound", [404], "not_found", final],
  ["InvalidVideo.NoneStream", [404], "not_published", final],
  ["InvalidTaskId.Malformed", [400], "not_found", final],
  ["InvalidAction.NotFound", [404], "unsupported", final],
  ["InvalidApi.NotFound", [404], "unsupported", final],
  ["InvalidVersion", [400], "unsupported", final],
  ["UnsupportedOperation", [400], "unsupported", final],
];
const table = rows.flatMap(([code, statuses, meaning, facts]) => statuses.map((status) => [code, status, meaning, facts] as const));

describe("the vendor's table", () => {
  it.each(table)("reads %s with HTTP %i as %s", (code, status, meaning, facts) => {
    const error = failure({ status, body: said(code) });
    expect(error).toBeInstanceOf(PrefetchError);
    expect(error).toMatchObject({ code: meaning, ...facts, vendorCode: code, requestId: "0A1B", provider: "alibaba-vod" });
    expect(error.message).toBe(`Alibaba Cloud refused the prefetch with HTTP ${status}: The vendor's reason`);
    // Users need a hint where the server does not retry or divide the batch itself.
    if (!error.retryable && !error.divisible) expect([code, error.hint]).toEqual([code, expect.any(String)]);
  });

  it.each(table)("has the delivery refused for %s with HTTP %i when the request was a read", (code, status, meaning) => {
    expect(failure({ status, body: said(code), intent: "read" })).toMatchObject({ code: meaning, delivery: "refused" });
  });

  // Statuses differ between the vendor's products and years.
  it.each(rows)("reads %s alike with any status", (code, _, meaning, facts) => {
    for (const status of [200, 400, 403, 404, 418, 429, 500, 504]) {
      expect([status, failure({ status, body: said(code) })]).toMatchObject([status, { code: meaning, ...facts }]);
    }
  });

  it.each(["PreloadQueueFull", "ServiceBusy", "InvalidDomain.Configure_failed"])("waits minutes after %s", (code) => {
    expect(failure({ status: 403, body: said(code) }).retryAfterMs).toBeGreaterThanOrEqual(MINUTE);
  });

  it("has different hints for a suspended account and a missing activation", () => {
    const hints = ["OperationDenied", "OperationDenied.Suspended"].map((code) => failure({ status: 403, body: said(code) }).hint);
    expect(hints[0]).toMatch(/activate/i);
    expect(hints[1]).toMatch(/balance/i);
  });

  it("applies a row to codes that continue it after a dot", () => {
    expect(failure({ status: 400, body: said("QuotaExceeded.Something.New") })).toMatchObject({ code: "quota_exhausted" });
    expect(failure({ status: 400, body: said("Throttling.Something.New") })).toMatchObject({ code: "rate_limited", retryable: true });
    expect(failure({ status: 403, body: said("OperationDenied.Suspended.New") }).hint).toMatch(/balance/i);
    expect(failure({ status: 400, body: said("ThrottlingTheories") })).toMatchObject({ code: "invalid_argument" });
    expect(failure({ status: 400, body: said("Invalid") })).toMatchObject({ code: "invalid_argument", divisible: false });
  });
});

describe("an answer without a known code", () => {
  const statuses: readonly (readonly [number, ErrorCode, Facts])[] = [
    [400, "invalid_argument", final],
    [401, "auth_failed", final],
    [403, "auth_failed", final],
    [404, "not_found", final],
    [405, "invalid_argument", final],
    [407, "auth_failed", final],
    [408, "timeout", retry],
    [413, "invalid_argument", smaller],
    [414, "invalid_argument", smaller],
    [431, "invalid_argument", smaller],
    [429, "rate_limited", retry],
    [500, "vendor_unavailable", lost],
    [502, "vendor_unavailable", lost],
    [503, "vendor_unavailable", lost],
    [504, "timeout", lost],
    [599, "vendor_unavailable", lost],
    [302, "vendor_unavailable", unclear],
  ];
  const bodies: readonly (readonly [string, unknown])[] = [
    ["an empty body", ""],
    ["HTML", "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"],
    ["plain text", "upstream connect error"],
    ["JSON without content", {}],
    ["a JSON list", []],
    ["JSON null", "null"],
    ["a good code", { Code: "200" }],
    ["an unknown code", said("Something.New")],
    ["a code of another type", { Code: { Throttling: true }, Message: ["x"] }],
  ];
  const cases = statuses.flatMap(([status, ...meant]) => bodies.map(([what, body]) => [status, what, body, ...meant] as const));

  it.each(cases)("is read by its status: HTTP %i with %s", (status, _, body, meaning, facts) => {
    const error = failure({ status, body });
    expect(error).toMatchObject({ code: meaning, ...facts });
    expect(error.message).toContain(`HTTP ${status}`);
    expect(error.message).not.toContain("<");
    expect(failure({ status, body, intent: "read" })).toMatchObject({ code: meaning, retryable: facts.retryable, delivery: "refused" });
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty", ".", "..", "Throttling."])(
    "is read by its status when the code is %j",
    (code) => {
      expect(failure({ status: 429, body: said(code) })).toMatchObject({ code: "rate_limited", retryable: true, vendorCode: code });
    },
  );
});

describe("the shapes of error bodies", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<Error><RequestId>0A1B</RequestId><HostId>vod.aliyuncs.com</HostId><Code>InvalidVideo.NotFound</Code><Message>Text.</Message></Error>`;
  const shapes: readonly (readonly [string, unknown])[] = [
    ["JSON", { RequestId: "0A1B", HostId: "vod.aliyuncs.com", Code: "InvalidVideo.NotFound", Message: "Text." }],
    ["JSON with advice", { ...said("InvalidVideo.NotFound", "Text."), Recommend: "https://error-center.aliyun.com/…" }],
    ["JSON with details of a denial", { ...said("InvalidVideo.NotFound", "Text."), AccessDeniedDetail: { AuthAction: "vod:x" } }],
    ["JSON in lower case", { requestId: "0A1B", code: "InvalidVideo.NotFound", message: "Text." }],
    ["XML", xml],
    ["XML in lower case", xml.replace(/<(\/?)(RequestId|Code|Message)>/g, (tag) => tag.toLowerCase())],
  ];

  it.each(shapes)("include %s", (_, body) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    expect(readVendorError(text)).toEqual({ code: "InvalidVideo.NotFound", message: "Text.", requestId: "0A1B" });
    const error = failure({ status: 404, body });
    expect(error).toMatchObject({ code: "not_found", vendorCode: "InvalidVideo.NotFound", requestId: "0A1B" });
    expect(error.message).toBe("Alibaba Cloud refused the prefetch with HTTP 404: Text");
  });

  it("are recognised by content, whatever the content type", () => {
    const headers = { "content-type": "text/html" };
    expect(failure({ status: 400, headers, body: said("QuotaExceeded.Refresh") })).toMatchObject({ code: "quota_exhausted" });
    expect(
      failure({ status: 503, headers: { "content-type": "application/json" }, body: "<Error><Code>Throttling</Code></Error>" }),
    ).toMatchObject({
      code: "rate_limited",
    });
  });

  it("include numeric codes", () => {
    expect(readVendorError('{"code":10403,"message":"Text."}')).toMatchObject({ code: "10403", message: "Text." });
  });

  it("include a code without a message", () => {
    expect(readVendorError('{"Code":"Throttling"}')).toEqual({ code: "Throttling", message: "", requestId: undefined });
    expect(failure({ status: 503, body: { Code: "Throttling" } }).message).toBe("Alibaba Cloud refused the prefetch with HTTP 503");
  });

  it.each([
    "",
    "null",
    "[]",
    "7",
    "{}",
    '{"PreloadTaskId":"1"}',
    '{"Code":"200","PreloadTaskId":"1"}',
    '{"Code":200}',
    '{"Code":"OK"}',
    '{"code":"ok"}',
    '{"Code":"Success"}',
    '{"Code":null}',
    "<Response><Code>OK</Code></Response>",
    "<html><h1>502</h1></html>",
  ])("do not include %j", (text) => {
    expect(readVendorError(text)).toBeUndefined();
  });

  it("are recognised in a 2xx answer", () => {
    const error = failure({ status: 200, body: said("InvalidVideo.NotFound") });
    expect(error).toMatchObject({ code: "not_found", delivery: "refused" });
    // The vendor may have done a request that it answers with 200 and an unknown code.
    expect(failure({ status: 200, body: said("Something.New") })).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
  });
});

describe("the time to wait", () => {
  const throttled = (headers: Readonly<Record<string, string>>, status = 503) =>
    failure({ status, headers, body: said("Throttling.User") });

  it.each([503, 400, 429])("is x-acs-retry-after in milliseconds with HTTP %i", (status) => {
    expect(throttled({ "x-acs-retry-after": "80" }, status)).toMatchObject({ code: "rate_limited", retryAfterMs: 80 });
    expect(throttled({ "x-acs-retry-after": "2000" }, status).retryAfterMs).toBe(2 * SECOND);
  });

  it("blames a proxy only for an answer without a code", () => {
    for (const status of [401, 403]) {
      expect(failure({ status, body: said("SomethingNew") }).hint).toMatch(/RAM user/);
      expect(failure({ status, body: "<html></html>" }).hint).toMatch(/a proxy may have sent it/);
    }
    expect(failure({ status: 200, body: said("SomethingNew") }).hint).toMatch(/not documented/);
  });

  it("keeps the meaning and the delivery of the code or status", () => {
    const headers = { "x-acs-retry-after": "80" };
    const lostAnswer = failure({ status: 500, headers, body: said("InternalError") });
    expect(lostAnswer).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", retryAfterMs: 80 });
    expect(failure({ status: 504, headers, body: "<html></html>" })).toMatchObject({ code: "rate_limited", delivery: "unknown" });
    expect(failure({ status: 400, headers, body: said("QuotaExceeded.Refresh") })).toMatchObject({
      code: "quota_exhausted",
      retryable: false,
      retryAfterMs: undefined,
    });
  });

  it.each(["Infinity", "0x50", "1e3", "0.5", "+80", " "])("is absent for the malformed value %j", (header) => {
    expect(throttled({ "x-acs-retry-after": header }).retryAfterMs).toBeUndefined();
  });

  it("is at most two minutes", () => {
    for (const header of ["120000", "120001", "99999999", "9".repeat(400)]) {
      expect(throttled({ "x-acs-retry-after": header }).retryAfterMs).toBe(2 * MINUTE);
    }
  });

  it.each(["0", "-80", "soon", "", "NaN", "-Infinity", "80ms", "80, 90"])("is absent, and the error still throttled, with %j", (header) => {
    expect(throttled({ "x-acs-retry-after": header })).toMatchObject({ code: "rate_limited", retryable: true, retryAfterMs: undefined });
  });

  it("turns an answer without a code into rate_limited", () => {
    expect(failure({ status: 503, headers: { "x-acs-retry-after": "80" } })).toMatchObject({
      code: "rate_limited",
      retryable: true,
      retryAfterMs: 80,
    });
    // A malformed header proves no throttling.
    for (const header of ["0", "-1", "soon"]) {
      expect(failure({ status: 500, headers: { "x-acs-retry-after": header } })).toMatchObject({
        code: "vendor_unavailable",
        delivery: "unknown",
      });
    }
  });

  it("is Retry-After in seconds or as a date with HTTP 429", () => {
    expect(throttled({ "retry-after": "7" }, 429).retryAfterMs).toBe(7 * SECOND);
    expect(throttled({ "retry-after": new Date(now + MINUTE).toUTCString() }, 429).retryAfterMs).toBe(MINUTE);
    expect(failure({ status: 429, headers: { "retry-after": "7" } })).toMatchObject({ code: "rate_limited", retryAfterMs: 7 * SECOND });
    for (const header of ["soon", "-7", "0"]) expect(throttled({ "retry-after": header }, 429).retryAfterMs).toBeUndefined();
  });

  it("prefers the vendor's header to Retry-After", () => {
    expect(throttled({ "retry-after": "7", "x-acs-retry-after": "80" }, 429).retryAfterMs).toBe(80);
    expect(throttled({ "retry-after": "7", "x-acs-retry-after": "0" }, 429).retryAfterMs).toBe(7 * SECOND);
  });
});

describe("a wrong clock", () => {
  const at = (offMinutes: number, code = "IllegalTimestamp") =>
    failure({ headers: { date: new Date(now - offMinutes * MINUTE).toUTCString() }, body: said(code, "The Timestamp is wrong.") });

  it.each(["IllegalTimestamp", "InvalidTimeStamp.Expired", "SignatureDoesNotMatch"])(
    "is named with minutes and direction for %s",
    (code) => {
      expect(at(20, code).message).toBe(
        "Alibaba Cloud refused the prefetch, because this machine's clock is 20 minutes ahead of the vendor's",
      );
      expect(at(-33, code).message).toContain("clock is 33 minutes behind the vendor's");
      expect(at(20, code)).toMatchObject({ code: "auth_failed", retryable: false, delivery: "refused", vendorCode: code });
      expect(at(20, code).hint).toMatch(/clock \(NTP\)/);
    },
  );

  it("is not blamed within tolerance, for other refusals or without a date", () => {
    for (const error of [
      at(4),
      at(-4),
      at(20, "Forbidden.RAM"),
      at(20, "QuotaExceeded.Refresh"),
      failure({ body: said("IllegalTimestamp") }),
    ]) {
      expect(error.message).not.toContain("machine's clock");
    }
    expect(failure({ headers: { date: "yesterday" }, body: said("IllegalTimestamp") }).message).not.toContain("machine's clock");
    // The code itself blames the clock.
    expect(at(4).hint).toMatch(/clock \(NTP\)/);
    expect(at(4, "SignatureDoesNotMatch").hint).not.toMatch(/NTP/);
  });
});

describe("the error shown to users", () => {
  it("has one bounded line as its message", () => {
    const { message } = failure({ body: said("InvalidParameter", `first\r\n\tsecond ${"x".repeat(1_000_000)}`) });
    expect(message).toMatch(/^Alibaba Cloud refused the prefetch with HTTP 400: first second x+…$/);
    expect(message.length).toBeLessThan(500);
  });

  it("contains no secret that the vendor echoes", () => {
    const [id, secret, token] = secrets;
    const echoes = [
      `Specified access key ${id} is not found.`,
      `Specified signature is not matched with our calculation. server string to sign is:ACS3-HMAC-SHA256\n0123456789abcdef0123 server CanonicalRequest is:POST\n/\nx-acs-security-token:${token}\n`,
      `x-acs-security-token:${token}|x-acs-signature-nonce:1`,
      `ACS3-HMAC-SHA256 Credential=${id},SignedHeaders=host,Signature=${"0123456789abcdef".repeat(4)}`,
      `AccessKeyId=${id}&Signature=0123456789abcdef0123&SecurityToken=CAISunknownToken0123456789abcdef0123`,
      `the secret ${secret}, twice ${secret}${secret}`,
    ];
    for (const echo of echoes) {
      const bodies = [
        { Code: `SignatureDoesNotMatch.${id}`, Message: echo, RequestId: `req ${secret}` },
        { code: `SignatureDoesNotMatch ${secret}`, message: echo, requestId: `${token}` },
        `<Error><Code>SignatureDoesNotMatch${token}</Code><Message>${echo}</Message><RequestId>${id}</RequestId></Error>`,
      ];
      for (const body of bodies) {
        for (const headers of [undefined, { "x-acs-request-id": `req ${token}` }]) {
          const shown = shownOf(failure({ status: 403, ...(headers && { headers }), body }));
          for (const hidden of [...secrets, "0123456789abcdef0123", "CAISunknown"]) expect(shown).not.toContain(hidden);
        }
      }
    }
  });

  it("keeps the reason of a refused signature without the echoed request", () => {
    const sentence = "Specified signature is not matched with our calculation";
    for (const echo of [
      " server string to sign is:ACS3",
      ". Server String To Sign:x",
      "; server canonicalString is:x",
      ", server CanonicalRequest is:x",
    ]) {
      const { message } = failure({ status: 403, body: said("SignatureDoesNotMatch", `${sentence}${echo}`) });
      expect(message).toBe(`Alibaba Cloud refused the prefetch with HTTP 403: ${sentence}`);
    }
  });

  it("is built in linear time from repeated text", () => {
    for (const filling of [" ", "\n", ",", ".", "token ", "server string", "Credential=", "Signature", "<Code>", "<Message>", "a."]) {
      // A quadratic pattern takes minutes for this length, and so exceeds the test's timeout.
      const text = filling.repeat(400_000 / filling.length);
      failure({ status: 403, body: said("SignatureDoesNotMatch", text) });
      failure({ status: 403, body: said(text) });
      expect(failure({ status: 403, body: text }).message.length).toBeLessThan(500);
    }
  });

  it("has the request id of the header, else of the body", () => {
    const body = said("Throttling");
    expect(failure({ body }).requestId).toBe("0A1B");
    expect(failure({ headers: { "x-acs-request-id": "from-the-header" }, body }).requestId).toBe("from-the-header");
    expect(failure({ body: "" }).requestId).toBeUndefined();
    expect(failure({ headers: { "x-acs-request-id": "r".repeat(5_000) } }).requestId).toHaveLength(80);
    expect(failure({ body: { ...body, RequestId: "r".repeat(5_000) } }).requestId).toHaveLength(80);
  });

  it("has a bounded vendor code", () => {
    expect(failure({ body: said("C".repeat(5_000)) }).vendorCode).toHaveLength(60);
  });
});

describe("any answer", () => {
  const hidden = fc.constantFrom(...secrets);
  const around = anyText(60);
  const leaking = fc.oneof(
    anyText(1_000),
    fc.tuple(around, hidden, around).map((parts) => parts.join("")),
  );
  const code = fc.oneof(leaking, fc.integer(), fc.constantFrom(...rows.map(([name]) => name), "__proto__", "constructor", "200"));
  const any = fc.oneof(leaking, fc.jsonValue());
  const json = fc
    .oneof(
      fc.record({ Code: code, Message: any, RequestId: any }, { requiredKeys: [] }),
      fc.record({ code, message: any, requestId: any }, { requiredKeys: [] }),
    )
    .chain((body) => fc.constantFrom<unknown>(body, [body], { Error: body }))
    .map((body) => JSON.stringify(body));
  const xml = fc
    .tuple(code, leaking, leaking)
    .map(([name, text, id]) => `<Error><Code>${name}</Code><Message>${text}</Message><RequestId>${id}</RequestId></Error>`);
  const body = fc.oneof(leaking, json, xml, fc.json());
  const date = fc.oneof(
    leaking,
    fc.date({ noInvalidDate: true }).map((day) => day.toUTCString()),
  );
  const number = fc.oneof(leaking, fc.stringMatching(/^-?\d{1,400}$/), fc.double().map(String));
  const headers = fc.record(
    { date, "retry-after": fc.oneof(date, number), "x-acs-retry-after": number, "x-acs-request-id": leaking },
    { requiredKeys: [] },
  );
  const intent = fc.constantFrom("spend" as const, "read" as const);

  it("becomes a bounded PrefetchError without secrets", () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), headers, body, intent, (status, found, text, purpose) => {
        const error = failureOf({ status, headers: found, text }, { action: "the status query", intent: purpose, redact, now });
        expect(error).toBeInstanceOf(PrefetchError);
        expect(errorCodes).toContain(error.code);
        expect(error.message.length).toBeLessThan(500);
        expect(error.message).not.toMatch(/[\r\n\u2028\u2029]/);
        expect(error.vendorCode?.length ?? 0).toBeLessThanOrEqual(60);
        expect(error.requestId?.length ?? 0).toBeLessThanOrEqual(80);
        expect(["refused", ...(purpose === "spend" ? ["unknown"] : [])]).toContain(error.delivery);
        expect(error.retryAfterMs === undefined || (Number.isFinite(error.retryAfterMs) && error.retryAfterMs >= 0)).toBe(true);
        // The worker either repeats a batch or divides it.
        expect(error.divisible && error.retryable).toBe(false);
        const shown = shownOf(error);
        for (const secret of secrets) expect(shown).not.toContain(secret);
      }),
      { numRuns: runs(300) },
    );
  });

  it("never makes readVendorError throw", () => {
    fc.assert(
      fc.property(body, (text) => {
        expect(() => readVendorError(text)).not.toThrow();
      }),
    );
  });
});
