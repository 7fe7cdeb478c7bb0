import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor, tidyMessage } from "../../src/base/redact.ts";
import { anyText } from "../providers/text-harness.ts";

const secret = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
const mark = "[redacted]";

describe("createRedactor with known secrets", () => {
  it("redacts every occurrence", () => {
    const redact = createRedactor([secret]);
    expect(redact(`a${secret}b ${secret}${secret}`)).toBe(`a${mark}b ${mark}${mark}`);
    expect(redact(secret)).toBe(mark);
    expect(redact("nothing to hide")).toBe("nothing to hide");
  });

  it("takes a secret as text, not as a pattern", () => {
    const redact = createRedactor(["a.c+$&(x", "$1$&$$secret"]);
    expect(redact("a.c+$&(x abc+$&(x $1$&$$secret")).toBe(`${mark} abc+$&(x ${mark}`);
  });

  it("redacts the longer secret whole when another one is its beginning", () => {
    const redact = createRedactor(["abcdefgh", "abcdefghijklmnop"]);
    expect(redact("key abcdefghijklmnop.")).toBe(`key ${mark}.`);
  });

  it("ignores secrets short enough to be ordinary words", () => {
    expect(createRedactor(["the", ""])("the answer")).toBe("the answer");
  });

  it("leaves no secret in any surrounding text", () => {
    const surroundings = anyText(200);
    // Redacting a part of the mark itself would leave the mark, which contains it.
    const secrets = fc.string({ unit: "binary-ascii", minLength: 8, maxLength: 60 }).filter((one) => !mark.includes(one));
    fc.assert(
      fc.property(secrets, fc.array(surroundings, { minLength: 2, maxLength: 4 }), (hidden, parts) => {
        const redact = createRedactor([hidden]);
        expect(redact(parts.join(hidden))).not.toContain(hidden);
        expect(tidyMessage(parts.join(hidden), redact)).not.toContain(hidden);
      }),
      { numRuns: 200 },
    );
  });
});

describe("createRedactor without known secrets", () => {
  const redact = createRedactor([]);

  it.each([
    ["x-security-token:SECRETVALUE|next", "|next"],
    ["X-Auth-Token: SECRETVALUE", ""],
    ["x-subject-token = SECRETVALUE;", ";"],
    ["x-acs-security-token:SECRETVALUE", ""],
    ["Access=SECRETVALUE, SignedHeaders=host", ", SignedHeaders=host"],
    ["Signature=SECRETVALUE", ""],
    ["Credential=SECRETVALUE/20191115/region", ""],
    ["https://api.example.com/?AccessKeyId=SECRETVALUE&Action=X", "&Action=X"],
    ["SecurityToken=SECRETVALUE&x", "&x"],
    ["Authorization: SDK-HMAC-SHA256 Access=SECRETVALUE, Signature=SECRETVALUE", ""],
    ["ak:SECRETVALUE,err:ak not exist", ",err:ak not exist"],
    ["sk=SECRETVALUE", ""],
    ["access key: SECRETVALUE", ""],
    ["secret_key: SECRETVALUE", ""],
    ["password = SECRETVALUE", ""],
    ["token: SECRETVALUE", ""],
  ])("redacts a credential by its place: %s", (text, rest) => {
    const clean = redact(text);
    expect(clean).not.toContain("SECRETVALUE");
    expect(clean).toContain(mark);
    expect(clean.endsWith(rest)).toBe(true);
  });

  it.each(["The token must be updated.", "ak not exist", "Incorrect IAM authentication information: verify aksk signature fail"])(
    "leaves a sentence readable: %s",
    (sentence) => {
      expect(redact(sentence)).toBe(sentence);
    },
  );
});

describe("tidyMessage", () => {
  it("returns one line", () => {
    expect(tidyMessage("  first\r\n\tsecond\u2028third\v \n ", (text) => text)).toBe("first second third");
    expect(tidyMessage(" \n ", (text) => text)).toBe("");
  });

  it("cuts a long text and marks the cut", () => {
    const short = "x".repeat(300);
    expect(tidyMessage(short, (text) => text)).toBe(short);
    const long = tidyMessage("x".repeat(1_000_000), (text) => text);
    expect(long.length).toBeLessThan(400);
    expect(long).toMatch(/^x+…$/);
  });

  it("redacts before it cuts, so that no cut leaves half a secret", () => {
    const redact = createRedactor([secret]);
    for (let before = 270; before <= 300; before += 1) {
      const message = tidyMessage(`${"x".repeat(before)}${secret}`, redact);
      expect(message).not.toContain(secret.slice(0, 6));
    }
  });

  it("leaves no half of a secret behind long whitespace", () => {
    const redact = createRedactor([secret]);
    // At steps of 20, one of these secrets reaches more than six characters across any possible cut.
    for (let before = 0; before < 20_000; before += 20) {
      expect(tidyMessage(`${" ".repeat(before)}${secret}`, redact)).not.toContain(secret.slice(0, 6));
    }
  });

  it("returns one short line for any text", () => {
    fc.assert(
      fc.property(anyText(2_000), (text) => {
        const message = tidyMessage(text, createRedactor([secret]));
        expect(message.length).toBeLessThan(400);
        expect(message).not.toMatch(/[\r\n\v\f\u2028\u2029]|^\s|\s$/);
      }),
    );
  });
});
