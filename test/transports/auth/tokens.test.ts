import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { findToken, readTokens } from "../../../src/transports/auth/tokens.ts";

const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");
const good = { name: "robot", sha256: hashOf("secret"), scopes: ["prefetch:read"] };

function mistakeIn(json: string): string {
  try {
    readTokens(json, "THE_LIST");
  } catch (error) {
    if (error instanceof PrefetchError) return error.message;
    throw error;
  }
  return "none";
}

describe("readTokens", () => {
  it("reads a list that begins with a byte order mark, as editors on Windows write it", () => {
    expect(readTokens(`\ufeff${JSON.stringify([good])}`, "THE_LIST").map(({ name }) => name)).toEqual(["robot"]);
  });

  it("names each mistake with its entry and key", () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [{}, /must be a JSON array/],
      [[], /names no token/],
      [["x"], /^THE_LIST: 0 /],
      [[{ ...good, name: "" }], /0\.name must be 1 to 64/],
      [[{ ...good, name: "a b" }], /0\.name must be/],
      [[{ ...good, sha256: "secret" }], /0\.sha256 must be the token's SHA-256/],
      [[{ ...good, sha256: undefined }], /0\.sha256 must be/],
      [[{ ...good, scopes: [] }], /0\.scopes must not be empty/],
      [[{ ...good, scopes: ["read"] }], /0\.scopes\.0 must be among prefetch:read/],
      [[{ ...good, scopes: "prefetch:read" }], /0\.scopes must be an array/],
      [[good, { ...good, name: "other", expires: "tomorrow" }], /1\.expires must be a time/],
      [[{ ...good, token: "secret" }], /0 has a key that is not known/],
      [[good, { ...good, name: "other" }], /names a token twice/],
      [[good, { ...good, sha256: hashOf("other") }], /names a token twice/],
      [[good, { ...good, name: "other", sha256: good.sha256.toUpperCase() }], /names a token twice/],
    ];
    for (const [list, words] of cases) expect(mistakeIn(JSON.stringify(list))).toMatch(words);
    expect(mistakeIn("[{")).toBe("THE_LIST is not JSON");
  });

  it("quotes nothing of the list in errors", () => {
    const secretive = fc.string({ minLength: 12 }).map((text) => `s3cr3t${text}`);
    fc.assert(
      fc.property(secretive, fc.constantFrom("name", "sha256", "scopes", "expires", "tenant", "more"), (text, key) => {
        expect(mistakeIn(JSON.stringify([{ ...good, [key]: text }]))).not.toContain("s3cr3t");
        expect(mistakeIn(text)).not.toContain("s3cr3t");
        expect(mistakeIn(JSON.stringify([{ ...good, [text]: 1 }]))).not.toContain("s3cr3t");
      }),
    );
  });

  it("reads every key of an entry", () => {
    const [token] = readTokens(JSON.stringify([{ ...good, tenant: "media", expires: "2027-01-31T00:00:00+02:00" }]), "THE_LIST");
    expect(token).toMatchObject({ name: "robot", tenant: "media", scopes: ["prefetch:read"], expires: Date.parse("2027-01-30T22:00:00Z") });
  });
});

describe("findToken", () => {
  it("finds a token by its secret and by no other text", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }), fc.string(), (secrets, other) => {
        const tokens = readTokens(
          JSON.stringify(secrets.map((secret, nth) => ({ ...good, name: `t${nth}`, sha256: hashOf(secret) }))),
          "x",
        );
        for (const [nth, secret] of secrets.entries()) expect(findToken(tokens, secret)?.name).toBe(`t${nth}`);
        expect(findToken(tokens, other)?.name).toBe(secrets.includes(other) ? `t${secrets.indexOf(other)}` : undefined);
      }),
    );
  });
});
