/**
 * Prints how long the server's event loop stands still: in one call of 10,000 URLs, with a sitemap of 50 MB, and for
 * /healthz beside bodies of 15.9 MB.
 *
 * Usage: `npm run build && node bench/loop/index.ts [--bin dist/main.js] [--only calls|sitemap|bodies] [--profile folder]`. The vendor's
 * emulator runs in this process. `--profile` writes a CPU profile of each server into the folder.
 */

import { parseArgs } from "node:util";
import { startHuaweiVod } from "../../src/sandbox/huawei/vod.ts";
import { measureBodies } from "./bodies.ts";
import { bodyOf, callOverHttp, callOverStdio } from "./calls.ts";
import { startServer } from "./server.ts";
import { measureSitemap } from "./sitemap.ts";

const { values } = parseArgs({
  options: { bin: { type: "string", default: "dist/main.js" }, only: { type: "string" }, profile: { type: "string" } },
});
const { bin, only, profile } = values;
const URLS = 10_000;
/** The worker goes on sending after the answer. */
const AFTERWARDS_MS = 1_000;
const ROUNDS = 3;

const vod = await startHuaweiVod({});
const env = {
  HUAWEICLOUD_SDK_AK: vod.user.ak,
  HUAWEICLOUD_SDK_SK: vod.user.sk,
  HUAWEICLOUD_SDK_PROJECT_ID: "0123456789abcdef0123456789abcdef",
  PREFETCH_HUAWEI_VOD_ENDPOINT: vod.endpoint,
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function measureCalls(transport: "http" | "stdio", length: number, dryRun: boolean): Promise<void> {
  const server = await startServer({ bin, transport, env, profile });
  const ask = transport === "http" ? callOverHttp : callOverStdio;
  const longest: string[] = [];
  const took: string[] = [];
  try {
    // The first call loads and compiles.
    await ask(server, bodyOf({ urls: ["https://warm-up.example.com/"], provider: "huawei-vod", dry_run: true }));
    for (let round = 0; round < ROUNDS; round += 1) {
      const urls = Array.from({ length: URLS }, (_, nth) => `https://media.example.com/${round}/${nth}/`.padEnd(length, "abcdefg/"));
      const body = bodyOf({ urls, provider: "huawei-vod", dry_run: dryRun, on_quota_exceeded: "partial" });
      await pause(200);
      await server.longestDelay();
      const begun = performance.now();
      const answer = await ask(server, body);
      took.push((performance.now() - begun).toFixed(0));
      if (!answer.includes('"counts"')) throw new Error(answer.slice(0, 300));
      await pause(AFTERWARDS_MS);
      longest.push(await server.longestDelay());
    }
  } finally {
    await server.stop();
  }
  const what = `${transport}, ${URLS} URLs of ${length} bytes, ${dryRun ? "dry run" : "real"}`;
  process.stdout.write(`${what}: loop stands still for ${longest.join(", ")} ms; answer after ${took.join(", ")} ms\n`);
}

if (only === undefined || only === "calls") {
  for (const dryRun of [true, false]) {
    for (const length of [100, 1_600]) await measureCalls("http", length, dryRun);
    for (const length of [100, 2_000]) await measureCalls("stdio", length, dryRun);
  }
}
if (only === undefined || only === "sitemap") await measureSitemap(bin, profile);
if (only === undefined || only === "bodies") await measureBodies(bin, env, profile);
await vod.close();
