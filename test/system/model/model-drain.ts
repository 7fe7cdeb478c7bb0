/** The end of each run: all processes go on, the vendors answer everything, and time passes until all work is done. */

import { PrefetchError } from "../../../src/base/errors.ts";
import { settledOf } from "../../../src/prefetch/model/task.ts";
import { accounts, DAY_MS } from "./model-accounts.ts";
import { compare } from "./model-checks.ts";
import { batchesOf, claimSame, claimThat, type Hand, known, type Model, type ModelTask, pendingOn } from "./model-state.ts";
import { accept, claim, claimantOf, die, go, look, mayBeAccepted, report, search } from "./model-steps.ts";
import type { World } from "./model-world.ts";

const MOST_ROUNDS = 500;

async function finish(model: Model, world: World, hand: Hand): Promise<void> {
  if (hand.stage === "turn" && model.hands.has(hand.id)) await go(model, world, hand, { sleepMs: 0 });
  if (!model.hands.has(hand.id)) return;
  if (hand.stage === "wire" && mayBeAccepted(hand)) await accept(model, world, hand, { refusedBits: 0, ids: true, dies: false });
  else if (hand.stage === "trace") {
    const error = new PrefetchError("internal", "Nobody asks for it");
    await search(model, world, hand, { how: "truth", bits: "all", ids: true, error, dies: false });
  }
}

export async function drain(model: Model, world: World): Promise<void> {
  model.moods.clear();
  for (const hand of [...model.hands.values()]) await finish(model, world, hand);
  // A look-up shows the requests that the vendor refused before.
  for (let process = 0; process < model.processes; process += 1) die(model, world, process);
  await compare(model, world, true);

  for (let round = 0; ; round += 1) {
    claimThat(round < MOST_ROUNDS, "in the end nothing is left to do", [...batchesOf(model)].length);
    for (const account of accounts) {
      for (;;) {
        const hand = await claim(model, world, round % model.processes, account);
        if (!hand) break;
        await finish(model, world, hand);
      }
    }
    for (const task of model.tasks.values()) {
      const read = await look(model, world, round % model.processes, task);
      if (read) await report(model, world, read, ["succeeded"], false);
    }
    const dues = await Promise.all(
      accounts.map(async ({ id }) => world.storage(0).nextDue(id, model.now, await claimantOf(model, world, 0))),
    );
    const waiting = dues.filter((due) => due !== undefined);
    if (waiting.length === 0) break;
    const next = Math.min(...waiting);
    claimThat(next > model.now, "what is due is taken", next - model.now);
    claimThat(next - model.now < 16 * DAY_MS, "nothing waits for ever", next - model.now);
    model.now = next;
  }
  await compare(model, world, true);
  for (const task of model.tasks.values()) await claimCarriedOut(world, task);
  for (const account of accounts) {
    for (const day of new Set([...batchesOf(model, account)].map(({ day: each }) => each))) {
      claimSame(pendingOn(model, account, day), 0, "what is still reserved in the end");
    }
  }
}

/** Each URL was carried out exactly once, or its item gives the reason. */
async function claimCarriedOut(world: World, { id, items }: ModelTask): Promise<void> {
  const { openBatches, counts } = known(await world.storage(0).task(id), "task");
  claimSame([openBatches, settledOf(counts)], [0, items.length], `what is still open of ${id}`);
  for (const item of items) {
    const times = item.deliveries.filter(({ carried }) => carried?.has(item)).length;
    if (item.state === "unknown") continue;
    const wanted = item.state === "succeeded" || item.state === "failed" || item.state === "untracked" ? 1 : 0;
    claimSame(times, wanted, `how often what is ${item.state} was carried out`);
  }
}
