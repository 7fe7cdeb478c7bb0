import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createSecrets } from "../../src/base/secrets.ts";
import { cleanLine, createLog } from "../../src/telemetry/log.ts";
import { anySecret, forms } from "../base/encodings-harness.ts";
import { runs } from "../fakes/runs.ts";
import { anyText } from "../providers/text-harness.ts";

const lineOf = (facts: unknown): string => JSON.stringify({ level: 30, facts, msg: "request" });

describe("createLog", () => {
  it("writes clean lines, one for each message", () => {
    const written: string[] = [];
    const write = vi.spyOn(process.stderr, "write").mockImplementation((line) => written.push(String(line)) > 0);
    const log = createLog("info", createSecrets(["MFyfvK41ba2giqM7"]));
    log.warn({ err: new Error("echo MFyfvK41ba2giqM7", { cause: new Error("cause TUZ5ZnZLNDFiYTJnaXFNNw==\u202e") }) }, "a\nb");
    write.mockRestore();
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^[\x20-\x7e]*\n$/);
    expect(written[0]).not.toMatch(/MFyfvK|TUZ5Zn/);
    expect(JSON.parse(written[0] ?? "")).toMatchObject({ msg: "a\nb" });
  });
});

describe("cleanLine", () => {
  it("stays JSON and shows no secret, wherever the secret is", () => {
    // Text that begins an escape may swallow the first characters of a short secret.
    const before = anyText(40).chain((text) => fc.constantFrom(" ", "=", ": ", '"', "/").map((last) => text + last));
    const encoded = fc.tuple(anySecret, fc.constantFrom(...Object.keys(forms)), before, anyText(40));
    fc.assert(
      fc.property(encoded, ([secret, form, before, after]) => {
        const written = forms[form]?.(secret) ?? "";
        const clean = cleanLine(lineOf({ [before]: `${before}${written}${after}`, list: [written] }), createSecrets([secret]).hide);
        expect(() => JSON.parse(clean)).not.toThrow();
        expect(JSON.stringify(JSON.parse(clean))).not.toContain(JSON.stringify(written).slice(1, -1));
      }),
      { numRuns: runs(200) },
    );
  });

  it("stays JSON when a secret ends in an escaped backslash", () => {
    const { hide } = createSecrets(["!!!!!!!!%5C"]);
    expect(JSON.parse(cleanLine(lineOf({ url: "a !!!!!!!!%255C" }), hide))).toMatchObject({ facts: { url: "a [redacted]" } });
  });

  it("stays JSON when a secret has the digits of a number", () => {
    const { hide } = createSecrets(["20261128", "00041abc"]);
    expect(JSON.parse(cleanLine(lineOf({ ms: 20_261_128, more: [120_261_128.5, 1] }), hide))).toMatchObject({
      facts: { ms: "[redacted]", more: ["[redacted]", 1] },
    });
    expect(JSON.parse(cleanLine('{"a":"\\u00041abc"}', hide))).toEqual({ a: "[redacted]" });
  });

  it("shows terminal sequences and bidi characters as escapes", () => {
    expect(cleanLine(lineOf("\x1b[31m\u202e\u{e0041}\u2028\x7f"), createSecrets().hide)).toBe(
      '{"level":30,"facts":"\\u001b[31m\\u202e\\udb40\\udc41\\u2028\\u007f","msg":"request"}',
    );
  });
});
