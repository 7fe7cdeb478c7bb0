/**
 * Servers are killed again and again while they send: every URL stays accounted for, and no URL is sent twice. Each run chooses new
 * moments, and `npm run soak` plays hundreds of rounds.
 */

import { describe, it, type TestContext } from "vitest";
import { taskOf } from "../harness/clients-harness.ts";
import { finish, type Hit, killAll } from "./crash-harness.ts";
import { newSeed, seeded } from "./random-harness.ts";
import { chinaAt, type SceneOptions, serverBehind, stage } from "./scene-harness.ts";
import { judge } from "./verdict-harness.ts";

const URLS = 600;
const MINUTE = 60_000;

interface Story extends Omit<SceneOptions, "random"> {
  readonly onQuotaExceeded: "partial" | "defer";
  /** Kills of each kind. */
  readonly each: number;
  /** Time that passes after half of the kills. */
  readonly breakMs?: number;
}

/** One call, many kills, and only restarts in between. */
async function play({ onTestFailed, onTestFinished }: TestContext, { onQuotaExceeded, each, breakMs = 0, ...options }: Story) {
  const random = seeded(newSeed());
  onTestFailed(() => void process.stderr.write(`RELIABILITY_SEED=${random.seed} chooses the same moments again.\n`));
  const scene = await stage({ ...options, random });
  onTestFinished(() => scene.close());
  const urls = scene.vendor.urls("killed", URLS);

  const first = await scene.session();
  const { task_id: id = "" } = taskOf(await first.call("prefetch_urls", { urls, on_quota_exceeded: onQuotaExceeded }));
  await serverBehind(first).kill("SIGKILL");
  const aims = random.shuffled((["there", "back", "moment"] as const).flatMap((aim) => Array(each).fill(aim)));
  const half = Math.ceil(aims.length / 2);
  const hits = await killAll(scene, aims.slice(0, half));
  await scene.skip(breakMs);
  hits.push(...(await killAll(scene, aims.slice(half))));
  const ending = await finish(scene, [id]);
  const count = (wanted: (hit: Hit) => boolean) => hits.filter(wanted).length;
  return {
    ...judge(scene, urls, ending),
    counts: ending.tasks[0]?.counts,
    unfinished: count((each) => each.waiting > 0),
    there: count((each) => each.there > 0),
    back: count((each) => each.back > 0),
  };
}

describe.concurrent("a task whose servers are killed one after the other", { timeout: 240_000 }, () => {
  it("sends no URL twice, calls lost requests unknown and spends exactly the day's quota when the vendor keeps no records", async (context) => {
    const result = await play(context, { vendor: "huawei-vod", limit: 400, onQuotaExceeded: "partial", speed: 15, each: 2 });
    context.expect(result.violations).toEqual([]);
    context.expect(result.unfinished).toBeGreaterThanOrEqual(5);
    context.expect(result.there).toBeGreaterThanOrEqual(1);
    context.expect(result.back).toBeGreaterThanOrEqual(1);
    const { unknown } = result.figures;
    context
      .expect(result.counts)
      .toMatchObject({ total: URLS, queued: 0, processing: 0, succeeded: 400 - unknown, unknown, rejected: 200 });
  });

  it("sends each URL once, up to the limit, when the vendor keeps records", async (context) => {
    const result = await play(context, { vendor: "alibaba-vod", limit: 500, onQuotaExceeded: "partial", speed: 15, each: 2 });
    context.expect(result.violations).toEqual([]);
    context.expect(result.unfinished).toBeGreaterThanOrEqual(5);
    context.expect(result.there).toBeGreaterThanOrEqual(1);
    context.expect(result.back).toBeGreaterThanOrEqual(1);
    context.expect(result.counts).toMatchObject({ total: URLS, queued: 0, processing: 0, succeeded: 500, rejected: 100 });
  });

  it("keeps the quota of each day when the day ends in the middle of it", async (context) => {
    const story = { vendor: "huawei-vod", limit: 300, onQuotaExceeded: "defer", speed: 15, each: 1 } as const;
    const result = await play(context, { ...story, start: chinaAt(23, 0), breakMs: 61 * MINUTE });
    context.expect(result.violations).toEqual([]);
    // The rest of the first day's URLs goes to a third day, because the second day is full.
    const { unknown, putOff } = result.figures;
    context.expect(result.counts).toMatchObject({ total: URLS, succeeded: URLS - unknown - putOff, unknown });
    const { queued = 0, deferred = 0 } = result.counts ?? {};
    context.expect(queued + deferred).toBe(putOff);
  });
});
