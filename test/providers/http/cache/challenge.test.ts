import { describe, expect, it } from "vitest";
import { challengerOf } from "../../../../src/providers/http/cache/challenge.ts";
import { type Headers, lines } from "./lines-harness.ts";

describe("challengerOf", () => {
  it.each<[number, Headers, string]>([
    [403, { server: "cloudflare", "cf-mitigated": "challenge" }, "Cloudflare"],
    [202, { "x-amzn-waf-action": "challenge" }, "AWS WAF"],
    [405, { "x-amzn-waf-action": "captcha" }, "AWS WAF"],
    [429, { "x-vercel-mitigated": "challenge" }, "Vercel"],
    [202, { "sg-captcha": "challenge" }, "SiteGround"],
    [403, { server: "PWS/8.3.1.0.8", "ws-action": "bot" }, "CDNetworks"],
    [200, { "x-iinfo": "8-1034-0 0NNN RT(1794 0) q(0 -1 -1 -1) r(0 -1) B10(4,200,0) U18" }, "Imperva"],
    [403, { "set-cookie": ["a=1", "visid_incap_12=x; path=/"] }, "Imperva"],
    [403, { "x-datadome": "protected" }, "DataDome"],
    [429, { "x-kpsdk-ct": "x" }, "Kasada"],
    [403, { server: "ddos-guard" }, "DDoS-Guard"],
    [428, { "set-cookie": "sec_cpt=x; path=/" }, "Akamai"],
  ])("names the protection behind status %i with %j: %s", (status, headers, by) => {
    expect(challengerOf({ status, headers: lines(headers) })).toBe(by);
  });

  it.each<[number, Headers]>([
    [403, { server: "cloudflare", "cf-ray": "1-FRA" }],
    [403, { server: "AmazonS3" }],
    [200, { "x-datadome": "protected" }],
    [200, { server: "ddos-guard" }],
    [200, { "set-cookie": "visid_incap_12=x" }],
    [200, { "x-iinfo": "7-9200983-0 0CNN RT(1794 0) q(0 -1 -1 0) r(0 -1)" }],
    [404, { "x-kpsdk-ct": "x" }],
  ])("names none for status %i with %j", (status, headers) => {
    expect(challengerOf({ status, headers: lines(headers) })).toBeUndefined();
  });
});
