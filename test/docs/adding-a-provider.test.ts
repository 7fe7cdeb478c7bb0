/** Checks the example provider of docs/adding-a-provider.md: the page shows its files, and it keeps the contract. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentObserver } from "../../src/telemetry/observer.ts";
import { type ProviderHarness, providerContract } from "../contract/provider.ts";
import { handClock } from "../providers/clock-harness.ts";
import { exampleCdn } from "./example-cdn/definition.ts";
import { startExampleCdnEmulator } from "./example-cdn/emulator.ts";
import { createExampleCdn } from "./example-cdn/prefetch.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/adding-a-provider.md"), "utf8");
const shown = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);

/** A file of the example with its imports as seen from src/providers/example/. */
function exampleFile(file: string): string {
  const code = readFileSync(join(import.meta.dirname, "example-cdn", file), "utf8");
  return code.replaceAll("../../../src/providers/", "../").replaceAll("../../../src/", "../../");
}

describe("docs/adding-a-provider.md", () => {
  it.for(["prefetch.ts", "errors.ts", "definition.ts"])("shows the tested text of %s", (file) => {
    expect(shown).toContain(exampleFile(file));
  });
});

describe("the example provider's definition", () => {
  it("names the missing setting", () => {
    expect(exampleCdn.read({})).toEqual({ ok: false, problem: "example-cdn: set PREFETCH_EXAMPLE_CDN_TOKEN." });
  });

  it("creates the provider when the setting is present", async () => {
    const configuration = exampleCdn.read({ PREFETCH_EXAMPLE_CDN_TOKEN: "some-token" });
    if (!configuration.ok) throw new Error(configuration.problem);
    const provider = await configuration.create({ clock: handClock(), userAgent: "test", observer: silentObserver });
    expect(provider.id).toBe(exampleCdn.id);
    await provider.close();
  });
});

async function start(): Promise<ProviderHarness> {
  const clock = handClock();
  const vendor = await startExampleCdnEmulator(clock.now);
  const { endpoint, token } = vendor;
  const provider = createExampleCdn({ endpoint, token, account: "example-cdn:test", clock, userAgent: "test", observer: silentObserver });
  const received = (method: string) => vendor.log.filter((entry) => entry.method === method).length;
  let stopped = false;
  const stopVendor = async () => {
    if (!stopped) await vendor.close();
    stopped = true;
  };
  return {
    provider,
    sampleUrls: (count) => Array.from({ length: count }, (_, index) => `https://cdn.example.com/${index}.mp4`),
    foreignUrl: "https://foreign.example.org/a.mp4",
    requestIds: false,
    unknownState: (url) => ({ kind: "garble", body: JSON.stringify({ urls: [{ url, state: "wonderful" }] }) }),
    unknownTaskId: "t99",
    unknownTask: "not_found",
    secrets: [token],
    inject: vendor.inject,
    refusalSaying: (text) => ({ kind: "answer", status: 400, body: JSON.stringify({ code: "BadRequest", message: text }) }),
    receivedSubmits: () => received("POST"),
    receivedQueries: () => received("GET"),
    settle: () => clock.advance(60_000),
    now: clock.now,
    pass: clock.advance,
    stopVendor,
    close: async () => {
      await provider.close();
      await stopVendor();
    },
  };
}

providerContract({ name: "example-cdn", start });
