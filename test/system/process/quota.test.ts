/** The quota's fields through the built server, with each generation of the client. */

import { describe, it } from "vitest";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, huaweiEnv, sessions } from "../harness/clients-harness.ts";

describe.concurrent.each(sessions)("quota with the %s", (_, start) => {
  it("says whether there is a limit and how far the reset is", { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
    const [huawei, alibaba] = [await startHuaweiVod(), await startAlibabaVod({ firstMs: 0, eachMs: 0 })];
    onTestFinished(async () => void (await Promise.all([huawei.close(), alibaba.close()])));
    const session = await start({ env: { ...huaweiEnv(huawei, "memory:"), ...alibabaEnv(alibaba, "memory:") } });
    onTestFinished(() => session.close());

    const of = async (provider: string) => (await session.call("get_prefetch_quota", { provider })).structured;
    const distance = expect.stringMatching(/^(\d+ h( \d+ min)?|\d+ min|1 d)$/);
    expect(await of("alibaba-vod")).toMatchObject({
      quotas: [
        { provider: "alibaba-vod", has_limit: true, limit: 500, resets_in: distance },
        { provider: "alibaba-vod-refresh", has_limit: true, limit: 2_000, resets_in: distance },
      ],
    });
    expect(await of("http")).toMatchObject({ quotas: [{ has_limit: false, resets_in: distance }] });
    expect(JSON.stringify(await of("http"))).not.toContain('"limit"');
  });
});
