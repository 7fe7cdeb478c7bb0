/** The rules that settings of several vendors share. */

import { describe, expect, it } from "vitest";
import {
  isHeaderSafe,
  leftOut,
  misconfigured,
  must,
  mustBeEndpoint,
  mustBeHeaderSafe,
  mustBeOneOf,
  mustBeRegion,
  productsSetting,
  type SettingCheck,
  settingProblems,
} from "../../../src/providers/kit/settings.ts";

describe("settingProblems", () => {
  const settings = [
    { name: "PREFETCH_X_LEVEL", about: "Level.", check: mustBeOneOf("low", "high") },
    { name: "PREFETCH_X_KEY", about: "Key.", check: mustBeHeaderSafe },
    { name: "PREFETCH_X_NAME", about: "Name." },
  ];

  it("lists every set value that breaks its rule, by its variable only", () => {
    const problems = settingProblems(settings, { PREFETCH_X_LEVEL: "BAD", PREFETCH_X_KEY: "BAD BLANK", PREFETCH_X_NAME: "any" });
    expect(problems).toEqual([
      "PREFETCH_X_LEVEL must be low or high",
      "PREFETCH_X_KEY must not contain blanks, line breaks or non-ASCII characters",
    ]);
  });

  it("is empty for good and for missing values", () => {
    expect(settingProblems(settings, { PREFETCH_X_LEVEL: "high" })).toEqual([]);
    expect(settingProblems(settings, {})).toEqual([]);
  });

  it("feeds one sentence that names the provider", () => {
    const problems = settingProblems(settings, { PREFETCH_X_LEVEL: "BAD", PREFETCH_X_KEY: "é" });
    expect(misconfigured("x-cdn", ["set PREFETCH_X_ID", ...problems])).toEqual({
      ok: false,
      problem:
        "x-cdn: set PREFETCH_X_ID; PREFETCH_X_LEVEL must be low or high; PREFETCH_X_KEY must not contain blanks, line breaks or non-ASCII characters.",
    });
  });
});

const rules: readonly (readonly [name: string, check: SettingCheck, good: readonly string[], bad: readonly string[]])[] = [
  [
    "mustBeEndpoint",
    mustBeEndpoint("https://vod.example.com"),
    [
      "https://vod.example.com",
      "https://vod.example.com:8443/",
      "http://127.0.0.1:8080",
      "http://127.1.2.3",
      "http://localhost:1",
      "http://[::1]:1",
    ],
    [
      "bad.example.com",
      "http://bad.example.com",
      "http://10.0.0.1",
      "http://127.0.0.1.bad.example.com",
      "http://localhost.bad.example.com",
      "ftp://bad.example.com",
      "file:///bad",
      "https://bad.example.com/v1.0",
      "https://bad.example.com/?a=b",
      "https://bad.example.com/#bad",
      "https://baduser:badpassword@example.com",
      "https://[bad",
    ],
  ],
  [
    "mustBeRegion",
    mustBeRegion("cn-north-4"),
    ["cn-north-4", "cn-shanghai", "ap-southeast-1", "cn-hangzhou-finance-1"],
    ["BAD", "cn", "cn-", "-bad", "bad.example.com/x-1", "cn-north-4.bad.example.com", "cn_bad", "CN-BAD", "cn-bad\n"],
  ],
  ["mustBeHeaderSafe", mustBeHeaderSafe, ["!azAZ09+/=~"], ["BAD BLANK", "BAD\nBREAK", "BAD\u0000NUL", "BADé"]],
  ["mustBeOneOf", mustBeOneOf("true", "false"), ["true", "false"], ["BAD", "1", "TRUE", ""]],
  ["must", must("be even", (value) => Number(value) % 2 === 0), ["2"], ["3"]],
];

describe.each(rules)("%s", (_, check, good, bad) => {
  it.each(good)("accepts %j", (value) => {
    expect(check(value)).toBeUndefined();
  });

  it.each(bad)("has a rule without the value for %j", (value) => {
    const problem = check(value);
    expect(problem).toMatch(/^must /);
    expect(problem).not.toMatch(/bad/i);
  });
});

describe("isHeaderSafe", () => {
  it("accepts visible ASCII only", () => {
    expect(isHeaderSafe("!azAZ09+/=~")).toBe(true);
    for (const bad of ["", " ", "a b", "a\n", "\na", "a\u007f", "\u001b", "é"]) expect([bad, isHeaderSafe(bad)]).toEqual([bad, false]);
  });
});

describe("the products of a vendor", () => {
  const products = productsSetting("PREFETCH_X_PRODUCTS", "X Cloud", ["vod", "cdn"]);
  const usesOf = (product: string, values: Readonly<Record<string, string>>) =>
    leftOut(products, { id: `x-${product}`, product, prefix: `PREFETCH_X_${product.toUpperCase()}_` }, values);

  it.each(["vod", "cdn", "vod,cdn", "cdn, vod"])("may be %j", (value) => {
    expect(products.check?.(value)).toBeUndefined();
  });

  it.each(["", "tv", "vod,", "vod cdn", "VOD"])("may not be %j", (value) => {
    expect(products.check?.(value)).toBe("must be words out of vod, cdn, separated by commas");
  });

  it("are the first one when the setting is absent", () => {
    expect(usesOf("vod", {})).toBeUndefined();
    expect(usesOf("cdn", {})).toEqual({ ok: false, problem: "x-cdn: add cdn to PREFETCH_X_PRODUCTS.", off: true });
  });

  it("are those of the setting", () => {
    const values = { PREFETCH_X_PRODUCTS: "cdn" };
    expect(usesOf("cdn", values)).toBeUndefined();
    expect(usesOf("vod", values)).toMatchObject({ off: true });
  });

  it("are a problem of each product when the setting has another word", () => {
    const problem = "x-vod: PREFETCH_X_PRODUCTS must be words out of vod, cdn, separated by commas.";
    expect(usesOf("vod", { PREFETCH_X_PRODUCTS: "vod,live" })).toEqual({ ok: false, problem });
  });

  it("are unfinished when a setting of their own is set", () => {
    expect(usesOf("cdn", { PREFETCH_X_CDN_AREA: "overseas" })).toEqual({ ok: false, problem: "x-cdn: add cdn to PREFETCH_X_PRODUCTS." });
  });
});
