/** Several servers, each with its own client, share one store: together they keep quota, pace and tasks. */

import { it } from "vitest";
import { endOf, type TaskAnswer, taskOf } from "../harness/clients-harness.ts";
import { newSeed, seeded } from "./random-harness.ts";
import { latecomers, stage } from "./scene-harness.ts";
import type { VendorId } from "./vendors-harness.ts";
import { busiestMinute, endingOf, judge } from "./verdict-harness.ts";

/** The last URLs of each server's list are the first ones of the next server's list. */
const SHARED = 20;
/** Faster, and a stall of a busy machine looks like a death, which takes 8 s of this time. */
const SPEED = 4;
/** The most batches that a server sends at once. */
const LANES = 4;

const idOf = ({ task_id: id = "" }: TaskAnswer): string => id;

it.concurrent.for<{ count: number; vendor: VendorId; limit: number }>([
  { count: 5, vendor: "huawei-vod", limit: 700 },
  { count: 3, vendor: "alibaba-vod", limit: 900 },
])(
  "$count servers share quota, pace and tasks at $vendor",
  { timeout: 240_000 },
  async ({ count, vendor, limit }, { expect, onTestFailed, onTestFinished }) => {
    const random = seeded(newSeed());
    onTestFailed(() => void process.stderr.write(`RELIABILITY_SEED=${random.seed} chooses the same moments again.\n`));
    const scene = await stage({ vendor, limit, speed: SPEED, random, slowest: 3 });
    onTestFinished(() => scene.close());
    const sessions = await Promise.all(Array.from({ length: count }, (_, number) => scene.session(number)));

    // Together the lists exceed the day's quota, and neighbours share some URLs.
    const size = Math.ceil((limit * 1.3) / count);
    const all = scene.vendor.urls("shared", size * count + SHARED);
    const lists = sessions.map((_, number) => all.slice(number * size, (number + 1) * size + SHARED));
    const answers = await Promise.all(
      sessions.map((session, number) => session.call("prefetch_urls", { urls: lists[number], on_quota_exceeded: "partial" })),
    );
    for (const { text } of answers.filter((answer) => answer.isError)) expect(text).toMatch(`; 0 of ${limit} a day`);
    const admitted = lists.filter((_, number) => answers[number]?.isError === false);
    const ids = answers.flatMap((answer) => (answer.isError ? [] : [idOf(taskOf(answer))]));

    // Each client looks at a task that another server accepted.
    const endings = await Promise.all(
      sessions.map(async (session, number) => {
        const id = ids[(number + 1) % ids.length] ?? "";
        // The last task waits for its turn behind all others, on a busy machine for longer than one call does.
        await endOf(session, { task_id: id });
        return endingOf(scene, session, [id]);
      }),
    );
    // A new server has no count of the vendor's in memory.
    const newcomer = await scene.session(count);
    const received = () => scene.vendor.seen().flatMap((request) => request.accepted);
    if (received().length < limit) {
      // This vendor tells its own count. Requests in flight at that moment were counted twice.
      expect(vendor).toBe("alibaba-vod");
      const rest = all.filter((url) => !received().includes(url));
      ids.push(idOf(taskOf(await newcomer.call("prefetch_urls", { urls: rest, on_quota_exceeded: "partial" }))));
      admitted.push(rest);
    }
    const ending = await endingOf(scene, newcomer, ids);
    for (const { tasks } of endings) expect(ending.tasks.map((task) => task.counts)).toContainEqual(tasks[0]?.counts);
    const { figures, violations } = judge(scene, admitted.flat(), ending);
    expect(violations).toEqual([]);
    expect(figures).toMatchObject({ receivedOnce: limit, unknown: 0, leftovers: 0 });

    const { requestsPerMinute } = scene.vendor;
    // At this vendor a batch may also wait for its host after it has waited for the account.
    const held = vendor === "alibaba-vod" ? count * LANES : 0;
    const most = requestsPerMinute + latecomers(requestsPerMinute, SPEED) + held;
    // Without a pace, all requests could come at once.
    expect(scene.vendor.seen().filter((request) => request.counted).length).toBeGreaterThan(most);
    expect(busiestMinute(scene.vendor)).toBeLessThanOrEqual(most);
  },
);
