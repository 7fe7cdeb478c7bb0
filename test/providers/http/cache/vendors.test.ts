import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { debugHeadersFor } from "../../../../src/providers/http/cache/debug-headers.ts";
import { detectByCname } from "../../../../src/providers/http/cache/detect.ts";
import { vendorOf, vendors } from "../../../../src/providers/http/cache/vendors.ts";

describe("the list of vendors", () => {
  it("has unique ids", () => {
    expect(new Set(vendors.map(({ id }) => id)).size).toBe(vendors.length);
  });

  it.each(vendors)("has a test file for $id", ({ id }) => {
    expect(existsSync(new URL(`vendors/${id}.test.ts`, import.meta.url))).toBe(true);
  });

  it("resells only vendors of the list", () => {
    const ids: readonly string[] = vendors.map(({ id }) => id);
    for (const { resells = [] } of vendors) expect(ids).toEqual(expect.arrayContaining([...resells]));
  });

  it("recognises each vendor by each of its CNAME suffixes", () => {
    const suffixes = vendors.flatMap(({ id, cnames = [] }) => cnames.map((suffix) => ({ id, suffix })));
    expect(suffixes.length).toBeGreaterThan(60);
    for (const { id, suffix } of suffixes) expect(detectByCname([`x.${suffix.replace("*", "1")}`])?.vendor).toBe(id);
  });
});

describe("vendorOf", () => {
  it("finds a vendor by its id", () => {
    for (const vendor of vendors) expect(vendorOf(vendor.id)).toBe(vendor);
    expect(vendorOf(undefined)).toBeUndefined();
  });
});

describe("debugHeadersFor", () => {
  it("returns headers only for the vendors that react to them", () => {
    expect(debugHeadersFor("akamai").pragma).toContain("akamai-x-check-cacheable");
    expect(debugHeadersFor("fastly")).toEqual({ "fastly-debug": "1" });
    for (const { id } of vendors) if (id !== "akamai" && id !== "fastly") expect(debugHeadersFor(id)).toEqual({});
    expect(debugHeadersFor(undefined)).toEqual({});
  });
});
