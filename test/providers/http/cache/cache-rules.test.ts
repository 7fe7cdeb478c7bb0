import { describe, expect, it } from "vitest";
import { vendors } from "../../../../src/providers/http/cache/vendors.ts";
import { whyNotCached } from "../../../../src/providers/http/cache/why-not-cached.ts";
import { type Headers, lines } from "./lines-harness.ts";

const cdns = {
  Cloudflare: { server: "cloudflare", "cf-cache-status": "MISS" },
  "Amazon CloudFront": { "x-amz-cf-id": "1", "x-cache": "Miss from cloudfront" },
  Fastly: { "x-timer": "S1.1,VS0", "x-cache": "MISS" },
  Akamai: { server: "AkamaiGHost", "x-cache": "TCP_MISS from a1 (AkamaiGHost)" },
  nginx: { server: "nginx/1.26", "x-cache-status": "MISS" },
} satisfies Record<string, Headers>;

const changeOf = (headers: Headers, code: string) =>
  whyNotCached({ status: 200, url: "https://a.example/a.mp4", headers: lines(headers) }).find((each) => each.code === code)?.change ?? "";

describe("the change of an obstacle", () => {
  it.each([
    ["Cloudflare", { "cache-control": "no-store" }, "no-store", /At Cloudflare: a Cache Rule with Edge TTL/],
    ["Cloudflare", { "cache-control": "max-age=60", "set-cookie": "a=1" }, "set-cookie", /At Cloudflare: .* removes the cookie\.$/],
    ["Amazon CloudFront", { "cache-control": "private" }, "private", /At Amazon CloudFront: the Minimum TTL of the cache policy/],
    ["Amazon CloudFront", { "cache-control": "max-age=5" }, "short-lived", /At Amazon CloudFront: the Minimum TTL/],
    ["Fastly", { "cache-control": "max-age=60", "set-cookie": "a=1" }, "set-cookie", /At Fastly: vcl_fetch/],
    ["Fastly", { "cache-control": "max-age=60", vary: "*" }, "vary-any", /At Fastly: beresp\.http\.Vary in vcl_fetch\.$/],
    ["Akamai", { "cache-control": "max-age=60", vary: "Cookie" }, "vary-wide", /At Akamai: the Remove Vary Header behavior/],
    ["nginx", { "cache-control": "no-cache" }, "no-cache", /At nginx: proxy_ignore_headers Cache-Control Expires/],
    ["nginx", { "cache-control": "max-age=60", "set-cookie": "a=1" }, "set-cookie", /At nginx: proxy_ignore_headers Set-Cookie/],
  ] as const)("names the place of the rule at %s for %j", (cdn, headers, code, change) => {
    expect(changeOf({ ...cdns[cdn], ...headers }, code)).toMatch(change);
  });

  it("names no rule that would keep a live playlist for longer", () => {
    const headers = { ...cdns.Cloudflare, "cache-control": "max-age=2", "content-type": "application/vnd.apple.mpegurl" };
    expect(changeOf(headers, "short-lived")).toMatch(/expand "streams".*s-maxage\.$/);
  });

  it.each<[string, Headers]>([
    ["an unknown CDN", { "x-cache": "MISS" }],
    ["an nginx without a cache's word, which may be the origin", { server: "nginx" }],
    ["a CDN whose rules are not known here", { server: "BunnyCDN-DE1-1", "cdn-cache": "MISS" }],
  ])("names no place for %s", (_, headers) => {
    expect(changeOf({ ...headers, "cache-control": "no-store" }, "no-store")).toBe(
      "Remove no-store at the origin, or override it in the CDN's cache rule.",
    );
  });

  it("is one sentence for each rule of a vendor", () => {
    const rules = vendors.flatMap(({ rules: own }) => Object.values(own ?? {}));
    expect(rules.length).toBeGreaterThanOrEqual(12);
    for (const rule of rules) expect(rule).not.toMatch(/\.$|^[A-Z](?!ookies|eaders|uery|urrogate)/);
  });
});
