/** An asset that is published while the call waits, with each generation of the client. */

import { describe, it } from "vitest";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, huaweiEnv, sessions, taskOf } from "../harness/clients-harness.ts";

const assetId = "0000000000000000000000000000c0de";
const url = "https://example.com/new/play.mp4";

describe.concurrent.each(sessions)("prefetch_asset of an asset that was published a moment ago, with the %s", (_, start) => {
  it("says how to wait, and with wait_seconds waits and warms it, on Huawei Cloud VOD", { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const assets = { [assetId]: { status: "CREATED", urls: [] as string[] } };
    const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0, assets });
    onTestFinished(() => emulator.close());
    const session = await start({ env: huaweiEnv(emulator, "memory:") });
    onTestFinished(() => session.close());

    const early = await session.call("prefetch_asset", { asset_id: assetId });
    expect(early.text).toMatch(/^not_published: .*does not show the asset .* as published yet \(CREATED\).*wait_seconds 50/s);
    expect(early.text).not.toContain("will not help");
    const vain = await session.call("prefetch_asset", { asset_id: assetId, wait_seconds: 1 });
    expect(vain.text).toMatch(/^not_published: .*This call waited 1 s for it: see at the vendor/s);
    expect(vain.text).not.toContain("wait_seconds");

    const waiting = session.call("prefetch_asset", { asset_id: assetId, wait_seconds: 40 });
    const looks = () => emulator.log.filter(({ path }) => path.endsWith("/asset/info")).length;
    await expect.poll(looks, { timeout: 20_000 }).toBeGreaterThan(1);
    assets[assetId] = { status: "PUBLISHED", urls: [url] };
    expect(taskOf(await waiting)).toMatchObject({ state: "succeeded", counts: { succeeded: 1 } });
    expect(emulator.spentToday).toBe(1);

    const unknown = await session.call("get_prefetch_status", { task_id: "pf_01a1fe90-4313-7652-95e0-000000000000" });
    expect(unknown.text).toMatch(/^not_found: .*Call list_prefetch_tasks.*verify_prefetch first and send only what is cold/s);
  });

  it("says how to wait for an asset that is being transcoded, on Alibaba Cloud VOD", { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const emulator = await startAlibabaVod();
    onTestFinished(() => emulator.close());
    const session = await start({ env: alibabaEnv(emulator, "memory:") });
    onTestFinished(() => session.close());
    const early = await session.call("prefetch_asset", { asset_id: "0000000000000000000000000000feed" });
    expect(early.text).toMatch(
      /^not_published: .*as playable yet \(Forbidden.IllegalStatus, .*wait_seconds 50.*Calling again may help\.$/s,
    );
    expect(emulator.spentToday).toBe(0);
  });
});
