/** `refresh_first` with each generation of the client, against the emulator that the vendor's own client proves. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "vitest";
import { z } from "zod";
import { type AlibabaVodEmulatorOptions, startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, endOf, huaweiEnv, modernSession, sessions, taskOf, usedOf } from "../harness/clients-harness.ts";

const urls = Array.from({ length: 3 }, (_, index) => `https://vod.example.net/${index}.mp4`);
const listed = z.array(
  z.object({
    name: z.string(),
    annotations: z.object({ destructiveHint: z.boolean() }),
    inputSchema: z.object({ properties: z.record(z.string(), z.unknown()) }),
  }),
);

async function startVendor({ onTestFinished }: TestContext, options: AlibabaVodEmulatorOptions = {}) {
  const vendor = await startAlibabaVod({ firstMs: 300, eachMs: 0, ...options });
  onTestFinished(() => vendor.close());
  /** URLs that the vendor took, by the call that brought them, in order. */
  const taken = () =>
    vendor.log.filter(({ accepted }) => accepted.length > 0).map(({ action, accepted }) => `${action} ${accepted.length}`);
  return { vendor, taken };
}

describe.concurrent.each(sessions)("refresh_first, with the %s", (_, start) => {
  it("drops the copies, waits, and prefetches when the vendor has such a call", { timeout: 60_000 }, async (context) => {
    const { expect, onTestFinished } = context;
    const { vendor, taken } = await startVendor(context);
    const session = await start({ env: alibabaEnv(vendor) });
    onTestFinished(() => session.close());

    const plan = taskOf(await session.call("prefetch_urls", { urls, refresh_first: true, dry_run: true }));
    expect(plan.next_step).toContain("alibaba-vod-refresh: 3 units today, and then 1,997 left.");
    expect(taken()).toEqual([]);

    const sent = taskOf(await session.call("prefetch_urls", { urls, refresh_first: true }));
    expect(sent).toMatchObject({ cost: 3, refresh_cost: 3 });
    expect(await endOf(session, sent)).toMatchObject({ state: "succeeded", counts: { succeeded: 3 } });
    expect(taken()).toEqual(["RefreshVodObjectCaches 3", "PreloadVodObjectCaches 3"]);
    expect(vendor.rows.filter(({ type }) => type === "file").every(({ doneAt }) => doneAt <= (vendor.rows.at(-1)?.at ?? 0))).toBe(true);
    expect(usedOf(await session.call("get_prefetch_quota"))).toEqual(expect.arrayContaining([3, 3]));

    // A repeat of a call whose answer was lost spends nothing.
    expect(taskOf(await session.call("prefetch_urls", { urls, refresh_first: true })).cost).toBe(0);
    expect(taken()).toHaveLength(2);
  });

  it("does the same for an asset", { timeout: 60_000 }, async (context) => {
    const { vendor, taken } = await startVendor(context);
    const session = await start({ env: alibabaEnv(vendor) });
    context.onTestFinished(() => session.close());
    const sent = taskOf(await session.call("prefetch_asset", { asset_id: "93ab850b4f6f44eab54b6e91d24d81d4", refresh_first: true }));
    context.expect(await endOf(session, sent)).toMatchObject({ state: "succeeded" });
    context.expect(taken()).toEqual(["RefreshMediaPlayUrls 1", "RefreshMediaPlayUrls 1"]);
    context.expect(new Set(vendor.rows.map(({ type }) => type))).toEqual(new Set(["file", "preload"]));
  });
});

it.concurrent("the spending tools say that they may drop copies only when a configured vendor can", {
  timeout: 60_000,
}, async (context) => {
  const { expect, onTestFinished } = context;
  const { vendor } = await startVendor(context);
  const huawei = await startHuaweiVod();
  onTestFinished(() => huawei.close());
  for (const [env, can] of [
    [alibabaEnv(vendor), true],
    [huaweiEnv(huawei), false],
  ] as const) {
    const session = await modernSession({ env });
    onTestFinished(() => session.close());
    const tools = listed.parse(await session.tools());
    for (const { name, annotations, inputSchema } of tools) {
      const spends = name === "prefetch_urls" || name === "prefetch_asset";
      expect([name, annotations.destructiveHint]).toEqual([name, can && spends]);
      expect("refresh_first" in inputSchema.properties).toBe(can && spends);
    }
    if (can) continue;
    const refusal = await session.call("prefetch_urls", { urls: ["https://example.com/a.mp4"], refresh_first: true });
    expect(refusal.text).toMatch(/^unsupported: refresh_first: huawei-vod offers no call.*Nothing was sent/s);
    expect(huawei.log.filter(({ method }) => method === "POST")).toEqual([]);
  }
});

it.concurrent("a successor prefetches when the server was killed while the vendor dropped the copies", {
  timeout: 60_000,
}, async (context) => {
  const { expect, onTestFinished } = context;
  const { vendor, taken } = await startVendor(context, { firstMs: 4_000 });
  const env = alibabaEnv(vendor, `sqlite:${join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite")}`);
  const first = await modernSession({ env });
  const sent = taskOf(await first.call("prefetch_urls", { urls, refresh_first: true }));
  await expect.poll(taken, { timeout: 20_000 }).toEqual(["RefreshVodObjectCaches 3"]);
  process.kill(first.pid ?? 0, "SIGKILL");
  const second = await modernSession({ env });
  onTestFinished(() => second.close());
  expect(await endOf(second, sent)).toMatchObject({ state: "succeeded", counts: { succeeded: 3 } });
  expect(taken()).toEqual(["RefreshVodObjectCaches 3", "PreloadVodObjectCaches 3"]);
});

it.concurrent("the vendor's list proves a refresh whose answer was lost", { timeout: 60_000 }, async (context) => {
  const { expect, onTestFinished } = context;
  const { vendor, taken } = await startVendor(context);
  vendor.inject({ action: "RefreshVodObjectCaches", fault: { kind: "reset", when: "after" } });
  const session = await modernSession({ env: alibabaEnv(vendor) });
  onTestFinished(() => session.close());
  const sent = taskOf(await session.call("prefetch_urls", { urls, refresh_first: true }));
  expect(await endOf(session, sent)).toMatchObject({ state: "succeeded", counts: { succeeded: 3 } });
  expect(taken()).toEqual(["RefreshVodObjectCaches 3", "PreloadVodObjectCaches 3"]);
});
