import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import { createSecrets } from "../../src/base/secrets.ts";
import { anyText } from "../providers/text-harness.ts";
import { anySecret, base64Form, escapes, forms, inBase64 } from "./encodings-harness.ts";

const secret = 'MFy/vK41ba"2giqM7+io6P%znpdUKG<pown&RZlmVmHc';
const mark = "[redacted]";

describe("a known secret in any encoding", () => {
  const redact = createRedactor([secret]);

  it.each(Object.keys(forms))("is hidden %s", (name) => {
    const written = forms[name]?.(secret) ?? "";
    expect(redact(`before ${written} after`)).toBe(`before ${mark} after`);
  });

  it.each([0, 1, 2, 3, 4, 5])("is hidden in a longer base64 text, %s bytes after its beginning", (offset) => {
    for (const urlSafe of [false, true]) {
      const text = inBase64(secret, { before: "u".repeat(offset), after: ":rest", urlSafe, lines: false });
      const clean = redact(`before ${text} after`);
      expect(clean).toMatch(/^before \w*\[redacted\][\w=+/-]* after$/);
      const left = clean.replace("before ", "").replace(" after", "").split(mark);
      for (const part of left) expect(Buffer.from(part, "base64").toString("latin1")).not.toMatch(/MFy|mHc/);
    }
  });

  it("is hidden inside several escapes", () => {
    const names = Object.keys(escapes);
    // A backslash at an end of the secret may stay: backslashes do not count, because escapes put them anywhere.
    // A percent sign near the end forms an escape with the text that follows: "%0 e" is read as "%0e", because blanks may divide escapes.
    const secrets = anySecret.filter((hidden) => !/^\\|\\$|%.?$/.test(hidden));
    fc.assert(
      fc.property(secrets, fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }), (hidden, layers) => {
        const written = layers.reduce((text, name) => escapes[name]?.(text) ?? text, hidden);
        const clean = createRedactor([hidden])(`key=${written} end`);
        expect(clean).toContain(mark);
        // So may the backslash of an escape at its beginning, such as the %5C of %5C%22.
        const left = clean.replace(/(?:\\|%(?:25)*5C)+(?=\[redacted\])/gi, "").replaceAll(mark, "");
        expect(left.length).toBeLessThanOrEqual("key= end".length);
      }),
      { numRuns: 300 },
    );
  });

  it("is hidden as a part of any base64 text", () => {
    fc.assert(
      fc.property(anySecret, base64Form, (hidden, form) => {
        const clean = createRedactor([hidden])(`a ${inBase64(hidden, form)} b`);
        const left = clean.replace(/^a | b$/g, "").split(mark);
        expect(left.length).toBeGreaterThan(1);
        for (const part of left) expect(Buffer.from(part, "base64").toString("latin1")).not.toContain(hidden.slice(0, 3));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["%4", "1bcdefgh%2Fijklmnop"],
    ["\\u00", "41bcdefg%2Fhijklmnop"],
  ])("is hidden behind the beginning of an escape: %s", (before, written) => {
    const clean = createRedactor([decodeURIComponent(written)])(`a ${before}${written} b`);
    expect(clean).toBe("a [redacted] b");
  });

  it("is hidden when only its first ten characters or more are left", () => {
    const key = "MFyfvK41ba2giqM7Uio6PznpdUKGpown";
    const { hide } = createSecrets([key]);
    for (let length = 10; length <= key.length; length += 1) {
      expect(hide(`cut: ${key.slice(0, length)}… next`)).toBe(`cut: ${mark}… next`);
      expect(
        hide(
          `cut: ${Buffer.from(key)
            .toString("base64")
            .slice(0, length + 4)}`,
        ),
      ).toBe(`cut: ${mark}`);
    }
  });

  it("is hidden when it stands next to quotation marks of JSON, whole or in part", () => {
    const { hide } = createSecrets([secret]);
    for (const part of [secret, secret.slice(2), secret.slice(0, -3)]) expect(JSON.parse(hide(JSON.stringify([part])))).toEqual([mark]);
  });
});

describe("createSecrets", () => {
  it("keeps the newest secrets of callers, and those of the server beside them", () => {
    const secrets = createSecrets(["server-secret-1"]);
    const token = (number: number) => `caller-token-${number}-${number * 7919}`;
    for (let number = 0; number < 1_500; number += 1) {
      secrets.addCallers(token(number));
      secrets.addCallers(token(1_499));
    }
    expect(secrets.isIn("server-secret-1")).toBe(true);
    for (const number of [501, 1_000, 1_499]) expect(secrets.hide(`t ${token(number)}`)).toBe(`t ${mark}`);
    for (const number of [0, 499]) expect(secrets.isIn(token(number))).toBe(false);
  });

  it("hides the new secret and the old one after a change of keys", () => {
    const secrets = createSecrets();
    for (const secret of ["first-key-0001", "second-key-0002", "first-key-0001"]) secrets.add(secret);
    expect(secrets.hide("first-key-0001 second-key-0002 third-key-0003")).toBe(`${mark} ${mark} third-key-0003`);
  });

  it("hides an access key id in messages, and leaves it in URLs and arguments", () => {
    const keyId = "LTAI5tFakeKeyForTests001";
    const secrets = createSecrets(["server-secret-1"], [keyId]);
    const url = `https://media.example.com/a?OSSAccessKeyId=${keyId}&Signature=abc`;
    expect([secrets.hide(url), secrets.isIn(url)]).toEqual([url, false]);
    for (const written of [keyId, Buffer.from(keyId).toString("hex"), keyId.slice(0, 12)])
      expect(secrets.hideInMessage(`no such key: ${written} of server-secret-1`)).toBe(`no such key: ${mark} of ${mark}`);
    secrets.addKeyId("LTAI5tSecondKeyForTests2");
    expect(secrets.hideInMessage("key LTAI5tSecondKeyForTests2")).toBe(`key ${mark}`);
    secrets.add(keyId);
    expect(secrets.isIn(url)).toBe(true);
  });

  it("leaves every text alone that holds no secret", () => {
    fc.assert(
      fc.property(anyText(300), fc.array(anySecret, { maxLength: 5 }), (text, hidden) => {
        fc.pre(!hidden.some((each) => /^(.)\1*$/.test(each)));
        expect(createSecrets(hidden).hide(text)).toBe(text);
      }),
    );
  });
});
