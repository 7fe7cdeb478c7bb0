/** Compares the model with the store after every step. */

import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { itemStates } from "../../../src/prefetch/model/task.ts";
import { type Account, accounts } from "./model-accounts.ts";
import { claimBudgets, ledgerOf } from "./model-rules.ts";
import { batchesOf, claimSame, claimThat, isOpen, known, type Model, type ModelTask, nextDueOf, today } from "./model-state.ts";
import { claimantOf } from "./model-steps.ts";
import type { World } from "./model-world.ts";

/** Compares the tasks that the last step touched, or every task with `all`. */
export async function compare(model: Model, world: World, all = false): Promise<void> {
  // Each process looks in its turn.
  model.numbers += 1;
  const storage = world.storage(model.numbers % model.processes);
  const concerned = new Set(all ? accounts : []);
  for (const task of all ? model.tasks.values() : model.touched) {
    for (const { account } of task.batches) concerned.add(account);
    if (model.tasks.has(task.id)) await compareTask(model, task, storage);
  }
  model.touched.clear();

  for (const account of accounts) {
    await compareDue(model, account, world);
    if (!concerned.has(account)) continue;
    const days = new Set([today(model, account)]);
    for (const key of [...model.spent.keys(), ...model.exhausted]) {
      const [id, day = ""] = key.split(" ");
      if (id === account.id) days.add(day);
    }
    for (const batch of batchesOf(model, account)) if (isOpen(batch)) days.add(batch.day);
    for (const day of days) {
      if (day < model.ledgerFrom) continue;
      claimSame(await storage.ledger(account.id, day), ledgerOf(model, account, day), `the ledger of ${account.id} on ${day}`);
      claimBudgets(model, account, day);
    }
  }
}

async function compareDue(model: Model, account: Account, world: World): Promise<void> {
  const process = model.numbers % model.processes;
  const due = await world.storage(process).nextDue(account.id, model.now, await claimantOf(model, world, process));
  const waits = nextDueOf(model, account, process);
  claimThat((due === undefined) === (waits === undefined), "whoever asks is told whether something waits", account.id, due, waits);
  if (due === undefined || waits === undefined) return;
  const { failures, openAgain } = known(model.circuits.get(account.id), "circuit");
  const latest = failures < 3 ? waits : Math.max(waits, openAgain);
  claimThat(due >= waits && due <= latest, "whoever asks is told when the next batch is due", account.id, due, waits, latest);
}

async function compareTask(model: Model, task: ModelTask, storage: Storage): Promise<void> {
  const items = await storage.items(task.id, { limit: 1_000 });
  claimSame(
    items.map(({ index, target, state, batch }) => [index, target, state, batch]),
    task.items.map(({ index, target, state, batch }) => [index, target, state, batch]),
    `the items of ${task.id}`,
  );
  for (const { index, state, batch: number } of task.items) {
    claimThat(itemStates.includes(state), "every item is in a known state", task.id, index, state);
    const batch = number === undefined ? undefined : task.batches[number];
    if (state === "queued") claimThat(batch !== undefined && isOpen(batch), "what waits is in a batch that is open", task.id, index);
    if (state === "processing") claimThat(batch?.state === "sent", "what the vendor is at is in a batch that is followed", task.id, index);
  }
  for (const batch of task.batches) {
    const members = task.items.filter((item) => item.batch === batch.number);
    claimThat(
      members.length === batch.items.length && batch.items.every((item) => members.includes(item)),
      "every item is in one batch",
      task.id,
      batch.number,
    );
    const open = isOpen(batch);
    claimThat(!open || members.every(({ state }) => state === "queued"), "what an open batch holds waits", task.id, batch.number);
  }
  const snapshot = known(await storage.task(task.id), `task ${task.id}`);
  const total = itemStates.reduce((sum, state) => sum + snapshot.counts[state], 0);
  claimThat(total === task.items.length, "the counts add up to what was admitted", task.id, total);
  claimSame(
    [snapshot.batches, snapshot.openBatches, snapshot.sending],
    [
      task.batches.length,
      task.batches.filter(({ state }) => state !== "ended").length,
      task.batches.filter(({ state }) => state === "sending").reduce((sum, { items: sending }) => sum + sending.length, 0),
    ],
    `the batches of ${task.id}`,
  );
  model.seen("task compared");
}
