import { describe, expect, it } from "vitest";
import { settingValue } from "../../src/base/setting.ts";

describe("settingValue", () => {
  it("trims a value", () => {
    expect(settingValue(" eu-west-1\n")).toBe("eu-west-1");
  });

  it.each([undefined, "", "  ", `\${user_config.region}`, ` \${REGION} `])("treats %j as not set", (value) => {
    expect(settingValue(value)).toBeUndefined();
  });
});
