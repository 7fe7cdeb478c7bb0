import { expect, it } from "vitest";
import { NOON } from "../../fakes/clock.ts";
import { manyUrls, neverAnswered } from "../../fakes/provider.ts";
import { setUp, taken } from "./worker-harness.ts";

it("busySince is the start of the longest-running batch, and undefined when the worker is idle", async () => {
  const answers: ((answer: typeof taken) => void)[] = [];
  const { clock, provider, worker, admit } = await setUp({
    answer: (_, nth, signal) => (nth === 1 ? neverAnswered(signal) : new Promise((resolve) => answers.push(resolve))),
  });
  expect(worker.busySince()).toBeUndefined();
  await admit({ urls: manyUrls(4) });
  worker.kick(provider);
  await clock.settle();
  expect(worker.busySince()).toBe(NOON);
  await clock.advance(600_000);
  for (const answer of answers) answer(taken);
  await clock.settle();
  // The second batch still hangs.
  expect(worker.busySince()).toBe(NOON);
  await clock.drive(worker.stop(0));
  expect(worker.busySince()).toBeUndefined();
});
