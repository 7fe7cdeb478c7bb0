import { describe, expect, it } from "vitest";
import { asPrefetchError, describe as describeError, explain, PrefetchError } from "../../src/base/errors.ts";

describe("asPrefetchError", () => {
  it("returns a PrefetchError unchanged", () => {
    const error = new PrefetchError("timeout", "Too late");
    expect(asPrefetchError(error)).toBe(error);
  });

  it("hides the text of an unforeseen error and keeps it as the cause", () => {
    const cause = new TypeError("password=secret");
    const error = asPrefetchError(cause);
    expect(error).toMatchObject({ code: "internal", cause, delivery: "not_sent", retryable: false });
    expect(explain(error)).not.toContain("secret");
  });
});

describe("describe and explain", () => {
  it("add the vendor's code, the request id and the hint", () => {
    const error = new PrefetchError("quota_exhausted", "The quota is used up. ", {
      vendorCode: "QuotaFull",
      requestId: "7",
      hint: "Try again tomorrow.",
    });
    expect(describeError(error)).toBe("The quota is used up (QuotaFull, request id 7).");
    expect(explain(error)).toBe("The quota is used up (QuotaFull, request id 7). Try again tomorrow.");
  });

  it("end the bare message with one full stop when nothing else is known", () => {
    expect(explain(new PrefetchError("timeout", "Too late"))).toBe("Too late.");
  });
});
