/** Several processes on one schema at once. Each has a store with connections of its own. */

import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Claim, Storage } from "../../../src/prefetch/model/storage.ts";
import { noCounts, type TaskState, taskState } from "../../../src/prefetch/model/task.ts";
import { openPostgres } from "../../../src/storage/postgres/postgres.ts";
import { fakeClock, NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { accountQuery, newTask, newTaskOf } from "../../fakes/task.ts";
import { addressOf, newDatabase, type TestDatabase } from "./database.ts";

const ACCOUNT = "fake-cdn:1";
const REPLICAS = 4;
/** The number of rounds that each replica makes. */
const ROUNDS = 8;

let client: TestDatabase;
let admin: pg.Client;
let replicas: readonly Storage[];
let schemas = 0;

const open = (schema: string): Storage =>
  openPostgres({ address: addressOf(client), schema, clock: { ...fakeClock(), learn: () => undefined }, poolSize: 3 });

/** All of them start at once, on a schema that is not there yet. */
async function started(): Promise<{ readonly schema: string; readonly stores: readonly Storage[] }> {
  const schema = `fleet_${++schemas}`;
  const stores = Array.from({ length: REPLICAS }, () => open(schema));
  replicas = [...replicas, ...stores];
  await Promise.all(stores.map((store) => store.check()));
  return { schema, stores };
}

beforeAll(async () => {
  replicas = [];
  client = await newDatabase();
  admin = new pg.Client(client);
  await admin.connect();
});
afterAll(async () => {
  await Promise.all((replicas ?? []).map((store) => store.close()));
  await admin?.end();
});

const unlimited = { limit: undefined, ceiling: undefined, source: "ledger" } as const;

describe("several processes on one schema", () => {
  it("spend exactly the day's limit together", async () => {
    const { stores } = await started();
    const [LIMIT, SIZE] = [100, 7];
    const spend = async (store: Storage, who: number): Promise<number> => {
      let spent = 0;
      for (let time = 0; time < ROUNDS; time += 1) {
        const { task } = await store.admit([accountQuery()], ([facts]) => {
          const room = Math.min(SIZE, LIMIT - (facts?.ledger.used ?? LIMIT));
          const urls = manyUrls(room, `https://media.example.com/${who}/${time}/`);
          return { task: room > 0 ? newTask({ id: `pf_${who}_${time}`, urls }) : undefined };
        });
        spent += task?.items.length ?? 0;
      }
      return spent;
    };
    const spent = await Promise.all(stores.map(spend));
    expect(spent.reduce((sum, each) => sum + each, 0)).toBe(LIMIT);
    expect(await stores[0]?.ledger(ACCOUNT, TODAY)).toEqual({ used: LIMIT, pending: LIMIT, exhausted: false });
    expect((await stores[1]?.census())?.queued).toBe(LIMIT);
  });

  it("claim every batch once", async () => {
    const { stores } = await started();
    const task = newTask({ id: "pf_1", urls: manyUrls(40), perBatch: 1 });
    await stores[0]?.admit([accountQuery()], () => ({ task }));
    const claimAll = async (store: Storage, who: number): Promise<number[]> => {
      const numbers: number[] = [];
      for (;;) {
        const work = await store.claim(ACCOUNT, NOON, NOON + 60_000, {
          claimant: { owner: `replica ${who}`, inHand: [], dead: [] },
          except: [],
        });
        if (!work || numbers.includes(work.batch.number)) return numbers;
        numbers.push(work.batch.number);
        const start = { now: NOON, leaseUntil: NOON + 60_000, day: TODAY, allowance: undefined };
        expect(await store.startSending(work.batch, start)).toBe("started");
        const sent = { ...work.batch, state: "sending", leaseUntil: NOON + 60_000 } as const;
        expect(await store.change(sent, { kind: "accept", followed: true, vendorTaskIds: [], items: [], refund: 0 })).toBe(true);
      }
    };
    const claimed = (await Promise.all(stores.map(claimAll))).flat();
    expect(claimed.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, number) => number));
  });

  it("reserve different slots, and together start at most one burst at once", async () => {
    const { stores } = await started();
    const slots = async (store: Storage): Promise<number[]> => {
      const waits: number[] = [];
      for (let time = 0; time < ROUNDS; time += 1) waits.push(await store.reserveSlot(ACCOUNT, 600, 4, NOON));
      return waits;
    };
    const waits = (await Promise.all(stores.map(slots))).flat().sort((a, b) => a - b);
    const later = Array.from({ length: REPLICAS * ROUNDS - 3 }, (_, slot) => slot * 600);
    expect(waits).toEqual([0, 0, 0, ...later]);
  });

  it("open a breaker after three failures, whichever process saw them", async () => {
    const { stores } = await started();
    await stores[0]?.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
    await Promise.all(stores.slice(0, 3).map((store) => store.noteSignal(ACCOUNT, "failed")));
    expect(await stores[3]?.claim(ACCOUNT, NOON, NOON + 1)).toBeUndefined();
    expect(await stores[3]?.nextDue(ACCOUNT, NOON)).toBeGreaterThan(NOON);
  });

  it("clean and admit at once without an error, and one that cleans leaves the tasks of an account that another one holds for later", async () => {
    const { stores } = await started();
    const [one, other] = stores;
    const old = (id: string, account: string) => newTask({ id, account, urls: manyUrls(2, `https://${account}.example/${id}/`) });
    const admitOld = (id: string, account: string) => one?.admit([accountQuery({ account })], () => ({ task: old(id, account) }));
    await admitOld("pf_1", "one");
    await admitOld("pf_2", "two");
    const step = await one?.admit([accountQuery({ account: "two" })], async () => ({
      task: undefined,
      cleaned: await other?.clean(NOON + 1, 100),
    }));
    expect(step?.cleaned).toEqual({ tasks: 1, isDone: false });
    expect(await other?.clean(NOON + 1, 100)).toEqual({ tasks: 1, isDone: true });

    const accounts = ["one", "two", "three", "four"];
    for (let task = 0; task < 40; task += 1) await admitOld(`pf_old_${task}`, accounts[(task * 7 + (task >> 2)) % 4] ?? "one");
    const clean = async (store: Storage): Promise<number> => {
      let tasks = 0;
      for (;;) {
        const cleaned = await store.clean(NOON + 1, 20);
        tasks += cleaned.tasks;
        if (cleaned.isDone) return tasks;
      }
    };
    const admit = async (store: Storage, who: number): Promise<void> => {
      for (let time = 0; time < ROUNDS; time += 1) {
        const sketch = { id: `pf_${who}_${time}`, now: NOON + 2 };
        const sketches = accounts.map((account) => ({ ...sketch, account, urls: manyUrls(2, `https://${account}.example/${sketch.id}/`) }));
        await store.admit(
          accounts.map((account) => accountQuery({ account })),
          () => ({ task: newTaskOf(...sketches) }),
        );
      }
    };
    const [cleaned] = await Promise.all([Promise.all(stores.slice(0, 2).map(clean)), Promise.all(stores.slice(2).map(admit))]);
    expect(cleaned.reduce((sum, each) => sum + each, 0)).toBe(40);
    expect((await one?.census())?.queued).toBe(2 * ROUNDS * accounts.length * 2);
  });

  it("keep ledger, counts, states and list right while all of them admit, send, cancel and clean at once", async () => {
    const { schema, stores } = await started();
    const accounts = ["one", "two"];
    const work = async (store: Storage, who: number): Promise<void> => {
      const claimant = { owner: `replica ${who}`, inHand: [], dead: [] };
      const settle = async ({ batch, items }: Claim): Promise<void> => {
        const start = { now: NOON, leaseUntil: NOON + 60_000, day: TODAY, allowance: unlimited };
        if ((await store.startSending(batch, start)) !== "started") return;
        const changes = items.map(({ index }) => ({ index, state: index % 3 === 0 ? ("failed" as const) : ("succeeded" as const) }));
        const accepted = { kind: "accept", followed: false, sentAt: NOON, vendorTaskIds: ["v"], refund: 1 } as const;
        const sent = { ...batch, state: "sending", leaseUntil: NOON + 60_000 } as const;
        await store.change(sent, { ...accepted, items: who % 2 === 0 ? changes : changes.reverse() });
      };
      for (let time = 0; time < ROUNDS / 2; time += 1) {
        const id = `pf_${who}_${time}`;
        const sketches = accounts.map((account) => ({ id, account, urls: manyUrls(4, `https://${account}.example/${id}/`) }));
        const queries = accounts.map((account) => accountQuery({ account }));
        await store.admit(time % 2 === 0 ? queries : queries.reverse(), () => ({ task: newTaskOf(...sketches) }));
        for (const account of accounts) {
          const claim = await store.claim(account, NOON, NOON + 60_000, { claimant });
          if (claim) await settle(claim);
        }
        if (time % 2 === 1) await store.cancel(`pf_${(who + 1) % REPLICAS}_${time}`);
        await store.beat(claimant.owner);
        if (time === 2) await store.clean(0, 10);
      }
    };
    await Promise.all(stores.map(work));

    const all = async (text: string) => (await admin.query(text.replaceAll("@", `${schema}.`))).rows;
    expect(await all("SELECT task_id, state, items::int FROM @task_counts ORDER BY 1, 2")).toEqual(
      await all("SELECT task_id, state, count(*)::int AS items FROM @items GROUP BY 1, 2 ORDER BY 1, 2"),
    );
    for (const { id, task_state, listed, items } of await all(
      `SELECT id, task_state, (SELECT string_agg(DISTINCT state || had_problems, ',') FROM @listing WHERE task_id = id) AS listed,
              (SELECT json_object_agg(state, items) FROM @task_counts WHERE task_id = id) AS items FROM @tasks`,
    )) {
      const state: TaskState = taskState({ ...noCounts(), ...items });
      expect([id, task_state, listed]).toEqual([id, state, `${state}${items.failed ? 1 : 0}`]);
    }
    // What is used is what was not cancelled, without the refund of each accepted batch.
    const [{ kept } = { kept: 0 }] = await all(
      `SELECT (SELECT count(*) FROM @items WHERE state <> 'cancelled') - (SELECT count(*) FROM @batches WHERE sent_at IS NOT NULL AND state = 'ended') AS kept`,
    );
    const [{ used } = { used: 0 }] = await all("SELECT sum(used) AS used FROM @ledger");
    expect(Number(used)).toBe(Number(kept));
    expect(await all("SELECT 1 FROM @batches WHERE state = 'claimed'")).toEqual([]);
  });
});
