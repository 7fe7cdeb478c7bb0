/** Servers are killed again and again while they send: each URL stays accounted for, and none is sent twice. */

import { describe, it, type TestContext } from "vitest";
import { taskOf } from "../harness/clients-harness.ts";
import { finish, type Hit, killAll } from "./crash-harness.ts";
import { newSeed, seeded } from "./random-harness.ts";
import { chinaAt, type SceneOptions, serverBehind, stage } from "./scene-harness.ts";
import { judge } from "./verdict-harness.ts";

const URLS = 600;

interface Story extends Omit<SceneOptions, "random"> {
  readonly onQuotaExceeded: "partial" | "defer";
  /** Kills of each kind. */
  readonly each: number;
}

/** One call, many kills, and nothing but restarts in between. */
async function tell({ onTestFailed, onTestFinished }: TestContext, { onQuotaExceeded, each, ...options }: Story) {
  const random = seeded(newSeed());
  onTestFailed(() => void process.stderr.write(`RELIABILITY_SEED=${random.seed} chooses the same moments again.\n`));
  const scene = await stage({ ...options, random });
  onTestFinished(() => scene.close());
  const urls = scene.vendor.urls("killed", URLS);

  const first = await scene.session();
  const { task_id: id = "" } = taskOf(await first.call("prefetch_urls", { urls, on_quota_exceeded: onQuotaExceeded }));
  await serverBehind(first).kill("SIGKILL");
  const aims = (["there", "back", "moment"] as const).flatMap((aim) => Array(each).fill(aim));
  const hits = await killAll(scene, random.shuffled(aims));
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
  it("sends nothing twice to a vendor that cannot be asked, and calls unknown what it may have got", async (context) => {
    const told = await tell(context, { vendor: "huawei-vod", limit: 1_000, onQuotaExceeded: "partial", speed: 40, each: 4 });
    context.expect(told.violations).toEqual([]);
    context.expect(told.unfinished).toBeGreaterThanOrEqual(11);
    context.expect(told.there).toBeGreaterThanOrEqual(2);
    context.expect(told.back).toBeGreaterThanOrEqual(2);
    const { unknown } = told.figures;
    context.expect(told.counts).toMatchObject({ total: URLS, queued: 0, processing: 0, succeeded: URLS - unknown, unknown });
  });

  it("has each received once by a vendor that keeps records, and as many as that one allows", async (context) => {
    const told = await tell(context, { vendor: "alibaba-vod", limit: 500, onQuotaExceeded: "partial", speed: 20, each: 3 });
    context.expect(told.violations).toEqual([]);
    context.expect(told.unfinished).toBeGreaterThanOrEqual(7);
    context.expect(told.there).toBeGreaterThanOrEqual(2);
    context.expect(told.back).toBeGreaterThanOrEqual(2);
    context.expect(told.counts).toMatchObject({ total: URLS, queued: 0, processing: 0, succeeded: 500, rejected: 100 });
  });

  it("spends its part of the day's quota, no more and no less", async (context) => {
    const told = await tell(context, { vendor: "huawei-vod", limit: 400, onQuotaExceeded: "partial", speed: 40, each: 2 });
    context.expect(told.violations).toEqual([]);
    const { unknown } = told.figures;
    context.expect(told.counts).toMatchObject({ total: URLS, queued: 0, succeeded: 400 - unknown, unknown, rejected: 200 });
  });

  it("keeps to the quota of each day when the day ends in the middle of it", async (context) => {
    const start = chinaAt(23, 54);
    const told = await tell(context, { vendor: "huawei-vod", limit: 300, onQuotaExceeded: "defer", speed: 40, each: 2, start });
    context.expect(told.violations).toEqual([]);
    // What the first day did not get to goes to a third, because the second is full.
    const { unknown, putOff } = told.figures;
    context.expect(told.counts).toMatchObject({ total: URLS, succeeded: URLS - unknown - putOff, unknown, queued: putOff });
  });
});
