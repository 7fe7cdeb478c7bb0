import { describe, expect, it } from "vitest";
import { createSecrets } from "../../src/base/secrets.ts";
import { refuseSecrets } from "../../src/mcp/secret-arguments.ts";

const secret = "MFy/vK41ba2giqM7+io6PznpdUKGpown";
const { isIn } = createSecrets([secret]);
const refusal = (args: unknown): unknown => {
  try {
    refuseSecrets(args, isIn);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe("refuseSecrets", () => {
  it.each([
    ["urls[1]", { urls: ["https://media.example.com/a", `https://media.example.com/?k=${encodeURIComponent(secret)}`] }],
    ["urls", { urls: `["https://media.example.com/${Buffer.from(secret).toString("base64")}"]` }],
    ["asset_id", { force: true, asset_id: Buffer.from(secret).toString("hex") }],
    ["deep", { deep: { a: [{ b: secret }] } }],
    ["arguments", { [secret]: 1 }],
  ])("names the place and not the value: %s", (place, args) => {
    const error = refusal(args);
    expect(error).toMatchObject({ code: "invalid_argument", message: `${place}: holds a credential of this server or of a caller` });
    expect(JSON.stringify(error)).not.toContain(secret);
  });

  it.each([[undefined], [null], ["text"], [{}], [{ urls: ["https://media.example.com/a?token=mine"], force: undefined }]])(
    "accepts %j",
    (args) => {
      expect(refusal(args)).toBeUndefined();
    },
  );
});
