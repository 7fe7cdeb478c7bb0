import { errors } from "undici";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import { failureOf } from "../../../../src/providers/http/net/failure.ts";

describe("a request that got no whole answer", () => {
  it.each([
    ["late", new errors.HeadersTimeoutError(), { code: "timeout", retryable: true, message: "a.test did not answer in time" }],
    [
      "silent",
      new errors.BodyTimeoutError(),
      { code: "timeout", retryable: true, message: "a.test fell silent in the middle of its answer" },
    ],
    [
      "broken",
      new errors.SocketError("other side closed"),
      {
        code: "vendor_unavailable",
        retryable: true,
        message: "The connection to a.test broke off before its answer was whole (UND_ERR_SOCKET)",
      },
    ],
    ["reset", Object.assign(new Error("read"), { code: "ECONNRESET" }), { code: "vendor_unavailable", retryable: true }],
    ["unforeseen", new TypeError("x is not a function"), { code: "internal", retryable: false }],
  ])("is %s", (_, error, expected) => {
    const failure = failureOf(error, "a.test");
    expect(failure).toMatchObject({ ...expected, cause: error });
    expect(failure.hint).toMatch(/\S/);
  });

  it("keeps what is known of it already", () => {
    const known = new PrefetchError("forbidden_domain", "Not public");
    expect(failureOf(known, "a.test")).toBe(known);
  });
});
