import { describe, expect, it } from "vitest";
import { detectByCname, detectByHeaders } from "../../../../src/providers/http/cache/detect.ts";
import { type Headers, lines } from "./lines-harness.ts";

describe("detectByCname", () => {
  it.each([
    ["d111111abcdef8.cloudfront.net", "cloudfront", "http"],
    ["www.example.com.cdn.cloudflare.net.", "cloudflare", "http"],
    ["dualstack.j.sni.global.fastly.net", "fastly", "http"],
    ["www.example.com.edgekey.net", "akamai", "http"],
    ["e1234.dscb.akamaiedge.net", "akamai", "http"],
    ["vod.example.com.cdnhwc1.com", "huawei", "huawei-cdn"],
    ["vod.example.com.c.cdnhwcabc12.com", "huawei", "huawei-cdn"],
    ["vod.example.com.w.alikunlun.com", "alibaba", "alibaba-cdn"],
    ["VOD.example.com.W.KUNLUNSL.COM", "alibaba", "alibaba-cdn"],
    ["www.example.com.cdn.dnsv1.com.cn", "tencent", "tencent-cdn"],
    ["abc.sched.sma.tdnsv5.com", "tencent", "tencent-cdn"],
    ["www.example.com.eo.dnse1.com", "edgeone", "tencent-edgeone"],
    ["www.example.com.volcgslb.com", "volcengine", "volcengine-cdn"],
    ["www.example.com.wscdns.com", "wangsu", "http"],
    ["zone.b-cdn.net", "bunny", "http"],
    ["cl-1234.gcdn.co", "gcore", "http"],
    ["1234567890.rsc.cdn77.org", "cdn77", "http"],
    ["cname.vercel-dns.com", "vercel", "http"],
    ["abc.vercel-dns-017.com", "vercel", "http"],
  ])("recognises %s as %s, served by %s", (name, vendor, provider) => {
    expect(detectByCname(["www.example.com", name])).toEqual({ vendor, confidence: "certain", provider });
  });

  it("returns the last vendor of a chain, because earlier vendors only steer", () => {
    expect(detectByCname(["www.example.com", "x.cdngslb.com", "y.edgekey.net", "e1.a.akamaiedge.net"])?.vendor).toBe("akamai");
    expect(detectByCname(["x.edgekey.net", "y.fastly.net", "a.example.net"])?.vendor).toBe("fastly");
  });

  it.each([[[]], [["www.example.com"]], [["notfastly.net"]], [["x.hwcdn.net"]], [["fastly.net.example.com"]], [["x.fastlyXnet"]]])(
    "recognises no vendor in %j",
    (chain) => {
      expect(detectByCname(chain)).toBeUndefined();
    },
  );
});

describe("detectByHeaders", () => {
  it.each<[string, Headers, string | undefined, string | undefined]>([
    ["a vendor's own header", { eagleid: "1" }, "alibaba", "certain"],
    ["a vendor's own prefix", { "x-ccdn-req-id-46b1": "1" }, "huawei", "certain"],
    ["no vendor in a header that other servers send too", { "x-tt-trace-id": "1" }, undefined, undefined],
    ["no vendor in Varnish in Via", { via: "1.1 varnish" }, undefined, undefined],
    ["ESA, whose nodes are in Via as Alibaba's are", { server: "ESA", via: "ens-cache3.de9[0,0]" }, "alibaba-esa", "certain"],
    ["Hostinger behind Cloudflare", { server: "cloudflare", "cf-ray": "1-FRA", "x-hcdn-cache-status": "HIT" }, "cloudflare", "likely"],
    ["Qiniu on UpYun's network", { server: "marco/3.1", "x-m-reqid": "x" }, "qiniu", "certain"],
    [
      "Cloudflare in front of CloudFront",
      { server: "cloudflare", "x-amz-cf-id": "1", via: "1.1 a.cloudfront.net (CloudFront)" },
      "cloudflare",
      "likely",
    ],
    ["Cloudflare in front of Vercel", { server: "cloudflare", "cf-ray": "1-FRA", "x-vercel-id": "fra1::1" }, "cloudflare", "likely"],
    [
      "CloudFront in front of Vercel",
      { server: "Vercel", "x-vercel-id": "fra1::1", via: "1.1 a.cloudfront.net (CloudFront)" },
      "cloudfront",
      "likely",
    ],
    ["Fastly in front of Google", { via: "1.1 google, 1.1 varnish", "x-timer": "S1.1,VS0" }, "fastly", "likely"],
    ["Google in front of Fastly", { via: "1.1 varnish, 1.1 google", "x-timer": "S1.1,VS0" }, "google", "likely"],
    ["Qiniu on Alibaba's network", { eagleid: "1", "x-swift-savetime": "x", "x-qnm-cache": "Miss" }, "qiniu", "certain"],
    ["X-Cache alone", { "x-cache": "HIT" }, undefined, undefined],
    ["no header", {}, undefined, undefined],
  ])("recognises %s", (_input, headers, vendor, confidence) => {
    const found = detectByHeaders(lines(headers));
    expect([found?.vendor, found?.confidence]).toEqual([vendor, confidence]);
  });
});
