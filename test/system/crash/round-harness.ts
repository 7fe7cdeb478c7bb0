/** Plays one round of the soak: several built servers on one store, on a machine whose clock is set, in front of three accounts. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { taskOf } from "../harness/clients-harness.ts";
import { integrityOf, urlsOfLaterDays } from "../harness/store-file-harness.ts";
import { createMachine } from "./machine-harness.ts";
import { type Accounts, dayOf, type Received, startAccounts } from "./round-accounts-harness.ts";
import { type Fleet, startFleet } from "./round-fleet-harness.ts";
import { type Ending, settle } from "./round-settle-harness.ts";
import { chinaAt } from "./scene-harness.ts";
import { type AccountName, accounts, type Event, type Plan } from "./schedule-harness.ts";

export interface Asked {
  readonly account: AccountName;
  readonly urls: readonly string[];
  /** `undefined`: the answer was lost. */
  readonly answer: { readonly taskId: string } | { readonly refusal: string } | undefined;
}

/** `Ending` counts from the last restart. */
export interface Played extends Ending {
  readonly plan: Plan;
  readonly asked: readonly Asked[];
  readonly received: readonly Received[];
  /** Units that each vendor accepted, by the vendor's own day. */
  readonly days: ReadonlyMap<string, number>;
  /** Days of the vendor that the machine's clock named. */
  readonly machineDays: number;
  /** Requests that reached the vendors after the last restart. */
  readonly traffic: readonly string[];
  readonly counts: Fleet["counts"] & { readonly steps: number };
  readonly log: readonly string[];
  /** `ok`, or the faults of the store file. */
  readonly integrity: string;
}

type CallEvent = Extract<Event, { does: "call" }>;

/** Makes the calls of a round, and notes how each was answered. */
function createCalls(vendors: Accounts, fleet: Fleet) {
  const asked: Asked[] = [];
  let calls = 0;
  return {
    asked,
    make: async ({ server, urls, policy }: CallEvent): Promise<void> => {
      const tag = `call-${calls}`;
      calls += 1;
      const wanted = accounts.map((account) => ({
        account,
        urls: Array.from({ length: urls[account] }, (_, index) => vendors.urlOf[account](tag, index)),
      }));
      const all = wanted.flatMap((each) => each.urls);
      if (all.length === 0) return;
      const note = (answer: Asked["answer"]): void => {
        for (const each of wanted) if (each.urls.length > 0) asked.push({ ...each, answer });
      };
      try {
        const session = await fleet.session(server);
        const answer = await session.call("prefetch_urls", { urls: all, on_quota_exceeded: policy });
        // The vendor may refuse a whole call, which fails then. Its task keeps the record.
        const [, record] = /Task (pf_\S+) keeps the record/.exec(answer.text) ?? [];
        if (!answer.isError) note({ taskId: taskOf(answer).task_id ?? "" });
        else note(record === undefined ? { refusal: answer.text } : { taskId: record });
      } catch {
        // The server was killed or paused in the middle of the call.
        note(undefined);
      }
    },
  };
}

/** Plays the schedule, restarts one server, lets the vendors answer at once, and waits until everything is settled. */
export async function playRound(plan: Plan): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), "soak-"));
  const store = join(folder, "store.sqlite");
  const vendorOffsetMs = chinaAt(Math.floor(plan.startMinute / 60), plan.startMinute % 60) - Date.now();
  const vendorNow = (): number => Date.now() + vendorOffsetMs;
  const machine = createMachine(folder, vendorOffsetMs);
  const machineDays = new Set([dayOf(machine.now())]);
  let isCalm = false;
  let steps = 0;
  const vendors = await startAccounts(plan, vendorNow, () => isCalm);
  const env = { HOME: folder, ...machine.env, PREFETCH_STORE: `sqlite:${store}` };
  const fleet = await startFleet({ servers: plan.servers, vendors, env });
  const { asked, make } = createCalls(vendors, fleet);

  const play = async (event: Event): Promise<void> => {
    if (event.does === "call") return make(event);
    if (event.does !== "step") return fleet.strike(event);
    steps += 1;
    machine.set(vendorOffsetMs + event.offsetMs);
    machineDays.add(dayOf(machine.now()));
  };

  try {
    const begun = Date.now();
    await Promise.all(
      plan.events.map(async (event) => {
        await sleep(Math.max(0, begun + event.at - Date.now()));
        await play(event);
      }),
    );
    isCalm = true;
    const session = await fleet.restart(plan.seed);
    const restartedAt = vendorNow();
    const ending = await settle(session, () => {
      const waiting = urlsOfLaterDays(store, machine.now());
      return ({ state, url }) => state === "queued" && waiting.has(url ?? "");
    });
    const fetched = asked.filter(({ account }) => account === "http").flatMap(({ urls }) => urls);
    return {
      ...ending,
      plan,
      asked,
      received: vendors.received(fetched),
      days: vendors.days(),
      machineDays: machineDays.size,
      traffic: vendors.trafficSince(restartedAt),
      counts: { ...fleet.counts, steps },
      log: fleet.log,
      integrity: integrityOf(store),
    };
  } finally {
    await fleet.close();
    await vendors.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
