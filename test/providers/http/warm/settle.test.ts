import { describe, expect, it } from "vitest";
import { type RouteOutcome, settleUrl } from "../../../../src/providers/http/warm/settle.ts";

const url = "https://media.example/a";
const success = (routeName: string): RouteOutcome => ({ routeName, attempted: true, outcome: { state: "succeeded", reason: "Good." } });
const failure = (routeName: string, code: string, attempted = true): RouteOutcome => ({
  routeName,
  attempted,
  outcome: { state: "failed", code, reason: "Bad." },
});

describe("settleUrl", () => {
  it("succeeds when all routes succeeded", () => {
    expect(settleUrl(url, [success("paris"), success("oslo")])).toEqual({ url, state: "succeeded", reason: "paris: Good. oslo: Good." });
  });

  it("fails with the code of the first route that was attempted", () => {
    expect(settleUrl(url, [failure("paris", "timeout", false), failure("oslo", "not_found"), success("lima")])).toEqual({
      url,
      state: "failed",
      code: "not_found",
      reason: "paris: Bad. oslo: Bad.",
    });
  });

  it("rejects when no route was attempted, or when no request was sent", () => {
    expect(settleUrl(url, [failure("", "vendor_unavailable", false)])).toEqual({
      url,
      state: "rejected",
      code: "vendor_unavailable",
      reason: "Bad.",
    });
    expect(settleUrl(url, [failure("", "forbidden_domain")])).toMatchObject({ state: "rejected" });
  });

  it("limits the length of the reason", () => {
    const routes = Array.from({ length: 400 }, (_, nth) => failure(String(nth), "timeout"));
    expect(settleUrl(url, routes).reason).toHaveLength(1_000);
  });
});
