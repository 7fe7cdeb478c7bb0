import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createSecrets } from "../../src/base/secrets.ts";
import { refuseSecrets, type SecretCheck } from "../../src/mcp/secret-arguments.ts";

const secret = "MFy/vK41ba2giqM7+io6PznpdUKGpown";
const check = { holdsSecret: createSecrets([secret]).isIn, breathe: () => undefined };
const refusal = (args: unknown, more: Partial<SecretCheck> = {}): Promise<unknown> =>
  refuseSecrets(args, { ...check, ...more }).catch((error: unknown) => error);

describe("refuseSecrets", () => {
  it.each([
    ["urls[1]", { urls: ["https://media.example.com/a", `https://media.example.com/?k=${encodeURIComponent(secret)}`] }],
    ["urls", { urls: `["https://media.example.com/${Buffer.from(secret).toString("base64")}"]` }],
    ["asset_id", { force: true, asset_id: Buffer.from(secret).toString("hex") }],
    ["deep", { deep: { a: [{ b: secret }] } }],
    ["arguments", { [secret]: 1 }],
  ])("names the place and not the value: %s", async (place, args) => {
    const error = await refusal(args);
    expect(error).toMatchObject({ code: "invalid_argument", message: `${place}: holds a credential of this server or of a caller` });
    expect(JSON.stringify(error)).not.toContain(secret);
  });

  it("leaves the entries of the sifted argument to the call", async () => {
    expect(await refusal({ urls: [`https://media.example.com/?k=${secret}`] }, { sifted: "urls" })).toBeUndefined();
    expect(await refusal({ urls: [], asset_id: secret }, { sifted: "urls" })).toMatchObject({ code: "invalid_argument" });
  });

  it("accepts a signed URL with an access key id of this server", async () => {
    const keyId = "LTAI5tFakeKeyForTests001";
    const known = createSecrets([secret], [keyId]);
    const args = { urls: [`https://media.example.com/a?OSSAccessKeyId=${keyId}&Signature=abc`] };
    expect(await refusal(args, { holdsSecret: known.isIn })).toBeUndefined();
  });

  it("lets other work in between any two texts", async () => {
    let pauses = 0;
    const breathe = async (): Promise<void> => {
      pauses += 1;
      await nextTurn();
    };
    await refusal({ urls: ["a", "b", ["c"]], provider: "d" }, { breathe });
    expect(pauses).toBe(6);
  });

  it("looks into values that are nested without end", async () => {
    const nested = (inmost: unknown): unknown => {
      let value = inmost;
      for (let depth = 0; depth < 100_000; depth += 1) value = [value];
      return { urls: value };
    };
    expect(await refusal(nested("https://media.example.com/a"))).toBeUndefined();
    expect(await refusal(nested(secret))).toMatchObject({ message: "urls[0]: holds a credential of this server or of a caller" });
  });

  it.each([[undefined], [null], ["text"], [{}], [{ urls: ["https://media.example.com/a?token=mine"], force: undefined }]])(
    "accepts %j",
    async (args) => {
      expect(await refusal(args)).toBeUndefined();
    },
  );
});
