import { describe, expect, it } from "vitest";
import { keyIdValues, readSettingValues, secretValues, settingSources } from "../../src/cli/setting-values.ts";

const env = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: "the-id",
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: " the-secret\n",
  ALIBABA_CLOUD_SECURITY_TOKEN: "the-token",
  ALIBABA_CLOUD_PROFILE: "the-profile",
  HUAWEICLOUD_SDK_SK: "the-key",
  PREFETCH_ALIBABA_VOD_REGION: "",
  UNRELATED_SECRET: "unrelated",
};

describe("readSettingValues", () => {
  it("trims values, drops empty ones and ignores unrelated variables", () => {
    const values = readSettingValues({}, env);
    expect(values).toMatchObject({ ALIBABA_CLOUD_ACCESS_KEY_SECRET: "the-secret", ALIBABA_CLOUD_PROFILE: "the-profile" });
    expect(values.PREFETCH_ALIBABA_VOD_REGION).toBeUndefined();
    expect(Object.keys(values)).not.toContain("UNRELATED_SECRET");
  });
});

describe("secretValues", () => {
  it("finds the values of secret settings only", () => {
    expect(secretValues(readSettingValues({}, env)).sort()).toEqual(["the-key", "the-secret", "the-token"]);
  });

  it("leaves access key ids to keyIdValues", () => {
    expect(keyIdValues(readSettingValues({}, env))).toEqual(["the-id"]);
  });

  it("finds the values of configured headers, except those that browsers send", () => {
    const variants = [{ "x-my-pass": "hunter2hunter2" }, { "accept-encoding": "br", referer: "https://player.example.com/" }];
    const values = {
      PREFETCH_HTTP_VARIANTS: JSON.stringify(variants),
      PREFETCH_ALIBABA_VOD_WITH_HEADER: '{"Authorization":["Bearer abc-token-1"],"Accept-Encoding":["gzip"]}',
    };
    expect(secretValues(values).sort()).toEqual(["Bearer abc-token-1", "abc-token-1", "hunter2hunter2"]);
    expect(secretValues({ PREFETCH_HTTP_VARIANTS: "not JSON" })).toEqual([]);
  });
});

describe("settingSources", () => {
  it("names each setting by the place that its value comes from, a flag before its variable, and shows no value", () => {
    const set = { PREFETCH_STORE: "sqlite:/a", PREFETCH_DAILY_BUDGET: " ", HUAWEICLOUD_SDK_SK: "sesame", OTHER: "x" };
    expect(settingSources({ store: "memory:", json: true }, set)).toEqual({ flags: ["--store"], variables: ["HUAWEICLOUD_SDK_SK"] });
  });
});
