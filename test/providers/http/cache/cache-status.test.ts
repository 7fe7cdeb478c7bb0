import { describe, expect, it } from "vitest";
import { readCache } from "../../../../src/providers/http/cache/cache-status.ts";
import { type Headers, lines } from "./lines-harness.ts";

const cf = { server: "cloudflare", "cf-ray": "8f1b2c3d4e5f6a7b-FRA" };
const read = (headers: Headers) => readCache({ status: 200, headers: lines(headers) });

describe("the order of sources", () => {
  it("prefers the vendor's own header to Cache-Status", () => {
    const reading = read({ ...cf, "cf-cache-status": "DYNAMIC", "cache-status": "Origin; hit" });
    expect(reading).toMatchObject({ vendor: "cloudflare", state: "uncacheable" });
  });

  it("prefers Cache-Status to Server-Timing, and both to Age", () => {
    const timing = { "server-timing": "cdn-cache; desc=HIT", age: "3" };
    expect(read({ "cache-status": "CDN; fwd=miss", ...timing })).toMatchObject({ state: "miss" });
    expect(read({ ...timing, "server-timing": "cdn-cache; desc=MISS" })).toMatchObject({ state: "miss" });
    expect(read({ age: "3" })).toMatchObject({ state: "hit", layer: "unknown", ageS: 3 });
  });
});

describe("a cache of no known vendor", () => {
  it.each<[Headers, Readonly<Record<string, unknown>>]>([
    [{ "x-cache-status": "HIT" }, { state: "hit", layer: "unknown" }],
    [{ "x-cache-status": "MISS" }, { state: "miss" }],
    [{ "x-cache-status": "EXPIRED" }, { state: "expired" }],
    [{ "x-cache-status": "STALE" }, { state: "stale", layer: "unknown" }],
    [{ "x-cache-status": "UPDATING" }, { state: "stale", layer: "unknown" }],
    [{ "x-cache-status": "REVALIDATED" }, { state: "revalidated", layer: "unknown" }],
    [{ "x-cache-status": "BYPASS" }, { state: "bypass", stored: false }],
    [{ "x-fastcgi-cache": "HIT" }, { state: "hit", layer: "unknown" }],
    [{ "x-fastcgi-cache": "BYPASS" }, { state: "bypass", stored: false }],
    [{ "x-nginx-cache-status": "MISS" }, { state: "miss" }],
    [{ "x-srcache-fetch-status": "HIT" }, { state: "hit" }],
    [{ "x-cache": "hit cached" }, { state: "hit" }],
    [{ "x-cache": "hit graced cached" }, { state: "stale" }],
    [{ "x-cache": "miss cached" }, { state: "miss", stored: true }],
    [{ "x-cache": "miss uncacheable" }, { state: "miss", stored: false }],
    [{ "x-cache": "pass uncacheable" }, { state: "bypass" }],
    [{ "x-cache": "hit-for-pass" }, { state: "bypass" }],
    [{ "x-cache": "HIT-STALE" }, { state: "stale" }],
    [{ "x-cache": "TCP_EXPIRED_HIT" }, { state: "stale" }],
    [{ "x-cache": "TCP_CLIENT_REFRESH_MISS" }, { state: "expired" }],
    [{ "x-cache": "TCP_REFRESH_FAIL_OLD" }, { state: "stale" }],
    [{ "x-cache": "TCP_REMOTE_HIT" }, { state: "hit", layer: "parent" }],
    [
      { "x-cache": "HIT", age: "7" },
      { state: "hit", layer: "unknown", ageS: 7 },
    ],
    [{ "x-cache": ["HIT from a", "HIT from b"] }, { state: "hit", layer: "unknown" }],
    [{ "x-cache": "MISS from squid", "x-cache-lookup": "HIT from squid:3128" }, { state: "miss" }],
    [{ "x-proxy-cache": "HIT" }, { state: "hit", layer: "unknown" }],
    [
      { "x-cache-status": "HIT", via: "1.1 varnish (Varnish/7.1)" },
      { state: "hit", layer: "unknown" },
    ],
  ])("is read without a layer: %j", (headers, expected) => {
    expect(read(headers)).toMatchObject(expected);
  });

  it.each<Headers>([
    { "x-cache": "HIT, MISS", age: "7" },
    { "x-cache": ["MISS", "HIT"] },
    { "x-cache": "HIT, what" },
    { "x-cache": "what" },
    { "x-cache": "MISS", "x-cache-status": "HIT" },
  ])("is unknown when its words differ or mean nothing: %j", (headers) => {
    expect(read(headers).state).toBe("unknown");
  });
});

