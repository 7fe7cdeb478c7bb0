import { describe, expect, it } from "vitest";
import { variantsOf } from "../../../src/providers/http/variants.ts";

describe("variantsOf", () => {
  it("returns the base headers without a label when there are no variants", () => {
    expect(variantsOf({ Accept: "*/*" }, [])).toEqual([{ headers: { accept: "*/*" }, label: undefined }]);
  });

  it("labels variants with their number and the names of the headers that differ", () => {
    const variants: readonly Record<string, string>[] = [{ "Accept-Encoding": "br" }, { "accept-encoding": "gzip", "x-device": "tv" }];
    expect(variantsOf({ accept: "*/*" }, variants).map(({ label }) => label)).toEqual([
      "variant 1 (accept-encoding, no x-device)",
      "variant 2 (accept-encoding, x-device)",
    ]);
  });

  it("numbers variants without a difference", () => {
    const labels = variantsOf({}, [{ a: "1" }, { A: "1" }]).map(({ label }) => label);
    expect(labels).toEqual(["variant 1 (a duplicate)", "variant 2 (a duplicate)"]);
  });

  it.each(["x-api-key", "x-my-pass", "x-device"])("shows no value of %s", (name) => {
    const labels = variantsOf({}, [{ [name]: "hunter2hunter2" }, { [name]: "correct-horse" }]).map(({ label }) => label);
    expect(labels).toEqual([`variant 1 (${name})`, `variant 2 (${name})`]);
  });
});
