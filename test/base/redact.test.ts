import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor, tidyMessage } from "../../src/base/redact.ts";
import { anyText } from "../providers/text-harness.ts";

const secret = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
const mark = "[redacted]";

describe("known secrets", () => {
  it("disappear wherever they stand, as often as they stand there", () => {
    const redact = createRedactor([secret]);
    expect(redact(`a${secret}b ${secret}${secret}`)).toBe(`a${mark}b ${mark}${mark}`);
    expect(redact(secret)).toBe(mark);
    expect(redact("nothing to hide")).toBe("nothing to hide");
  });

  it("are texts, not patterns", () => {
    const redact = createRedactor(["a.c+$&(x", "$1$&$$secret"]);
    expect(redact("a.c+$&(x abc+$&(x $1$&$$secret")).toBe(`${mark} abc+$&(x ${mark}`);
  });

  it("leave no rest when one begins another", () => {
    const redact = createRedactor(["abcdefgh", "abcdefghijklmnop", undefined]);
    expect(redact("key abcdefghijklmnop.")).toBe(`key ${mark}.`);
  });

  it("that are too short to be told from words do not blank out words", () => {
    expect(createRedactor(["the", ""])("the answer")).toBe("the answer");
  });

  it("never survive, whatever surrounds them", () => {
    const surroundings = anyText(200);
    // A piece of the mark itself can't be hidden by it.
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

describe("secrets that nobody told of", () => {
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
  ])("are known by their places: %s", (text, rest) => {
    const clean = redact(text);
    expect(clean).not.toContain("SECRETVALUE");
    expect(clean).toContain(mark);
    expect(clean.endsWith(rest)).toBe(true);
  });

  it.each(["The token must be updated.", "ak not exist", "Incorrect IAM authentication information: verify aksk signature fail"])(
    "do not make sentences unreadable: %s",
    (sentence) => {
      expect(redact(sentence)).toBe(sentence);
    },
  );
});

describe("a tidy message", () => {
  it("is one line", () => {
    expect(tidyMessage("  first\r\n\tsecond\u2028third\v \n ", (text) => text)).toBe("first second third");
    expect(tidyMessage(" \n ", (text) => text)).toBe("");
  });

  it("is bounded, and says that it was longer", () => {
    const short = "x".repeat(300);
    expect(tidyMessage(short, (text) => text)).toBe(short);
    const long = tidyMessage("x".repeat(1_000_000), (text) => text);
    expect(long.length).toBeLessThan(400);
    expect(long).toMatch(/^x+…$/);
  });

  it("is cut after the secrets are gone, so that no cut can leave half of one", () => {
    const redact = createRedactor([secret]);
    for (let before = 270; before <= 300; before += 1) {
      const message = tidyMessage(`${"x".repeat(before)}${secret}`, redact);
      expect(message).not.toContain(secret.slice(0, 6));
    }
  });

  it("shows no half of a secret either that lies across some inner limit, behind text that is tidied away", () => {
    const redact = createRedactor([secret]);
    // Steps so small that, wherever a cut is made, one of these secrets lies across it by more than six characters.
    for (let before = 0; before < 20_000; before += 20) {
      expect(tidyMessage(`${" ".repeat(before)}${secret}`, redact)).not.toContain(secret.slice(0, 6));
    }
  });

  it("is one bounded line, whatever it is made from", () => {
    fc.assert(
      fc.property(anyText(2_000), (text) => {
        const message = tidyMessage(text, createRedactor([secret]));
        expect(message.length).toBeLessThan(400);
        expect(message).not.toMatch(/[\r\n\v\f\u2028\u2029]|^\s|\s$/);
      }),
    );
  });
});
