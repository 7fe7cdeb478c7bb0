/** The servers of a round: they start, are killed or paused when a request reaches a point, and start again. */

import { setTimeout as sleep } from "node:timers/promises";
import { modernSession, type Session } from "../harness/clients-harness.ts";
import type { Accounts, ServerWires } from "./round-accounts-harness.ts";
import type { Aim, Event } from "./schedule-harness.ts";

/** A kill or a pause that waits for a request lands after this time in any case. */
const AIM_MS = 3_000;
const LOOK_MS = 100;

interface Slot {
  readonly number: number;
  readonly wires: ServerWires;
  session: Promise<Session> | undefined;
  /** `undefined` while the server is down. */
  pid: number | undefined;
  /** Paused or down: later blows at this server are skipped meanwhile. */
  busy: boolean;
}

export type Blow = Extract<Event, { does: "end" | "pause" }>;

export interface Fleet {
  readonly log: readonly string[];
  readonly counts: { readonly kills: number; readonly ends: number; readonly pauses: number };
  /** The session of a server, once that is up. */
  session(number: number): Promise<Session>;
  /** Resolves when the server is up again. */
  strike(blow: Blow): Promise<void>;
  /** Kills a server and starts it again at once. */
  restart(number: number): Promise<Session>;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly servers: number;
  readonly vendors: Accounts;
  /** The environment of every server, beside that of the vendors. */
  readonly env: Readonly<Record<string, string>>;
}

export async function startFleet({ servers, vendors, env }: FleetOptions): Promise<Fleet> {
  const log: string[] = [];
  const counts = { kills: 0, ends: 0, pauses: 0 };
  const sessions = new Set<Session>();

  const start = async (slot: Slot): Promise<Session> => {
    let rest = "";
    const session = await modernSession({
      env: { ...vendors.env(slot.wires), ...env },
      onStderr: (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        log.push(...lines.map((line) => `${slot.number} ${line}`));
      },
    });
    sessions.add(session);
    slot.pid = session.pid ?? undefined;
    return session;
  };

  const slots = await Promise.all(
    Array.from({ length: servers }, async (_, number): Promise<Slot> => {
      return { number, wires: await vendors.wiresOfServer(), session: undefined, pid: undefined, busy: false };
    }),
  );
  const slotOf = (number: number): Slot => {
    const slot = slots[number % slots.length];
    if (!slot) throw new Error("A round has no servers.");
    return slot;
  };

  const strike = async ({ server, ...blow }: Blow): Promise<void> => {
    const slot = slotOf(server);
    if (slot.busy) return;
    slot.busy = true;
    await reach(slot.wires, blow.aim);
    if (blow.does === "pause") {
      counts.pauses += 1;
      send(slot.pid, "SIGSTOP");
      await sleep(blow.ms);
      send(slot.pid, "SIGCONT");
    } else {
      counts[blow.signal === "SIGKILL" ? "kills" : "ends"] += 1;
      send(slot.pid, blow.signal);
      slot.pid = undefined;
      await sleep(blow.downMs);
      slot.session = start(slot);
      await slot.session;
    }
    slot.busy = false;
  };

  for (const slot of slots) slot.session = start(slot);
  await Promise.all(slots.map(({ session }) => session));

  return {
    log,
    counts,
    session: async (number) => {
      const slot = slotOf(number);
      while (slot.pid === undefined || !slot.session) await sleep(LOOK_MS);
      return slot.session;
    },
    strike,
    restart: async (number) => {
      const slot = slotOf(number);
      send(slot.pid, "SIGKILL");
      counts.kills += 1;
      return start(slot);
    },
    close: async () => {
      for (const { pid } of sessions) send(pid ?? undefined, "SIGKILL");
      await Promise.allSettled([...sessions].map((session) => session.close()));
    },
  };
}

/** Resolves when a request of the server is at that point, or after a while. */
async function reach(wires: ServerWires, aim: Aim): Promise<void> {
  if (aim === "moment") return;
  const there = Promise.withResolvers<void>();
  const cancels = Object.values(wires).map((wire) =>
    wire.interrupt(aim, 1, async () => {
      there.resolve();
      return "goes on";
    }),
  );
  await Promise.race([there.promise, sleep(AIM_MS)]);
  for (const cancel of cancels) cancel();
}

function send(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
