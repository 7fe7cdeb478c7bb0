/** The keys of a request: from the settings, or from the command line's file as it is now. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { profileKeys } from "../../../src/providers/alibaba/credentials.ts";
import { currentKeys } from "../../../src/providers/kit/access-keys.ts";
import { countingCall, failureOf, shownOf } from "../../contract/provider.ts";
import { type AlibabaHarness, securityToken, startAlibaba } from "./harness.ts";

const id = "LTAI5tZQZQZQZQZQZQZQ0001";
const secret = "ZQZQZQZQZQZQZQZQZQZQZQZQZQ0002";
const token = "CAISZQZQZQZQZQZQZQZQ+/0003==";
const ak = { name: "default", mode: "AK", access_key_id: id, access_key_secret: secret };
const sts = { ...ak, name: "temporary", mode: "StsToken", sts_token: token };

const fileOf = (profiles: readonly unknown[], current: unknown = "default") => JSON.stringify({ current, profiles });

describe("currentKeys", () => {
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

  const source = (profile = "default") => profileKeys(path, profile);

  it("returns the keys of the settings", async () => {
    expect(await currentKeys({ kind: "keys", id, secret }, "alibaba-vod")).toMatchObject({ id, secret });
    expect(await currentKeys({ kind: "keys", id, secret, securityToken: token }, "alibaba-vod")).toMatchObject({
      id,
      secret,
      securityToken: token,
    });
  });

  it("reads the file each time", async () => {
    await writeFile(path, fileOf([ak, sts]));
    expect(await currentKeys(source(), "alibaba-vod")).toEqual({ id, secret });
    expect(await currentKeys(source("temporary"), "alibaba-vod")).toEqual({ id, secret, securityToken: token });
    await writeFile(path, fileOf([{ ...ak, access_key_id: "LTAIreplaced" }, sts]));
    expect(await currentKeys(source(), "alibaba-vod")).toEqual({ id: "LTAIreplaced", secret });
  });

  it("keeps to one profile when another becomes the current one", async () => {
    await writeFile(path, fileOf([ak, sts], "temporary"));
    expect(await currentKeys(source(), "alibaba-vod")).toEqual({ id, secret });
  });

  it("throws not_configured, without content, when the file is absent, damaged or a folder", async () => {
    const gone = await failureOf(currentKeys(source(), "alibaba-vod"));
    expect(gone).toMatchObject({ code: "not_configured", delivery: "not_sent", retryable: false, provider: "alibaba-vod" });
    expect(gone.message).toMatch(/can no longer be read/);
    expect(gone.hint).toMatch(/aliyun configure.*ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET/);
    expect(await failureOf(currentKeys(profileKeys(folder, "default"), "alibaba-vod"))).toMatchObject({ code: "not_configured" });
    for (const text of [fileOf([sts]).slice(0, -20), fileOf([{ ...ak, mode: "External" }]), secret]) {
      await writeFile(path, text);
      const error = await failureOf(currentKeys(source(), "alibaba-vod"));
      expect(error).toMatchObject({ code: "not_configured", delivery: "not_sent", retryable: false, provider: "alibaba-vod" });
      expect(error.hint).toMatch(/ALIBABA_CLOUD_ACCESS_KEY_ID/);
      for (const part of [id, secret, token]) expect(shownOf(error)).not.toContain(part.slice(0, 8));
    }
  });

  it("runs for every request of a provider", async () => {
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

  it("keeps old and new keys out of messages", async () => {
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
