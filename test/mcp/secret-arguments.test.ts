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

  it("leaves the entries of the sifted argument to the call", () => {
    expect(() => refuseSecrets({ urls: [`https://media.example.com/?k=${secret}`] }, isIn, "urls")).not.toThrow();
    expect(() => refuseSecrets({ urls: [], asset_id: secret }, isIn, "urls")).toThrow("asset_id: holds a credential");
  });

  it("accepts a signed URL with an access key id of this server", () => {
    const keyId = "LTAI5tFakeKeyForTests001";
    const known = createSecrets([secret], [keyId]);
    const args = { urls: [`https://media.example.com/a?OSSAccessKeyId=${keyId}&Signature=abc`] };
    expect(() => refuseSecrets(args, known.isIn)).not.toThrow();
  });

  it("looks into values that are nested without end", () => {
    const nested = (inmost: unknown): unknown => {
      let value = inmost;
      for (let depth = 0; depth < 100_000; depth += 1) value = [value];
      return { urls: value };
    };
    expect(refusal(nested("https://media.example.com/a"))).toBeUndefined();
    expect(refusal(nested(secret))).toMatchObject({ message: "urls[0]: holds a credential of this server or of a caller" });
  });

  it.each([[undefined], [null], ["text"], [{}], [{ urls: ["https://media.example.com/a?token=mine"], force: undefined }]])(
    "accepts %j",
    (args) => {
      expect(refusal(args)).toBeUndefined();
    },
  );
});
