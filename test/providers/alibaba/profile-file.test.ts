/** Profiles of the command line's file: the choice of a profile, and no content of the file in problems. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readProfile } from "../../../src/providers/alibaba/profile-file.ts";
import type { AccessKeys } from "../../../src/providers/kit/access-keys.ts";
import { isHeaderSafe } from "../../../src/providers/kit/settings.ts";
import { runs } from "../../fakes/runs.ts";
import { anyText } from "../text-harness.ts";

const id = "LTAI5tZQZQZQZQZQZQZQ0001";
const secret = "ZQZQZQZQZQZQZQZQZQZQZQZQZQ0002";
const token = "CAISZQZQZQZQZQZQZQZQ+/0003==";
/** Matches any two adjacent characters of the secrets above. No message of ours matches. */
const trace = /ZQ|QZ|LTAI|CAIS|\d/;

const ak = { name: "default", mode: "AK", access_key_id: id, access_key_secret: secret };
const sts = { ...ak, name: "temporary", mode: "StsToken", sts_token: token };

const fileOf = (profiles: readonly unknown[], current: unknown = "default") => JSON.stringify({ current, profiles });

const keysOfProfile = (text: string, wanted: string | undefined): AccessKeys | string => {
  const profile = readProfile(text, wanted);
  return typeof profile === "string" ? profile : profile.keys;
};

/** The problem with the file. Throws when it has none. */
function problemOf(text: string, wanted?: string): string {
  const found = keysOfProfile(text, wanted);
  if (typeof found !== "string") throw new Error("The profile has no problem");
  expect(found).not.toMatch(trace);
  return found;
}

describe("a profile of the command line", () => {
  it("gives id and secret in the mode AK", () => {
    expect(keysOfProfile(fileOf([ak]), undefined)).toEqual({ id, secret });
  });

  it("gives id, secret and token in the mode StsToken", () => {
    expect(keysOfProfile(fileOf([sts], "temporary"), undefined)).toEqual({ id, secret, securityToken: token });
  });

  it.each(["ak", "Ak", "aK", "AK"])("accepts the mode in any case: %s", (mode) => {
    expect(keysOfProfile(fileOf([{ ...ak, mode }]), undefined)).toEqual({ id, secret });
  });

  it.each(["ststoken", "STSTOKEN", "stsToken"])("accepts the mode in any case: %s", (mode) => {
    expect(keysOfProfile(fileOf([{ ...sts, mode }], "temporary"), undefined)).toEqual({ id, secret, securityToken: token });
  });

  it.each([token, "", null, "two words"])("ignores the token in the mode AK: %j", (left) => {
    expect(keysOfProfile(fileOf([{ ...ak, sts_token: left }]), undefined)).toEqual({ id, secret });
  });

  it("may start with a byte order mark", () => {
    expect(keysOfProfile(`\ufeff${fileOf([ak])}`, undefined)).toEqual({ id, secret });
  });

  it("has its name, named or current", () => {
    expect(readProfile(fileOf([ak, sts], "temporary"), undefined)).toMatchObject({ name: "temporary" });
    expect(readProfile(fileOf([ak, sts], "temporary"), "default")).toMatchObject({ name: "default" });
  });

  it("may have all other fields of the command line", () => {
    const full = {
      ...ak,
      ram_role_name: "",
      expired_seconds: 0,
      region_id: "cn-hangzhou",
      output_format: "json",
      retry_timeout: 0,
      site: "",
    };
    expect(keysOfProfile(fileOf([full, { name: "other", mode: "" }]), undefined)).toEqual({ id, secret });
  });

  it("is found among profiles of other modes", () => {
    const others = [
      { name: "cloud", mode: "CloudSSO", cloud_sso_sign_in_url: "x" },
      { name: "none", mode: "AK" },
    ];
    expect(keysOfProfile(fileOf([...others, ak]), undefined)).toEqual({ id, secret });
  });
});

describe("the choice of a profile", () => {
  const second = { ...ak, name: "second", access_key_id: "LTAIsecond" };
  const both = [ak, second];
  const idOf = (found: AccessKeys | string) => (typeof found === "string" ? found : found.id);

  it("takes the named profile, else the current one, else default", () => {
    expect(idOf(keysOfProfile(fileOf(both, "second"), undefined))).toBe("LTAIsecond");
    expect(idOf(keysOfProfile(fileOf(both, "second"), "default"))).toBe(id);
    expect(idOf(keysOfProfile(fileOf(both, "default"), "second"))).toBe("LTAIsecond");
    expect(idOf(keysOfProfile(JSON.stringify({ profiles: [second, ak] }), undefined))).toBe(id);
  });

  it("takes the first of two profiles with one name", () => {
    expect(idOf(keysOfProfile(fileOf([ak, { ...second, name: "default" }]), undefined))).toBe(id);
  });

  it("needs the exact name", () => {
    expect(problemOf(fileOf(both), "Second")).toMatch(/no profile of the name in ALIBABA_CLOUD_PROFILE/);
    expect(problemOf(fileOf(both), "constructor")).toMatch(/no profile of the name/);
  });

  it("is a problem when the profile does not exist", () => {
    expect(problemOf(fileOf([second], "default"))).toMatch(/no current profile/);
    expect(problemOf(fileOf([]))).toMatch(/no current profile/);
    // The message does not repeat the name, because users paste keys into the wrong variable.
    expect(problemOf(fileOf([ak]), secret)).toMatch(/ALIBABA_CLOUD_PROFILE/);
  });
});

