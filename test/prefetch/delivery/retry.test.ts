import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Delivery, type ErrorCode, PrefetchError } from "../../../src/base/errors.ts";
import { isWorthDividing, retryDelayMs } from "../../../src/prefetch/delivery/retry.ts";
import type { Claim } from "../../../src/prefetch/model/storage.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { assetWork, retryPolicy, workOf } from "../work-harness.ts";

const policy = retryPolicy();

function claimWith(attempts: number, task: Partial<Claim["task"]> = {}): Claim {
  const work = workOf(manyUrls(1));
  return { ...work, batch: { ...work.batch, attempts }, task: { ...work.task, ...task } };
}

describe("retryDelayMs", () => {
  const unavailable = new PrefetchError("vendor_unavailable", "Not now", { retryable: true });

  it("is the vendor's Retry-After when the vendor names one", () => {
    const error = new PrefetchError("rate_limited", "Too fast", { delivery: "refused", retryable: true, retryAfterMs: 7_000 });
    expect(retryDelayMs(claimWith(0), error, policy)).toBe(7_000);
  });

  it("doubles with each attempt up to five minutes", () => {
    const throttled = new PrefetchError("rate_limited", "Not now", { delivery: "refused", retryable: true });
    const longest = retryPolicy({ random: () => 0.999_999 });
    const delays = Array.from({ length: 9 }, (_, attempts) => retryDelayMs(claimWith(attempts), throttled, longest));
    expect(delays).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000]);
  });

  it("is spread over the whole ceiling at random", () => {
    const delays = [0, 0.25, 0.5].map((random) => retryDelayMs(claimWith(0), unavailable, retryPolicy({ random: () => random })));
    expect(delays).toEqual([0, 500, 1_000]);
  });

  it.each([
    ["not_sent", "vendor_unavailable", 12],
    ["refused", "vendor_unavailable", 3],
    ["refused", "rate_limited", 10],
    ["refused", "queue_full", 10],
  ] as const)("is undefined after a batch was %s with %s in all its %i attempts", (delivery, code, most) => {
    const error = new PrefetchError(code, "Not now", { delivery, retryable: true });
    expect(retryDelayMs(claimWith(most - 2), error, policy)).toBeDefined();
    expect(retryDelayMs(claimWith(most - 1), error, policy)).toBeUndefined();
  });

  it.each([
    ["50 retries of a small task", 50, 1],
    ["two retries per batch of a large task", 2_000, 1_000],
  ])("is undefined after %s", (_, retries, batches) => {
    expect(retryDelayMs(claimWith(0, { retries: retries - 1, batches }), unavailable, policy)).toBeDefined();
    expect(retryDelayMs(claimWith(0, { retries, batches }), unavailable, policy)).toBeUndefined();
  });

  it("is undefined when the error is not retryable or the delivery is unknown", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<ErrorCode>("rate_limited", "queue_full", "vendor_unavailable", "timeout"),
        fc.constantFrom<Delivery>("not_sent", "refused", "unknown"),
        fc.boolean(),
        (code, delivery, retryable) => {
          const error = new PrefetchError(code, "Not now", { delivery, retryable, retryAfterMs: 1 });
          expect(retryDelayMs(claimWith(0), error, policy) !== undefined).toBe(retryable && delivery !== "unknown");
        },
      ),
    );
  });
});

describe("isWorthDividing", () => {
  const divisible = new PrefetchError("invalid_argument", "Bad URL", { delivery: "refused", divisible: true });

  it.each([
    [true, "the refusal may be due to one URL of several", workOf(manyUrls(2)), divisible],
    [true, "the batch was divided 63 times", { ...workOf(manyUrls(2)), divisions: 63 }, divisible],
    [false, "the batch was divided 64 times", { ...workOf(manyUrls(2)), divisions: 64 }, divisible],
    [false, "the batch has one URL", workOf(manyUrls(1)), divisible],
    [false, "the batch is an asset", assetWork(4), divisible],
    [false, "the vendor refuses the whole request", workOf(manyUrls(2)), new PrefetchError("not_published", "No", { delivery: "refused" })],
  ])("is %s when %s", (expected, _, work, error) => {
    expect(isWorthDividing(work, error)).toBe(expected);
  });
});
