/** Several servers, each with a client of its own, share one store: together they keep what each has promised. */

import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { type TaskAnswer, taskOf } from "../e2e/clients.ts";
import { busiestMinute, endingOf, judge, stage } from "./crash.ts";
import { newSeed, seeded } from "./random.ts";
import type { VendorId } from "./vendors.ts";

/** URLs at the end of each server's list with which its neighbour's begins. */
const SHARED = 20;
const SPEED = 10;
/**
 * What is 400 ms late on this machine is 4 s late in the time of the test, in which 6 other requests get their turn; so
 * many more may then arrive within a minute than set out.
 */
const LATE = 6;

const idOf = ({ task_id: id = "" }: TaskAnswer): string => id;

it.each<{ count: number; vendor: VendorId; limit: number; late: number }>([
  { count: 2, vendor: "huawei-vod", limit: 700, late: LATE },
  { count: 5, vendor: "huawei-vod", limit: 700, late: LATE },
  // Here each of a server's four lanes may also wait for its URLs' host, after it has waited for the account.
  { count: 3, vendor: "alibaba-vod", limit: 900, late: LATE + 3 * 4 },
])("$count servers share quota, pace and tasks at $vendor", { timeout: 120_000 }, async ({ count, vendor, limit, late }) => {
  const random = seeded(newSeed());
  onTestFailed(() => void process.stderr.write(`RELIABILITY_SEED=${random.seed} chooses the same moments again.\n`));
  const scene = await stage({ vendor, limit, speed: SPEED, random, slowest: 3, leniency: late });
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
  const endings = await Promise.all(sessions.map((session, number) => endingOf(session, [ids[(number + 1) % ids.length] ?? ""])));
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
  const ending = await endingOf(newcomer, ids);
  for (const { tasks } of endings) expect(ending.tasks.map((task) => task.counts)).toContainEqual(tasks[0]?.counts);
  const { figures, violations } = judge(scene, admitted.flat(), ending);
  expect(violations).toEqual([]);
  expect(figures).toMatchObject({ receivedOnce: limit, unknown: 0, leftovers: 0 });

  const most = scene.vendor.requestsPerMinute + late;
  // Without a pace, all of them could come at once.
  expect(scene.vendor.seen().filter((request) => request.counted).length).toBeGreaterThan(most);
  expect(busiestMinute(scene.vendor)).toBeLessThanOrEqual(most);
});
