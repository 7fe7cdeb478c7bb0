/** Keys from the file that the vendor's command line keeps: which ones are meant, and that nothing of the file is ever shown. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { currentKeys } from "../../../src/providers/alibaba/credentials.ts";
import { type AlibabaKeys, readProfile } from "../../../src/providers/alibaba/profile-file.ts";
import { isHeaderSafe } from "../../../src/providers/kit/settings.ts";
import { countingCall, failureOf, shownOf } from "../../contract/provider.ts";
import { anyText } from "../text-harness.ts";
import { type AlibabaHarness, securityToken, startAlibaba } from "./harness.ts";

const id = "LTAI5tZQZQZQZQZQZQZQ0001";
const secret = "ZQZQZQZQZQZQZQZQZQZQZQZQZQ0002";
const token = "CAISZQZQZQZQZQZQZQZQ+/0003==";
/** Any two characters in a row of a secret; no sentence of ours has one of these. */
const trace = /ZQ|QZ|LTAI|CAIS|\d/;

const ak = { name: "default", mode: "AK", access_key_id: id, access_key_secret: secret };
const sts = { ...ak, name: "temporary", mode: "StsToken", sts_token: token };

const fileOf = (profiles: readonly unknown[], current: unknown = "default") => JSON.stringify({ current, profiles });

const keysOfProfile = (text: string, wanted: string | undefined): AlibabaKeys | string => {
  const profile = readProfile(text, wanted);
  return typeof profile === "string" ? profile : profile.keys;
};

/** What is wrong with it; fails when nothing is. */
function problemOf(text: string, wanted?: string): string {
  const found = keysOfProfile(text, wanted);
  if (typeof found !== "string") throw new Error("The profile was taken for good");
  expect(found).not.toMatch(trace);
  return found;
}

