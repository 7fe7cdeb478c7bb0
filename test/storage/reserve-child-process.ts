/** A process that shares a store file with other processes. It receives jobs over IPC and answers with their results. */

import { pathToFileURL } from "node:url";
import { z } from "zod";
import { systemClock } from "../../src/app/system-clock.ts";
import { admit } from "../../src/prefetch/admission/admit.ts";
import type { Candidate } from "../../src/prefetch/admission/parse-urls.ts";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { TODAY } from "../fakes/clock.ts";
import { fakeProvider, manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";

const common = { file: z.string(), who: z.number() };

export const job = z.discriminatedUnion("kind", [
  /** Creates new files, one after the other. */
  z.object({ ...common, kind: z.literal("create"), files: z.number() }),
  /** Requests `size` units of a day of `limit` units, `times` times. */
  z.object({ ...common, kind: z.literal("spend"), limit: z.number(), size: z.number(), times: z.number() }),
  /** Claims batches until none is due. */
  z.object({ ...common, kind: z.literal("claim"), now: z.number() }),
  z.object({ ...common, kind: z.literal("slots"), now: z.number(), times: z.number(), intervalMs: z.number(), burst: z.number() }),
]);
export type Job = z.infer<typeof job>;

export const answer = z.object({
  who: z.number(),
  spent: z.number().default(0),
  claimed: z.array(z.string()).default([]),
  waits: z.array(z.number()).default([]),
  error: z.string().optional(),
});
export type Answer = z.infer<typeof answer>;

export const ACCOUNT = "fake-cdn:1";

async function carryOut(task: Job, storage: Storage): Promise<Partial<Answer>> {
  if (task.kind === "spend") {
    let spent = 0;
    const provider = fakeProvider({ account: ACCOUNT });
    const allowance = { limit: task.limit, ceiling: task.limit, source: "ledger" } as const;
    for (let time = 0; time < task.times; time += 1) {
      const targets = manyUrls(task.size, `https://media.example.com/${task.who}/${time}/`);
      const candidates = targets.map((target, position): Candidate => ({ provider, kind: "url", target, cost: 1, position }));
      try {
        const { task: stored } = await storage.admit([accountQuery({ targets })], ([facts]) => {
          if (!facts) throw new Error("The store returned no facts.");
          const { send } = admit(candidates, new Map([[provider, { ...facts, allowance, ownBudget: undefined, laterDays: [] }]]), {
            policy: "partial",
            force: false,
          });
          return { task: newTask({ id: `pf_${task.who}_${time}`, urls: send.map((candidate) => candidate.target) }) };
        });
        spent += stored.items.length ?? 0;
      } catch (error) {
        // The other processes have spent the rest of the day.
        if (!(error instanceof Error && "code" in error && error.code === "quota_exhausted")) throw error;
      }
    }
    return { spent };
  }
  if (task.kind === "claim") {
    const claimed: string[] = [];
    for (;;) {
      const work = await storage.claim(ACCOUNT, task.now, task.now + 60_000);
      if (!work) return { claimed };
      const { batch } = work;
      // A batch in flight must not become claimable again, so every third one is sent.
      if (batch.state === "claimed" && batch.number % 3 === 0) {
        const start = { now: task.now, leaseUntil: task.now + 60_000, day: TODAY, allowance: undefined };
        if ((await storage.startSending(batch, start)) !== "started") throw new Error("A claim was lost.");
      }
      claimed.push(`${batch.taskId} ${batch.number}`);
    }
  }
  if (task.kind === "slots") {
    const waits: number[] = [];
    for (let time = 0; time < task.times; time += 1) {
      waits.push(await storage.reserveSlot(ACCOUNT, task.intervalMs, task.burst, task.now));
    }
    return { waits };
  }
  for (let number = 0; number < task.files; number += 1) {
    const created = await openSqlite(`${task.file}-${number}`, systemClock);
    await created.admit([accountQuery()], () => ({ task: newTask({ id: `pf_${task.who}`, urls: manyUrls(1) }) }));
    await created.close();
  }
  return {};
}

async function onJob(message: unknown): Promise<void> {
  const task = job.parse(message);
  let result: Partial<Answer>;
  try {
    const storage = await openSqlite(task.file, systemClock);
    try {
      result = await carryOut(task, storage);
    } finally {
      await storage.close();
    }
  } catch (error) {
    result = { error: String(error) };
  }
  process.send?.({ who: task.who, ...result });
}

// The test imports the message schemas from this file, and must not listen.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.on("message", (message) => void onJob(message));
  process.send?.({ who: -1 });
}
