/** Names and values that a user got wrong, as the log and each generation of the client see them. */

import { describe, it } from "vitest";
import { sessions } from "../harness/clients-harness.ts";

const secret = "hunter2-hunter2-hunter2";

describe.concurrent.each(sessions)("a server with misspelt settings, with the %s", (_, start) => {
  it("names the right variables in its log, and in the answer the value that is none", { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    let log = "";
    const env = {
      HUAWEICLOUD_SDK_AK: "AKEXAMPLE",
      HUAWEICLOUD_SDK_SECRET_KEY: secret,
      HUAWEICLOUD_SDK_PROJECT_ID: "my-project",
      PREFETCH_HUAWEI_VOD_REGION: "cn-north-4",
      ALIBABA_CLOUD_ACESS_KEY_ID: "x",
      PREFECTH_STORE: "memory:",
      PREFETCH_STORE: "memory:",
    };
    const session = await start({ env, onStderr: (text) => (log += text) });
    onTestFinished(() => session.close());

    const answer = await session.call("prefetch_urls", { urls: ["https://vod.example.com/a.mp4"], provider: "huawei-vod" });
    expect(answer.text).toMatch(/^not_configured: .*HUAWEICLOUD_SDK_PROJECT_ID must be a project id \(32 hexadecimal digits\)/s);
    await expect
      .poll(() => log)
      .toContain("HUAWEICLOUD_SDK_SECRET_KEY is set, but this server reads HUAWEICLOUD_SDK_SK, which is not set.");
    expect(log).toContain("ALIBABA_CLOUD_ACESS_KEY_ID is set, but this server reads ALIBABA_CLOUD_ACCESS_KEY_ID, which is not set.");
    // The right name is set, too.
    expect(log).not.toContain("PREFECTH_STORE");
    expect(log + answer.text).not.toContain(secret);
  });
});
