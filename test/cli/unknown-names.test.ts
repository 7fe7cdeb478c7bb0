import { describe, expect, it } from "vitest";
import { allSettings } from "../../src/cli/settings.ts";
import { unknownNameWarnings } from "../../src/cli/unknown-names.ts";

describe("unknownNameWarnings", () => {
  it("knows the variables of every provider", () => {
    expect(unknownNameWarnings(Object.fromEntries(allSettings.map(({ name }) => [name, "x"])))).toEqual([]);
  });

  it.each([
    ["PREFETCH_STOER", "Did you mean PREFETCH_STORE? --help lists all settings."],
    ["PREFETCH_ALIBABA_VOD_REGOIN", "Did you mean PREFETCH_ALIBABA_VOD_REGION? --help lists all settings."],
    ["PREFETCH_TELEMETRY_ENDPOINT", "Check its spelling; --help lists all settings."],
  ])("names the nearest setting, if one is near, when %s is set", (name, advice) => {
    expect(unknownNameWarnings({ [name]: "x", OTHER: "y" })).toEqual([`${name} is set, but there is no such setting. ${advice}`]);
  });

  it.each([
    ["HUAWEICLOUD_ACCESS_KEY", "HUAWEICLOUD_SDK_AK"],
    ["HW_SECRET_KEY", "HUAWEICLOUD_SDK_SK"],
    ["ALIYUN_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_ID"],
    ["ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
  ])("names the right variable when %s is set, and is silent when the right one is set too", (foreign, own) => {
    expect(unknownNameWarnings({ [foreign]: "x" })).toEqual([`${foreign} is set, but this server reads ${own}, which is not set.`]);
    expect(unknownNameWarnings({ [foreign]: "x", [own]: "y" })).toEqual([]);
  });

  it.each([
    ["HUAWEICLOUD_SDK_AKK", "HUAWEICLOUD_SDK_AK"],
    ["HUAWEICLOUD_ACCES_KEY", "HUAWEICLOUD_SDK_AK"],
    ["HUAWEICLOUD_SDK_PROJEKT_ID", "HUAWEICLOUD_SDK_PROJECT_ID"],
    ["HUAWEI_CLOUD_ACCESS_KEY", "HUAWEICLOUD_SDK_AK"],
    ["HUAWEICLOUD_SDK_SECRET_KEY", "HUAWEICLOUD_SDK_SK"],
    ["HuaweiCloud_SDK_ProjectId", "HUAWEICLOUD_SDK_PROJECT_ID"],
    ["HUAWEICLOUD_SDK_REGION_ID", "PREFETCH_HUAWEI_VOD_REGION"],
    ["ALIBABA_CLOUD_ACESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_ID"],
    ["ALIYUN_ACCESSKEY_SECRET", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
    ["alibaba_cloud_access_key_id", "ALIBABA_CLOUD_ACCESS_KEY_ID"],
    ["PREFECTH_STORE", "PREFETCH_STORE"],
  ])("names the right variable when the misspelt %s is set", (misspelt, own) => {
    expect(unknownNameWarnings({ [misspelt]: "x" })).toEqual([`${misspelt} is set, but this server reads ${own}, which is not set.`]);
    expect(unknownNameWarnings({ [misspelt]: "x", [own]: "y" })).toEqual([]);
    expect(unknownNameWarnings({ [misspelt]: "" })).toEqual([]);
  });

  it("counts a variable that a host left unfilled as not set", () => {
    const unfilled = ["$", "{user_config.ak}"].join("");
    expect(unknownNameWarnings({ HUAWEICLOUD_SDK_AK: unfilled, HW_ACCESS_KEY: "x" })).toHaveLength(1);
  });

  it("is silent about variables of other programs", () => {
    const names = [
      "AWS_ACCESS_KEY",
      "AWS_REGION_NAME",
      "HF_ACCESS_KEY",
      "GH_TOKEN",
      "HTTPS_PROXY",
      "PATH",
      "ALIBABA_CLOUD_ROLE_ARN",
      "ALIBABA_CLOUD_ECS_METADATA",
      "HUAWEICLOUD_OBS_BUCKET",
      "HW_MODEL",
      "PORT",
    ];
    expect(unknownNameWarnings(Object.fromEntries(names.map((name) => [name, "x"])))).toEqual([]);
  });

  it("takes no foreign name that is a setting", () => {
    const names = new Set(allSettings.map(({ name }) => name));
    for (const { foreignNames = [] } of allSettings) for (const each of foreignNames) expect(names).not.toContain(each);
  });
});