describe("headers that the origin may have written", () => {
  it.each<Headers>([{ server: "cloudflare" }, { eagleid: "1" }, { "x-timer": "S1.1,VS0" }])(
    "ignores X-Cache-Status behind a vendor that does not send it: %j",
    (marks) => {
      expect(read({ ...marks, "x-cache-status": "HIT" }).state).toBe("unknown");
    },
  );

  it.each<Headers>([{ "cache-status": "Origin; hit" }, { "server-timing": 'cdn-cache-hit, cdn-hit-layer;desc="EDGE"' }])(
    "claims no edge hit behind a vendor that does not write the header: %j",
    (headers) => {
      expect(read(headers)).toMatchObject({ state: "hit", layer: "edge" });
      expect(read({ ...headers, server: "cloudflare" })).toMatchObject({ vendor: "cloudflare", state: "hit", layer: "unknown" });
    },
  );

  it.each<Headers>([
    { via: "1.1 varnish", "x-cache": "HIT" },
    { via: "1.1 cache-1 (Varnish/7.4)", "x-varnish": "32770 3", "x-cache": "HIT" },
    { server: "nginx", "x-via": "10.1.2.3", "x-cache": "HIT" },
    { "x-msedge-ref": "Ref A: 1", "x-cache": "TCP_HIT" },
    { "nginx-hit": "1", "x-cache-status": "HIT" },
    { "x-litespeed-cache": "hit" },
    { via: "CHN-SH-AREACT1-CACHE66[6],CHN-SH-AREACT1-CACHE22[0,TCP_HIT,3]" },
  ])("names no vendor, and no tier, for headers that any server may send: %j", (headers) => {
    const reading = read(headers);
    expect(reading).toMatchObject({ state: "hit", layer: "unknown" });
    expect(reading).not.toHaveProperty("vendor");
  });

  it("keeps a copy for one visitor apart from a hit", () => {
    expect(read({ "x-litespeed-cache": "hit,private" })).toMatchObject({ state: "uncacheable", stored: false });
    expect(read({ "x-litespeed-cache": "hit,litemage" })).toMatchObject({ state: "hit" });
    expect(read({ "x-lsadc-cache": "miss" })).toMatchObject({ state: "miss" });
  });
});

it("reads X-Cache when the caller knows the vendor", () => {
  const headers = lines({ "x-cache": "HIT, MISS" });
  expect(readCache({ status: 200, headers, vendor: "fastly" })).toMatchObject({ vendor: "fastly", state: "hit", layer: "parent" });
  expect(readCache({ status: 200, headers: lines({ "x-cache": "HIT" }), vendor: "baidu" })).toMatchObject({
    state: "hit",
    layer: "unknown",
  });
});

it.each([404, 500])("reads status %i as an error, even from a cache", (status) => {
  const headers = lines({ ...cf, "cf-cache-status": "HIT", age: "12" });
  expect(readCache({ status, headers })).toMatchObject({ state: "error", stored: true });
});

describe("the age", () => {
  it("is absent when no cache served the response", () => {
    expect(read({ server: "cloudflare", "cf-cache-status": "MISS", age: "7" })).not.toHaveProperty("ageS");
  });

  it("proves no hit when it is 0", () => {
    expect(read({ age: "0" }).state).toBe("unknown");
  });
});

describe("the evidence", () => {
  it("lists the deciding headers in reading order", () => {
    expect(read({ ...cf, "cf-cache-status": "HIT", age: "12" }).evidence).toEqual([
      { header: "cf-cache-status", value: "HIT" },
      { header: "age", value: "12" },
      { header: "cf-ray", value: "8f1b2c3d4e5f6a7b-FRA" },
    ]);
  });

  it("leaves out headers that were not read", () => {
    const { evidence } = read({ server: "JSP3/2.0.14", "x-cache-status": "MISS", "ohc-cache-hit": "bj2ct [2], czix4 [3]" });
    expect(evidence).toEqual([{ header: "x-cache-status", value: "MISS" }]);
  });

  it("leaves out the keys of signed URLs", () => {
    const { evidence } = read({
      server: "AkamaiGHost",
      "x-cache": "TCP_MISS from a23-67-252-148.deploy.akamaitechnologies.com (AkamaiGHost/11.1) (-)",
      "x-cache-key": "S/L/1/2/000/origin.example/a.ts?token=SECRET&x=1 x",
    });
    expect(evidence.map(({ header }) => header)).toContain("x-cache-key");
    expect(JSON.stringify(evidence)).not.toContain("SECRET");
  });
});
