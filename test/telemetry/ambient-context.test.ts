import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ambientContext, validTraceparent, withAmbientContext } from "../../src/telemetry/ambient-context.ts";

const hex = (length: number) => fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });

describe("validTraceparent", () => {
  it("returns a valid value unchanged and rejects reserved ids and versions", () => {
    fc.assert(
      fc.property(hex(2), hex(32), hex(16), hex(2), (version, trace, parent, flags) => {
        const value = `${version}-${trace}-${parent}-${flags}`;
        const reserved = version === "ff" || /^0+$/.test(trace) || /^0+$/.test(parent);
        expect(validTraceparent(value)).toBe(reserved ? undefined : value);
      }),
    );
  });

  it("returns undefined for any other value", () => {
    const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    expect(validTraceparent(good)).toBe(good);
    const invalid = [
      good.toUpperCase(),
      `${good}\r\nx: y`,
      ` ${good}`,
      `${good}-00`,
      good.slice(1),
      "",
      undefined,
      null,
      1,
      [good],
      { good },
    ];
    for (const value of invalid) expect(validTraceparent(value)).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(validTraceparent(text)).toBeUndefined();
      }),
    );
  });
});

describe("withAmbientContext", () => {
  it("applies its facts to all asynchronous work inside, and to nothing outside", async () => {
    const seen = async () => {
      await Promise.resolve();
      return ambientContext();
    };
    const [one, two] = await Promise.all([
      withAmbientContext({ principal: "one" }, seen),
      withAmbientContext({ principal: "two", request: "r" }, seen),
    ]);
    expect([one, two, ambientContext()]).toEqual([{ principal: "one" }, { principal: "two", request: "r" }, {}]);
    expect(await withAmbientContext({ principal: "one", request: "r" }, () => withAmbientContext({ traceparent: "t" }, seen))).toEqual({
      traceparent: "t",
    });
  });
});
