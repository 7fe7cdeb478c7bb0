import { describe, expect, it, onTestFinished } from "vitest";
import { createProviderRegistry } from "../../src/app/provider-registry.ts";
import { createForeignText } from "../../src/base/foreign-text.ts";
import { createSecrets } from "../../src/base/secrets.ts";
import { readCommand } from "../../src/cli/config.ts";
import { providerDefinitions } from "../../src/providers/index.ts";
import { silentObserver } from "../../src/telemetry/observer.ts";
import { fakeClock } from "../fakes/clock.ts";

const ids = providerDefinitions.map(({ id }) => id);

function registryFor(env: Readonly<Record<string, string>>, ...args: string[]) {
  const command = readCommand(args, env);
  if (command.kind !== "serve") throw new Error(`expected to serve, got ${command.kind}`);
  const secrets = createSecrets();
  const context = { clock: fakeClock(), observer: silentObserver, secrets, foreign: createForeignText(secrets) };
  const registry = createProviderRegistry(command.config, context);
  onTestFinished(() => registry.close());
  return registry;
}

describe("createProviderRegistry", () => {
  it("configures only the provider without credentials when nothing is set", () => {
    const { known, configured, fallbacks, problems, unfinished } = registryFor({});
    expect([known, configured, fallbacks, unfinished]).toEqual([ids, ["http"], ["http"], []]);
    expect(problems).toEqual([
      expect.stringContaining("HUAWEICLOUD_SDK_AK"),
      expect.stringContaining("ALIBABA_CLOUD_ACCESS_KEY_ID"),
      expect.stringContaining("TENCENTCLOUD_SECRET_ID"),
      expect.stringContaining("VOLCENGINE_ACCESS_KEY"),
    ]);
  });

  it("configures the products of a vendor that are asked for, by the same keys", () => {
    const keys = { ALIBABA_CLOUD_ACCESS_KEY_ID: "the-key-id", ALIBABA_CLOUD_ACCESS_KEY_SECRET: "the-secret" };
    const one = registryFor(keys);
    expect([one.configured, one.assetTakers, one.unfinished]).toEqual([["alibaba-vod", "http"], ["alibaba-vod"], []]);
    const two = registryFor({ ...keys, PREFETCH_ALIBABA_PRODUCTS: "cdn,dcdn" });
    expect([two.configured, two.assetTakers, two.unfinished]).toEqual([["alibaba-cdn", "alibaba-dcdn", "http"], [], []]);
    expect(two.refreshing).toEqual(["alibaba-cdn", "alibaba-dcdn"]);
  });

  it("warns about the settings of a product that is not asked for", () => {
    const { unfinished } = registryFor({ PREFETCH_ALIBABA_CDN_AREA: "overseas" });
    expect(unfinished).toEqual(["alibaba-cdn: add cdn to PREFETCH_ALIBABA_PRODUCTS."]);
  });

  it("reports a provider with some of its settings as unfinished", () => {
    const { configured, unfinished } = registryFor({ HUAWEICLOUD_SDK_AK: "the-key-id" });
    expect(configured).toEqual(["http"]);
    expect(unfinished).toEqual([expect.stringContaining("HUAWEICLOUD_SDK_SK")]);
  });

  it("configures every provider in the sandbox", () => {
    const { known, configured, problems, unfinished } = registryFor({ HUAWEICLOUD_SDK_AK: "the-key-id" }, "--sandbox");
    expect([configured, problems, unfinished]).toEqual([known, [], []]);
  });

  it("creates a provider once", async () => {
    const { get } = registryFor({});
    expect(await get("http")).toBe(await get("http"));
  });

  it("names the missing settings of a provider that is not configured", async () => {
    await expect(registryFor({}).get("huawei-vod")).rejects.toMatchObject({
      code: "not_configured",
      provider: "huawei-vod",
      hint: expect.stringMatching(/HUAWEICLOUD_SDK_AK.*Then restart the server\..*--sandbox/),
    });
  });

  it("names the known providers when an id is unknown", async () => {
    await expect(registryFor({}).get("constructor")).rejects.toMatchObject({
      code: "invalid_argument",
      hint: `Choose one of: ${ids.join(", ")}.`,
    });
  });

  it("describes limits of configured providers and problems of the rest", async () => {
    const described = await registryFor({ PREFETCH_POLL_SECONDS: "7" }).describe();
    const [huawei, http] = ["huawei-vod", "http"].map((wanted) => described.find(({ id }) => id === wanted));
    expect(huawei).toMatchObject({ id: "huawei-vod", configured: false, problem: expect.stringContaining("HUAWEICLOUD_SDK_AK") });
    expect(huawei).not.toHaveProperty("limits");
    expect(http).toMatchObject({ id: "http", configured: true, limits: { poll_seconds: 7 } });
  });
});