describe("a profile", () => {
  it("of the mode AK holds a pair of keys", () => {
    expect(keysOfProfile(fileOf([ak]), undefined)).toEqual({ id, secret });
  });

  it("of the mode StsToken holds a token, too", () => {
    expect(keysOfProfile(fileOf([sts], "temporary"), undefined)).toEqual({ id, secret, securityToken: token });
  });

  it.each(["ak", "Ak", "aK", "AK"])("has a mode in any case: %s", (mode) => {
    expect(keysOfProfile(fileOf([{ ...ak, mode }]), undefined)).toEqual({ id, secret });
  });

  it.each(["ststoken", "STSTOKEN", "stsToken"])("has a mode in any case: %s", (mode) => {
    expect(keysOfProfile(fileOf([{ ...sts, mode }], "temporary"), undefined)).toEqual({ id, secret, securityToken: token });
  });

  it.each([token, "", null, "two words"])("of the mode AK is not made temporary by what stands for a token there: %j", (left) => {
    expect(keysOfProfile(fileOf([{ ...ak, sts_token: left }]), undefined)).toEqual({ id, secret });
  });

  it("may begin with the mark that editors on Windows write", () => {
    expect(keysOfProfile(`\ufeff${fileOf([ak])}`, undefined)).toEqual({ id, secret });
  });

  it("tells its name, also where that is the file's choice", () => {
    expect(readProfile(fileOf([ak, sts], "temporary"), undefined)).toMatchObject({ name: "temporary" });
    expect(readProfile(fileOf([ak, sts], "temporary"), "default")).toMatchObject({ name: "default" });
  });

  it("may hold all else that the command line writes", () => {
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

  it("is read past others that are not understood", () => {
    const others = [
      { name: "cloud", mode: "CloudSSO", cloud_sso_sign_in_url: "x" },
      { name: "none", mode: "AK" },
    ];
    expect(keysOfProfile(fileOf([...others, ak]), undefined)).toEqual({ id, secret });
  });
});

describe("which profile is meant", () => {
  const second = { ...ak, name: "second", access_key_id: "LTAIsecond" };
  const both = [ak, second];
  const idOf = (found: AlibabaKeys | string) => (typeof found === "string" ? found : found.id);

  it("is the one that was asked for, else the current one, else the one called default", () => {
    expect(idOf(keysOfProfile(fileOf(both, "second"), undefined))).toBe("LTAIsecond");
    expect(idOf(keysOfProfile(fileOf(both, "second"), "default"))).toBe(id);
    expect(idOf(keysOfProfile(fileOf(both, "default"), "second"))).toBe("LTAIsecond");
    expect(idOf(keysOfProfile(JSON.stringify({ profiles: [second, ak] }), undefined))).toBe(id);
  });

  it("is the first of two of one name", () => {
    expect(idOf(keysOfProfile(fileOf([ak, { ...second, name: "default" }]), undefined))).toBe(id);
  });

  it("goes by the exact name", () => {
    expect(problemOf(fileOf(both), "Second")).toMatch(/no profile of the name in ALIBABA_CLOUD_PROFILE/);
    expect(problemOf(fileOf(both), "constructor")).toMatch(/no profile of the name/);
  });

  it("must be there", () => {
    expect(problemOf(fileOf([second], "default"))).toMatch(/no current profile/);
    expect(problemOf(fileOf([]))).toMatch(/no current profile/);
    // The name is the user's, and still not ours to repeat: keys get pasted into the wrong variable.
    expect(problemOf(fileOf([ak]), secret)).toMatch(/ALIBABA_CLOUD_PROFILE/);
  });
});

describe("a profile that cannot be used", () => {
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

  it.each(modes)("has another mode: %j", (mode) => {
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
  ])("lacks its keys: %s", (_, profile) => {
    expect(problemOf(fileOf([profile]))).toMatch(/without its keys/);
  });

  const marks = [" ", "\n", "\r\n", "\t", "\u0000", "é", "\u00a0", "\ud800"];
  const damaged = marks.flatMap((mark) =>
    (["access_key_id", "access_key_secret", "sts_token"] as const).flatMap((name) =>
      [`${mark}${sts[name]}`, `${sts[name]}${mark}`, `ZQ${mark}ZQ`].map((value) => [name, value] as const),
    ),
  );

  it.each(damaged)("has keys that no header can carry: %s = %j", (name, value) => {
    expect(problemOf(fileOf([{ ...sts, [name]: value }], "temporary"))).toMatch(/blanks, line breaks or non-ASCII characters/);
    expect(isHeaderSafe(value)).toBe(false);
  });
});

describe("a file that cannot be used", () => {
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
  ])("is described: %j", (text) => {
    expect(problemOf(text)).toMatch(/^(is not valid JSON|does not have the form that aliyun configure writes)$/);
  });

  const whole = fileOf([ak, sts]);
  /** Text that JSON readers like to quote when they fail on it. */
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

  it("shows none of its content, however it is broken", () => {
    fc.assert(
      fc.property(fc.oneof(broken, misshapen), wanted, (text, name) => {
        const found = keysOfProfile(text, name);
        if (typeof found === "string") expect(found).not.toMatch(trace);
        else for (const part of Object.values(found)) expect(isHeaderSafe(String(part))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("what a header can carry", () => {
  it("is ASCII that can be seen", () => {
    expect(isHeaderSafe("!azAZ09+/=~")).toBe(true);
    for (const bad of ["", " ", "a b", "a\n", "\na", "a\u007f", "\u001b", "é"]) expect([bad, isHeaderSafe(bad)]).toEqual([bad, false]);
  });
});

describe("the keys of the moment", () => {
  let folder: string;
  let path: string;
  let alibaba: AlibabaHarness | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "credentials-"));
    path = join(folder, "config.json");
  });

  afterEach(async () => {
    await alibaba?.close();
    alibaba = undefined;
    await rm(folder, { recursive: true });
  });

  const source = (profile = "default") => ({ kind: "file", path, profile }) as const;

  it("are the ones that were set, where some were set", async () => {
    expect(await currentKeys({ kind: "keys", id, secret })).toMatchObject({ id, secret });
    expect(await currentKeys({ kind: "keys", id, secret, securityToken: token })).toMatchObject({ id, secret, securityToken: token });
  });

  it("follow the file", async () => {
    await writeFile(path, fileOf([ak, sts]));
    expect(await currentKeys(source())).toEqual({ id, secret });
    expect(await currentKeys(source("temporary"))).toEqual({ id, secret, securityToken: token });
    await writeFile(path, fileOf([{ ...ak, access_key_id: "LTAIreplaced" }, sts]));
    expect(await currentKeys(source())).toEqual({ id: "LTAIreplaced", secret });
  });

  it("stay those of one profile, whichever becomes the current one: another may be another account's", async () => {
    await writeFile(path, fileOf([ak, sts], "temporary"));
    expect(await currentKeys(source())).toEqual({ id, secret });
  });

  it("are missing when the file is gone, broken or a folder, and none of its content shows", async () => {
    const gone = await failureOf(currentKeys(source()));
    expect(gone).toMatchObject({ code: "not_configured", delivery: "not_sent", retryable: false, provider: "alibaba-vod" });
    expect(gone.message).toMatch(/can no longer be read/);
    expect(gone.hint).toMatch(/aliyun configure.*ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET/);
    expect(await failureOf(currentKeys({ ...source(), path: folder }))).toMatchObject({ code: "not_configured" });
    for (const text of [fileOf([sts]).slice(0, -20), fileOf([{ ...ak, mode: "External" }]), secret]) {
      await writeFile(path, text);
      const error = await failureOf(currentKeys(source()));
      expect(error).toMatchObject({ code: "not_configured", delivery: "not_sent", retryable: false, provider: "alibaba-vod" });
      expect(error.hint).toMatch(/ALIBABA_CLOUD_ACCESS_KEY_ID/);
      for (const part of [id, secret, token]) expect(shownOf(error)).not.toContain(part.slice(0, 8));
    }
  });

  it("are read anew for every request of a provider", async () => {
    alibaba = await startAlibaba({ emulator: { user: { securityToken } } });
    const { vod, another } = alibaba;
    const { accessKeyId, accessKeySecret } = vod.user;
    const right = {
      name: "default",
      mode: "StsToken",
      access_key_id: accessKeyId,
      access_key_secret: accessKeySecret,
      sts_token: securityToken,
    };
    const provider = another({ credentials: source() });
    const submit = () => provider.submit({ kind: "urls", urls: ["https://vod.example.net/a.mp4"] }, countingCall());

    await writeFile(path, fileOf([{ ...right, sts_token: token }]));
    const expired = await failureOf(submit());
    expect(expired).toMatchObject({ code: "auth_failed", delivery: "refused" });
    await writeFile(path, fileOf([right]));
    expect((await submit()).vendorTaskIds).toHaveLength(1);
    expect(await provider.quota?.(countingCall())).toMatchObject({ remaining: expect.any(Number) });

    await writeFile(path, fileOf([{ ...right, access_key_id: id }]));
    expect(await failureOf(submit())).toMatchObject({ code: "auth_failed", vendorCode: "InvalidAccessKeyId.NotFound" });
    await rm(path);
    const seen = vod.log.length;
    expect(await failureOf(submit())).toMatchObject({ code: "not_configured", delivery: "not_sent" });
    expect(vod.log).toHaveLength(seen);

    await writeFile(path, fileOf([right]));
    expect((await submit()).vendorTaskIds).toHaveLength(1);
  });

  it("stay out of messages, the replaced ones as well as the new ones", async () => {
    alibaba = await startAlibaba();
    const { vod, another } = alibaba;
    const provider = another({ credentials: source() });
    const keys = [ak, { ...ak, access_key_id: "LTAIanother0000000000000", access_key_secret: "anotherAccessKeySecret00000000" }];
    for (const profile of keys) {
      await writeFile(path, fileOf([profile]));
      const parts = keys.flatMap((known) => [known.access_key_id, known.access_key_secret]);
      const Message = `an echo of ${parts.slice(0, profile === ak ? 2 : 4).join(" and of ")}`;
      const body = JSON.stringify({ Code: "InvalidParameter", Message, RequestId: "0A1B" });
      vod.inject({ fault: { kind: "answer", status: 400, body } });
      const error = await failureOf(provider.submit({ kind: "urls", urls: ["https://vod.example.net/a.mp4"] }, countingCall()));
      for (const part of parts) expect(shownOf(error)).not.toContain(part);
      expect(error.message).toContain("an echo of [redacted]");
    }
  });
});
