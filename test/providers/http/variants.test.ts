import { describe, expect, it } from "vitest";
import { variantsOf } from "../../../src/providers/http/variants.ts";

describe("variantsOf", () => {
  it("returns the base headers without a label when there are no variants", () => {
    expect(variantsOf({ Accept: "*/*" }, [])).toEqual([{ headers: { accept: "*/*" }, label: undefined }]);
  });

  it("labels variants with the headers that differ", () => {
    const variants: readonly Record<string, string>[] = [{ "Accept-Encoding": "br" }, { "accept-encoding": "gzip", "x-device": "tv" }];
    expect(variantsOf({ accept: "*/*" }, variants).map(({ label }) => label)).toEqual([
      "accept-encoding: br, no x-device",
      "accept-encoding: gzip, x-device: tv",
    ]);
  });

  it("numbers variants without a difference", () => {
    expect(variantsOf({}, [{ a: "1" }, { A: "1" }]).map(({ label }) => label)).toEqual(["duplicate variant 1", "duplicate variant 2"]);
  });

  it("redacts the values of headers that may hold credentials", () => {
    expect(variantsOf({}, [{ "x-api-key": "k1" }, { "x-api-key": "k2" }]).map(({ label }) => label)).toEqual(
      Array(2).fill("x-api-key: [redacted]"),
    );
  });
});
