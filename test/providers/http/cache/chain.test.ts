import { describe, expect, it } from "vitest";
import { readCache } from "../../../../src/providers/http/cache/cache-status.ts";
import { type Headers, lines } from "./lines-harness.ts";

const read = (headers: Headers) => readCache({ status: 200, headers: lines(headers) });
const akamai = { "x-akamai-request-id": "1a2b", "akamai-cache-status": "Hit from child" };

describe("several CDNs in a row", () => {
  it("are read by the outermost alone when Server or Via names it", () => {
    const cloudfront = { via: "1.1 a.cloudfront.net (CloudFront)", "x-amz-cf-id": "1", "x-cache": "Hit from cloudfront" };
    expect(read({ ...cloudfront, server: "cloudflare", "cf-ray": "1-FRA", "cf-cache-status": "MISS" })).toMatchObject({
      vendor: "cloudflare",
      state: "miss",
    });
    expect(read({ ...cloudfront, "x-vercel-cache": "MISS", server: "Vercel" })).toMatchObject({ vendor: "cloudfront", state: "hit" });
  });

  it("prove a hit of some tier when no header names the outermost and their words differ", () => {
    expect(read({ ...akamai, "x-azure-ref": "0a", "x-cache": "TCP_MISS" })).toMatchObject({ state: "hit", layer: "unknown" });
    expect(read({ ...akamai, "akamai-cache-status": "Miss from child", "x-azure-ref": "0a", "x-cache": "TCP_MISS" })).toMatchObject({
      state: "miss",
    });
  });

  it("are read by the only one that has a word", () => {
    expect(read({ ...akamai, "x-azure-ref": "0a" })).toMatchObject({ state: "hit", layer: "edge" });
  });
});