describe("an unusable profile", () => {
  const modes = [
    "RamRoleArn",
    "EcsRamRole",
    "OIDC",
    "ChainableRamRoleArn",
    "CloudSSO",
    "OAuth",
    "External",
    "CredentialsURI",
    "BearerToken",
    "Anonymous",
    "RsaKeyPair",
    "RamRoleArnWithEcs",
    "",
    "AK ",
    secret,
  ];

  it.each(modes)("has an unsupported mode: %j", (mode) => {
    expect(problemOf(fileOf([{ ...ak, mode }]))).toMatch(/mode is neither AK nor StsToken/);
  });

  it.each([
    ["no id", { ...ak, access_key_id: undefined }],
    ["an empty id", { ...ak, access_key_id: "" }],
    ["no secret", { ...ak, access_key_secret: undefined }],
    ["an empty secret", { ...ak, access_key_secret: "" }],
    ["a secret that is no text", { ...ak, access_key_secret: 7 }],
    ["a secret in a list", { ...ak, access_key_secret: [secret] }],
    ["no token", { ...sts, name: "default", sts_token: undefined }],
    ["an empty token", { ...sts, name: "default", sts_token: "" }],
    ["a token that is no text", { ...sts, name: "default", sts_token: { token } }],
  ])("lacks its keys or token: %s", (_, profile) => {
    expect(problemOf(fileOf([profile]))).toMatch(/without its keys/);
  });

  const marks = [" ", "\n", "\r\n", "\t", "\u0000", "é", "\u00a0", "\ud800"];
  const damaged = marks.flatMap((mark) =>
    (["access_key_id", "access_key_secret", "sts_token"] as const).flatMap((name) =>
      [`${mark}${sts[name]}`, `${sts[name]}${mark}`, `ZQ${mark}ZQ`].map((value) => [name, value] as const),
    ),
  );

  it.each(damaged)("has a key that no header can carry: %s = %j", (name, value) => {
    expect(problemOf(fileOf([{ ...sts, [name]: value }], "temporary"))).toMatch(/blanks, line breaks or non-ASCII characters/);
    expect(isHeaderSafe(value)).toBe(false);
  });
});

describe("an unusable profile file", () => {
  it.each([
    "",
    " ",
    "{",
    "null",
    "[]",
    "7",
    '"text"',
    "{}",
    '{"profiles":null}',
    '{"profiles":{}}',
    '{"profiles":[null]}',
    '{"profiles":[{"name":"default"}]}',
    '{"profiles":[{"mode":"AK"}]}',
    '{"current":7,"profiles":[]}',
    "[default]\naccess_key_id = x",
    `access_key_secret=${secret}`,
    secret,
    JSON.stringify(secret),
  ])("is described without its content: %j", (text) => {
    expect(problemOf(text)).toMatch(/^(is not valid JSON|does not have the form that aliyun configure writes)$/);
  });

  const whole = fileOf([ak, sts]);
  /** Damaged JSON, which JSON parsers quote in their messages. */
  const broken = fc.oneof(
    fc.nat(whole.length - 1).map((end) => whole.slice(0, end)),
    fc.nat(whole.length - 1).map((start) => whole.slice(start + 1)),
    fc.tuple(fc.nat(whole.length), anyText(5)).map(([at, junk]) => whole.slice(0, at) + junk + whole.slice(at)),
    fc.tuple(fc.nat(whole.length), fc.nat(40)).map(([at, length]) => whole.slice(0, at) + whole.slice(at + length)),
  );
  const hidden = fc.constantFrom(id, secret, token);
  const value = fc.oneof(
    hidden,
    fc.array(hidden, { maxLength: 2 }),
    fc.dictionary(hidden, hidden, { maxKeys: 2 }),
    fc.constantFrom(null, 7, true, "", "AK", "StsToken", "default"),
  );
  const profile = fc.oneof(
    value,
    fc.record({ name: value, mode: value, access_key_id: value, access_key_secret: value, sts_token: value }, { requiredKeys: [] }),
  );
  const misshapen = fc
    .oneof(value, fc.record({ current: value, profiles: fc.oneof(value, fc.array(profile, { maxLength: 3 })) }, { requiredKeys: [] }))
    .map((content) => JSON.stringify(content));
  const wanted = fc.constantFrom(undefined, "default", "temporary", id, secret);

  it("shows none of its content when it is damaged in any way", () => {
    fc.assert(
      fc.property(fc.oneof(broken, misshapen), wanted, (text, name) => {
        const found = keysOfProfile(text, name);
        if (typeof found === "string") expect(found).not.toMatch(trace);
        else for (const part of Object.values(found)) expect(isHeaderSafe(String(part))).toBe(true);
      }),
      { numRuns: runs(300) },
    );
  });
});
