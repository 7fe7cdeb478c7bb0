import { errors } from "undici";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import { failureOf } from "../../../../src/providers/http/net/failure.ts";
import { InvalidAnswerError } from "../../../../src/providers/kit/answer-guard.ts";

describe("failureOf", () => {
  it.each([
    ["a header time-out", new errors.HeadersTimeoutError(), { code: "timeout", retryable: true, message: "a.test did not answer in time" }],
    [
      "a body time-out",
      new errors.BodyTimeoutError(),
      { code: "timeout", retryable: true, message: "a.test stopped sending in the middle of its answer" },
    ],
    [
      "a closed socket",
      new errors.SocketError("other side closed"),
      {
        code: "vendor_unavailable",
        retryable: true,
        message: "The connection to a.test broke off before its answer was whole (UND_ERR_SOCKET)",
      },
    ],
    ["a reset connection", Object.assign(new Error("read"), { code: "ECONNRESET" }), { code: "vendor_unavailable", retryable: true }],
    [
      "an answer that cannot be read",
      new InvalidAnswerError("Invalid header token"),
      {
        code: "vendor_unavailable",
        retryable: true,
        delivery: "unknown",
        message: "a.test sent an answer that cannot be read as HTTP/1.1 (Invalid header token)",
      },
    ],
    ["an unforeseen error", new TypeError("x is not a function"), { code: "internal", retryable: false }],
  ])("explains %s", (_, error, expected) => {
    const failure = failureOf(error, "a.test");
    expect(failure).toMatchObject({ ...expected, cause: error });
    expect(failure.hint).toMatch(/\S/);
  });

  it("passes a PrefetchError through", () => {
    const known = new PrefetchError("forbidden_domain", "Not public");
    expect(failureOf(known, "a.test")).toBe(known);
  });
});
