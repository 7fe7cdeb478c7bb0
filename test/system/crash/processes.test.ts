/** Several servers, each with a client of its own, share one store: together they keep what each has promised. */

import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { type TaskAnswer, taskOf } from "../process/clients-harness.ts";
import { newSeed, seeded } from "./random.ts";
import { latecomers, stage } from "./scene-harness.ts";
import type { VendorId } from "./vendors-harness.ts";
import { busiestMinute, endingOf, judge } from "./verdict-harness.ts";

/** URLs at the end of each server's list with which its neighbour's begins. */
const SHARED = 20;
/** A stall of a busy machine must not look like a death, which takes 8 s of this time. */
const SPEED = 4;
/** Batches that a server may have in hand at once. */
const LANES = 4;

const idOf = ({ task_id: id = "" }: TaskAnswer): string => id;

it.each<{ count: number; vendor: VendorId; limit: number }>([
  { count: 5, vendor: "huawei-vod", limit: 700 },
  { count: 3, vendor: "alibaba-vod", limit: 900 },
])("$count servers share quota, pace and tasks at $vendor", { timeout: 240_000 }, async ({ count, vendor, limit }) => {
  const random = seeded(newSeed());
  onTestFailed(() => void process.stderr.write(`RELIABILITY_SEED=${random.seed} chooses the same moments again.\n`));
  const scene = await stage({ vendor, limit, speed: SPEED, random, slowest: 3 });
  onTestFinished(() => scene.close());
  const sessions = await Promise.all(Array.from({ length: count }, (_, number) => scene.session(number)));

  // More than the day allows, and some of it asked for twice.
  const size = Math.ceil((limit * 1.3) / count);
  const all = scene.vendor.urls("shared", size * count + SHARED);
  const lists = sessions.map((_, number) => all.slice(number * size, (number + 1) * size + SHARED));
  const answers = await Promise.all(
    sessions.map((session, number) => session.call("prefetch_urls", { urls: lists[number], on_quota_exceeded: "partial" })),
  );
  for (const { text } of answers.filter((answer) => answer.isError)) expect(text).toMatch(`; 0 of ${limit} a day`);
  const admitted = lists.filter((_, number) => answers[number]?.isError === false);
  const ids = answers.flatMap((answer) => (answer.isError ? [] : [idOf(taskOf(answer))]));

  // Each is asked for what another one was told to do.
  const endings = await Promise.all(sessions.map((session, number) => endingOf(scene, session, [ids[(number + 1) % ids.length] ?? ""])));
  // One that has just come remembers no count of the vendor's.
  const newcomer = await scene.session(count);
  const received = () => scene.vendor.seen().flatMap((request) => request.accepted);
  if (received().length < limit) {
    // A vendor that counts for itself was asked while others were sending: what was on its way then was counted twice.
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
  // At this vendor a batch may also wait for its URLs' host, after it has waited for the account.
  const held = vendor === "alibaba-vod" ? count * LANES : 0;
  const most = requestsPerMinute + latecomers(requestsPerMinute, SPEED) + held;
  // Without a pace, all of them could come at once.
  expect(scene.vendor.seen().filter((request) => request.counted).length).toBeGreaterThan(most);
  expect(busiestMinute(scene.vendor)).toBeLessThanOrEqual(most);
});
