import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCache } from "../../../../src/providers/http/cache/cache-status.ts";
import { detectByHeaders } from "../../../../src/providers/http/cache/detect.ts";
import { parseDebugTtl } from "../../../../src/providers/http/cache/vendors/fastly.ts";
import { whyNotCached } from "../../../../src/providers/http/cache/why-not-cached.ts";
import { runs } from "../../../fakes/runs.ts";
import { anyText } from "../../text-harness.ts";
import { lines } from "./lines-harness.ts";

const names = (
  "age akamai-x cache cache-control cache-status cdn-cache cdn-pullzone cf-cache-status cf-ray ctl-cache-status date " +
  "eagleid eo-cache-status expires fastly-debug-ttl nginx-hit ohc-cache-hit server server-timing set-cookie vary via " +
  "x-77-cache x-amz-cf-id x-azure-ref x-bdcdn-cache-status x-cache x-cache-key x-cache-lookup x-cache-remote " +
  "x-cache-status x-cached-since x-ccdn-cachettl x-cf3 x-check-cacheable x-hcs-proxy-type x-id x-nws-log-uuid x-qnm-cache " +
  "x-response-cache x-served-by x-swift-cachetime x-timer x-vercel-cache x-ws-request-id constructor __proto__"
).split(" ");
const words = [
  "HIT",
  "MISS",
  "HIT, MISS",
  "MISS, HIT",
  "TCP_NEGATIVE_HIT from a",
  "Hit From Upstream",
  "1",
  "0",
  "-1",
  "cloudflare",
  "1.1 varnish",
  "1.1 google",
  "no-store",
  "private",
  "*",
  "a; hit",
  "a; fwd=miss, b; hit; ttl=-4",
  "Nginx; HIT",
  "cdn-cache-hit",
  "x.l2cn1[0,0,200-0,H]",
  '"',
  "(",
  "[",
];
const value = fc.oneof(
  fc.constantFrom(...words),
  anyText(300),
  fc.constantFrom(...words).map((word) => word.repeat(600)),
);
const soup = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...names), anyText(20)), fc.array(value, { minLength: 1, maxLength: 3 })), { maxLength: 12 })
  .map((entries) => lines(Object.fromEntries(entries)));
const anyStatus = fc.oneof(fc.constantFrom(200, 206, 301, 304, 404, 503), fc.integer());

describe("readCache with arbitrary headers", () => {
  it("never throws, and reads no error as a hit", () => {
    fc.assert(
      fc.property(soup, anyStatus, anyText(60), (headers, status, url) => {
        const reading = readCache({ status, headers });
        if (status >= 400) expect(reading.state).toBe("error");
        expect(reading.layer !== undefined).toBe(["hit", "revalidated", "stale"].includes(reading.state));
        for (const number of [reading.ageS, reading.ttlS]) if (number !== undefined) expect(Number.isFinite(number)).toBe(true);
        expect(Array.isArray(parseDebugTtl(headers))).toBe(true);
        expect(Array.isArray(whyNotCached({ status, headers, url }))).toBe(true);
        expect(detectByHeaders(headers)?.vendor).toBe(reading.vendor);
      }),
      { numRuns: runs(300) },
    );
  });

  it("returns bounded, printable evidence", () => {
    fc.assert(
      fc.property(soup, (headers) => {
        const { evidence, pop = "" } = readCache({ status: 200, headers });
        expect(evidence.length).toBeLessThanOrEqual(16);
        for (const { header, value: shown } of evidence) {
          expect(shown.length).toBeLessThanOrEqual(200);
          expect(`${header}${shown}`).toMatch(/^[ -~]*$/);
        }
        expect(pop).toMatch(/^[ -~]{0,40}$/);
      }),
      { numRuns: runs(200) },
    );
  });

  // A pattern with quadratic time would exceed the test's time limit.
  it("reads long values of repeated separators", () => {
    for (const piece of ["-CACHE1[", ".a1[0,", '"', "(", " ", "?x", "from a1-", "a;", "HIT,", ",H ]"]) {
      const long = piece.repeat(8_000 / piece.length);
      const reading = readCache({ status: 200, headers: lines(Object.fromEntries(names.map((name) => [name, long]))) });
      expect(reading.evidence.every(({ value }) => value.length <= 200)).toBe(true);
    }
  });
});

describe("a hit behind the edge", () => {
  const earlier = fc.array(fc.constantFrom("a; hit", "b; fwd=miss", "c; hit; ttl=9", "d; fwd=stale", '"e, e"; hit'), {
    minLength: 1,
    maxLength: 5,
  });

  it("is not read as an edge hit in Cache-Status", () => {
    const edge = fc.constantFrom(
      "fwd=miss",
      "fwd=uri-miss; stored",
      "fwd=bypass",
      "fwd=stale; fwd-status=200",
      "fwd=partial",
      "MISS",
      "ttl=3",
    );
    fc.assert(
      fc.property(earlier, edge, (members, last) => {
        const reading = readCache({ status: 200, headers: lines({ "cache-status": [...members, `edge; ${last}`] }) });
        expect(reading.layer).not.toBe("edge");
        if (members.some((member) => member.includes("hit"))) expect(reading.layer).toBe("parent");
      }),
    );
  });

  it("is not read as an edge hit in Fastly's X-Cache, whose last entry is the edge", () => {
    const earlier = fc.array(fc.constantFrom("HIT", "MISS", "Hit from cloudfront", "PASS"), { maxLength: 5 });
    fc.assert(
      fc.property(earlier, fc.constantFrom("HIT", "MISS", "PASS"), (list, last) => {
        const { layer } = readCache({ status: 200, headers: lines({ "x-timer": "S1.1,VS0", "x-cache": [...list, last].join(", ") }) });
        expect(layer === "edge").toBe(last === "HIT");
      }),
    );
  });

  it.each(["TCP_HIT", "HIT TCP_MEM_HIT"])("is not read as an edge hit in Alibaba's Via: %s", (hit) => {
    const via = "a.l2cn1[0,0,200-0,H], b.l2cn1[0,0], c.cn2[1,1,200-0,M]";
    const read = (cache: string) => readCache({ status: 200, headers: lines({ eagleid: "1", via, "x-cache": cache }) }).layer;
    expect(read("MISS TCP_MISS")).toBe("parent");
    expect(read(hit)).toBe("edge");
  });
});
