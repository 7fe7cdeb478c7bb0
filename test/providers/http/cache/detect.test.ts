import { describe, expect, it } from "vitest";
import { suffixes } from "../../../../src/providers/http/cache/cnames.ts";
import { debugHeadersFor, parseFastlyDebugTtl } from "../../../../src/providers/http/cache/debug-headers.ts";
import { detectByCname, detectByHeaders } from "../../../../src/providers/http/cache/detect.ts";
import { vendorOf, vendors } from "../../../../src/providers/http/cache/vendors.ts";
import { type Headers, lines } from "./lines-harness.ts";

describe("a CDN by its names", () => {
  it.each([
    ["d111111abcdef8.cloudfront.net", "cloudfront", "http"],
    ["www.example.com.cdn.cloudflare.net.", "cloudflare", "http"],
    ["dualstack.j.sni.global.fastly.net", "fastly", "http"],
    ["www.example.com.edgekey.net", "akamai", "http"],
    ["e1234.dscb.akamaiedge.net", "akamai", "http"],
    ["vod.example.com.cdnhwc1.com", "huawei", "huawei-vod"],
    ["vod.example.com.c.cdnhwcabc12.com", "huawei", "huawei-vod"],
    ["vod.example.com.w.alikunlun.com", "alibaba", "alibaba-vod"],
    ["VOD.example.com.W.KUNLUNSL.COM", "alibaba", "alibaba-vod"],
    ["www.example.com.cdn.dnsv1.com.cn", "tencent", "http"],
    ["abc.sched.sma.tdnsv5.com", "tencent", "http"],
    ["www.example.com.eo.dnse1.com", "edgeone", "http"],
    ["www.example.com.volcgslb.com", "volcengine", "http"],
    ["www.example.com.wscdns.com", "wangsu", "http"],
    ["zone.b-cdn.net", "bunny", "http"],
    ["cl-1234.gcdn.co", "gcore", "http"],
    ["1234567890.rsc.cdn77.org", "cdn77", "http"],
    ["cname.vercel-dns.com", "vercel", "http"],
    ["abc.vercel-dns-017.com", "vercel", "http"],
  ])("%s is %s, for %s", (name, vendor, provider) => {
    expect(detectByCname(["www.example.com", name])).toEqual({ vendor, confidence: "certain", provider });
  });

  it("the last one of a chain answers; those before it steer", () => {
    expect(detectByCname(["www.example.com", "x.cdngslb.com", "y.edgekey.net", "e1.a.akamaiedge.net"])?.vendor).toBe("akamai");
    expect(detectByCname(["x.edgekey.net", "y.fastly.net", "a.example.net"])?.vendor).toBe("fastly");
  });

  it.each([[[]], [["www.example.com"]], [["notfastly.net"]], [["x.hwcdn.net"]], [["fastly.net.example.com"]], [["x.fastlyXnet"]]])(
    "%j is nobody's",
    (chain) => {
      expect(detectByCname(chain)).toBeUndefined();
    },
  );

  it("every suffix is found as it stands, and belongs to a vendor of the table", () => {
    const entries = Object.entries(suffixes);
    expect(entries.length).toBeGreaterThan(60);
    for (const [suffix, vendor] of entries) {
      expect(detectByCname([`x.${suffix.replace("*", "1")}`])?.vendor).toBe(vendor);
      expect(vendorOf(vendor)?.name).toBeTruthy();
    }
  });
});

describe("a CDN by its headers", () => {
  it.each<[string, Headers, string | undefined, string | undefined]>([
    ["one of its own", { eagleid: "1" }, "alibaba", "certain"],
    ["a prefix", { "x-ccdn-req-id-46b1": "1" }, "huawei", "certain"],
    ["a header that others use too", { "x-tt-trace-id": "1" }, "volcengine", "guess"],
    ["Varnish may be anyone's", { via: "1.1 varnish" }, "fastly", "guess"],
    ["weak marks give way to strong ones", { "x-tt-trace-id": "1", server: "AkamaiGHost" }, "akamai", "certain"],
    [
      "Cloudflare before CloudFront",
      { server: "cloudflare", "x-amz-cf-id": "1", via: "1.1 a.cloudfront.net (CloudFront)" },
      "cloudflare",
      "likely",
    ],
    ["Cloudflare before Vercel", { server: "cloudflare", "cf-ray": "1-FRA", "x-vercel-id": "fra1::1" }, "cloudflare", "likely"],
    [
      "CloudFront before Vercel",
      { server: "Vercel", "x-vercel-id": "fra1::1", via: "1.1 a.cloudfront.net (CloudFront)" },
      "cloudfront",
      "likely",
    ],
    ["Fastly before Google", { via: "1.1 google, 1.1 varnish", "x-timer": "S1.1,VS0" }, "fastly", "likely"],
    ["Google before Fastly", { via: "1.1 varnish, 1.1 google", "x-timer": "S1.1,VS0" }, "google", "likely"],
    ["Qiniu on Alibaba's network is Qiniu", { eagleid: "1", "x-swift-savetime": "x", "x-qnm-cache": "Miss" }, "qiniu", "certain"],
    ["X-Cache names nobody", { "x-cache": "HIT" }, undefined, undefined],
    ["nothing", {}, undefined, undefined],
  ])("%s", (_what, headers, vendor, confidence) => {
    const found = detectByHeaders(lines(headers));
    expect([found?.vendor, found?.confidence]).toEqual([vendor, confidence]);
  });

  it("ids are unique", () => {
    expect(new Set(vendors.map(({ id }) => id)).size).toBe(vendors.length);
  });
});

describe("questions in more detail", () => {
  it("are asked of those that answer them only", () => {
    expect(debugHeadersFor("akamai").pragma).toContain("akamai-x-check-cacheable");
    expect(debugHeadersFor("fastly")).toEqual({ "fastly-debug": "1" });
    for (const { id } of vendors) if (id !== "akamai" && id !== "fastly") expect(debugHeadersFor(id)).toEqual({});
    expect(debugHeadersFor(undefined)).toEqual({});
  });

  it("Fastly's answer has an entry for each server", () => {
    const headers = lines({ "fastly-debug-ttl": "(M cache-iad-kiad7000123-IAD - - -), (H cache-fra-etou8220043-FRA 3599.123 0 1)" });
    expect(parseFastlyDebugTtl(headers)).toEqual([
      { hit: false, server: "cache-iad-kiad7000123-IAD" },
      { hit: true, server: "cache-fra-etou8220043-FRA", ttlS: 3_599, staleIfErrorS: 0, ageS: 1 },
    ]);
    expect(parseFastlyDebugTtl(lines({ "fastly-debug-ttl": "H cache-a -3.9 60 9" }))).toEqual([
      { hit: true, server: "cache-a", ttlS: -3, staleIfErrorS: 60, ageS: 9 },
    ]);
    expect(parseFastlyDebugTtl(lines({ "fastly-debug-ttl": "nonsense, (X a 1 2 3), (H a 1..2 . 3)" }))).toEqual([
      { hit: true, server: "a", ageS: 3 },
    ]);
    expect(parseFastlyDebugTtl(lines({}))).toEqual([]);
  });
});
