/** New content under a URL that is warm already, with each generation of the client. `http-provider.test.ts` has the same for http. */

import { describe, it } from "vitest";
import { z } from "zod";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, huaweiEnv, sessions, taskOf } from "../harness/clients-harness.ts";

const vendors = [
  {
    id: "alibaba-vod",
    url: "https://vod.example.net/a.mp4",
    way: /refresh_first true does both in one call/,
    startVendor: async () => {
      const emulator = await startAlibabaVod();
      return { emulator, env: alibabaEnv(emulator) };
    },
  },
  {
    id: "huawei-vod",
    url: "https://example.com/a.mp4",
    way: /POST \/v1\/\{project_id\}\/asset\/refresh .*says SUCCEED/,
    startVendor: async () => {
      const emulator = await startHuaweiVod();
      return { emulator, env: huaweiEnv(emulator) };
    },
  },
] as const;

const providerList = z.object({ providers: z.array(z.object({ id: z.string(), purging: z.string().optional() })) });

describe.concurrent.each(sessions)("prefetch_urls with force, with the %s", (_, start) => {
  it.for(vendors)(
    "names the call that purges at $id, before and after it spends",
    { timeout: 60_000 },
    async (vendor, { expect, onTestFinished }) => {
      const { emulator, env } = await vendor.startVendor();
      onTestFinished(() => emulator.close());
      const session = await start({ env });
      onTestFinished(() => session.close());
      const send = async (args: Record<string, unknown>) => taskOf(await session.call("prefetch_urls", { urls: [vendor.url], ...args }));

      expect((await send({})).next_step).not.toContain("purge");
      for (const dryRun of [true, false]) {
        const { next_step: step } = await send({ force: true, dry_run: dryRun });
        expect(step).toMatch(/^A prefetch does not replace a copy that is still valid/);
        expect(step).toMatch(vendor.way);
      }
      expect(emulator.spentToday).toBe(2);
      const { providers } = providerList.parse(JSON.parse(await session.read("prefetch://providers")));
      expect(providers.find(({ id }) => id === vendor.id)?.purging).toMatch(vendor.way);
    },
  );
});
