/** The disk space of the longest task, in every stage of its life and after it. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { BatchChange, ItemChange } from "../../../src/prefetch/model/batch-change.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { fakeClock, NOON, TODAY } from "../../fakes/clock.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { newFolder } from "../../storage/file-harness.ts";
import { heldBy, isSound, openWithConnection } from "./files-harness.ts";

const ITEMS = 10_000;
/** The most that a request of Alibaba Cloud takes, and of Huawei Cloud. */
const PER_BATCH = 100;
const FEWEST_PER_BATCH = 10;
const MOST_BYTES_AN_ITEM = 1_024;

/** As long as real ones are: an account with its project, ids as vendors give them. */
const ACCOUNT = "huawei-vod:5a4dbe1d0c2b4f0e9f5d7c6b8a901234";
const hex = (number: number): string => number.toString(16).padStart(32, "0");
const idOf = (task: number): string => `pf_01a1fe90-4313-7652-95e0-${String(task).padStart(12, "0")}`;

/** About 120 characters; every third one is signed, as those of private streams are. */
function urlOf(task: number, index: number): string {
  const path = `https://vod-1.media.example.com/tenant-42/2026/11/${hex(index * 7 + task).slice(8)}/playlist-${task}/segment-${index}.ts`;
  return index % 3 === 0 ? `${path}?auth_key=1795250000-0-0-${hex(index)}` : path;
}

const urlsOf = (task: number): string[] => Array.from({ length: ITEMS }, (_, index) => urlOf(task, index));

const retried =
  "Will be sent again. Huawei Cloud VOD answered 503 to the submit (VOD.10000, request id 0123456789abcdef0123456789abcdef). The vendor is not available at the moment; it is tried again by itself.";
const refused = "The origin answered 403 Forbidden to three attempts of the node cn-east-3c (request id 0123456789abcdef0123456789abcdef).";

/** Takes every waiting batch of the account through one attempt. */
async function attempt(storage: Storage, outcome: "accepted" | "put back", now: number): Promise<void> {
  for (;;) {
    const work = await storage.claim(ACCOUNT, now, now + 300_000);
    if (!work) return;
    const { batch, items } = work;
    const leaseUntil = now + 90_000;
    await storage.startSending(batch, { now, leaseUntil, day: TODAY, allowance: undefined });
    const ids = { vendorTaskIds: [hex(batch.number)], requestId: hex(batch.number) };
    const changes: Record<typeof outcome, BatchChange> = {
      accepted: {
        kind: "accept",
        followed: true,
        sentAt: now,
        ...ids,
        items: items.map(({ index }) => ({ index, state: "processing" })),
        refund: 0,
      },
      "put back": {
        kind: "requeue",
        attempts: 1,
        notBefore: now + 1,
        items: items.map(({ index }) => ({ index, state: "queued", code: "vendor_unavailable", reason: retried })),
        refund: 0,
      },
    };
    await storage.change({ ...batch, state: "sending", leaseUntil }, changes[outcome]);
  }
}

/** The vendor tells the outcome of every batch: one URL of four has failed. */
async function settle(storage: Storage, task: number): Promise<void> {
  for (const { batch, items } of await storage.following(idOf(task))) {
    const told = items.map(
      ({ index }): ItemChange =>
        index % 4 === 0 ? { index, state: "failed", code: "vendor_failed", reason: refused } : { index, state: "succeeded" },
    );
    await storage.change(batch, { kind: "end", items: told, refund: 0 });
  }
}

it("takes at most 1 KB an item in every stage, and the next task reuses its space", { timeout: 60_000 }, async ({ annotate }) => {
  const path = join(newFolder(), "store.sqlite");
  /** Bytes of the closed file after some work. */
  const after = async (work: (storage: Storage) => Promise<unknown>): Promise<number> => {
    const { storage, db } = await openWithConnection(path, fakeClock());
    // Waiting for the disk some thousand times says nothing about sizes.
    db.exec("PRAGMA synchronous = OFF");
    await work(storage);
    await storage.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    return statSync(path).size;
  };
  const admit =
    (task: number, perBatch = PER_BATCH) =>
    (storage: Storage) =>
      storage.admit([accountQuery({ account: ACCOUNT })], () => ({
        task: newTask({ id: idOf(task), urls: urlsOf(task), perBatch, provider: "huawei-vod", account: ACCOUNT }),
      }));

  const liveOf = async (task: number): Promise<Record<string, number>> => ({
    queued: await after(admit(task)),
    "put back with a reason": await after((storage) => attempt(storage, "put back", NOON)),
    sent: await after((storage) => attempt(storage, "accepted", NOON + 1)),
    settled: await after((storage) => settle(storage, task)),
  });
  const cleaned = (storage: Storage) => storage.clean(NOON + 1, 100_000);

  expect(Math.round(urlsOf(1).join("").length / ITEMS)).toBe(120);
  const empty = await after(async () => undefined);
  const first = await liveOf(1);
  await after(async (storage) => {
    expect(await storage.task(idOf(1))).toMatchObject({ counts: { succeeded: 7_500, failed: 2_500 }, batches: ITEMS / PER_BATCH });
  });
  const perItem = Object.entries(first).map(([stage, bytes]) => [stage, Math.ceil((bytes - empty) / ITEMS)] as const);
  await annotate(`bytes an item: ${perItem.map((stage) => stage.join(" ")).join(", ")}`);
  for (const [stage, bytes] of perItem) expect([stage, bytes <= MOST_BYTES_AN_ITEM]).toEqual([stage, true]);

  await after(cleaned);
  expect(heldBy(path)).toMatchObject({ tasks: 0, batches: 0, items: 0 });
  // A thousand batches take more room than a hundred, but not more than a settled task leaves.
  expect(await after(admit(3, FEWEST_PER_BATCH))).toBe(first.settled);
  await after(cleaned);
  const second = await liveOf(2);
  expect(heldBy(path)).toMatchObject({ tasks: 1, items: ITEMS });
  expect(Math.max(...Object.values(second))).toBe(Math.max(...Object.values(first)));
  expect(isSound(path)).toBe(true);
});
