import { describe, expect, it } from "vitest";
import { createTurn, type TurnOptions } from "../../../src/prefetch/delivery/turn.ts";
import type { BatchChange } from "../../../src/prefetch/model/batch-change.ts";
import type { Allowance } from "../../../src/prefetch/model/quota.ts";
import type { SendResult, SendStart } from "../../../src/prefetch/model/storage.ts";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { fakeClock, NOON, TODAY } from "../../fakes/clock.ts";
import { fakeProvider, manyUrls } from "../../fakes/provider.ts";
import { workOf } from "../work-harness.ts";

const LEASE_MS = 90_000;
const MIDNIGHT = Date.parse("2026-11-22T00:00:00+08:00");
const allowance: Allowance = { limit: 100, ceiling: 100, source: "ledger" };
const cancelled = expect.objectContaining({ name: "PrefetchError", code: "cancelled", delivery: "not_sent" });
const diskFull = new Error("The disk is full");
const fails = (error: Error) => async (): Promise<never> => {
  throw error;
};

interface Script {
  readonly startSending?: (batch: Batch, start: SendStart) => Promise<SendResult>;
  readonly change?: () => Promise<boolean>;
  readonly limiter?: () => Promise<void>;
  readonly of?: () => Promise<Allowance>;
  readonly batch?: Partial<Batch>;
}

/** A turn of a claimed batch over a scripted store. `calls` names the calls that the turn made, in order. */
function setUp({ startSending, change, limiter, of, batch }: Script = {}) {
  const clock = fakeClock();
  const stop = new AbortController();
  const calls: string[] = [];
  const starts: { readonly batch: Batch; readonly start: SendStart }[] = [];
  const changes: { readonly batch: Batch; readonly change: BatchChange }[] = [];
  const provider = fakeProvider();
  const hosts: string[] = [];
  const options: TurnOptions = {
    clock,
    stopping: stop.signal,
    limiter: async (_, signal, action, host) => {
      calls.push("limiter");
      hosts.push(`${action} ${host}`);
      expect(signal).toBe(stop.signal);
      await limiter?.();
    },
    allowances: {
      tenantBudget: 7,
      of: async () => {
        calls.push("allowance");
        return of ? of() : allowance;
      },
    },
    storage: {
      startSending: async (batch, start) => {
        calls.push("startSending");
        starts.push({ batch, start });
        return startSending ? startSending(batch, start) : "started";
      },
      change: async (batch, each) => {
        calls.push("change");
        changes.push({ batch, change: each });
        return change ? change() : true;
      },
    },
  };
  const claimed: Batch = { ...workOf(manyUrls(2)).batch, state: "claimed", leaseUntil: NOON + 300_000, ...batch };
  const turn = createTurn(options, { provider, claimed, host: "media.example.com", leaseMs: LEASE_MS });
  return { clock, stop, calls, starts, changes, hosts, claimed, turn };
}

describe("a claimed turn", () => {
  it("holds the claimed batch before the first take", () => {
    const { turn, claimed, calls } = setUp();
    expect([turn.state, turn.batch, calls]).toEqual(["claimed", claimed, []]);
  });

  it("becomes sending when the store starts the batch", async () => {
    const { clock, turn, claimed, calls, starts, hosts } = setUp();
    await turn.take();
    expect(turn.state).toBe("sending");
    expect(calls).toEqual(["limiter", "startSending"]);
    expect(hosts).toEqual(["submit media.example.com"]);
    const sent = { leaseUntil: NOON + LEASE_MS, day: TODAY };
    const { boot } = clock;
    const start = { now: NOON, monotonic: NOON, boot, allowance: undefined, ownBudget: 7, ...sent };
    expect(starts).toEqual([{ batch: claimed, start }]);
    expect(turn.batch).toEqual({ ...claimed, ...sent, sentAt: NOON, sentMonotonic: NOON, sentBoot: boot, state: "sending" });
  });

  it.each(["lost", "over_quota"] as const)("becomes %s for good when the store says so", async (result) => {
    const { turn, claimed, calls } = setUp({ startSending: async () => result });
    await expect(turn.take()).rejects.toEqual(cancelled);
    expect([turn.state, turn.batch]).toEqual([result, claimed]);
    await expect(turn.take()).rejects.toEqual(cancelled);
    expect(turn.state).toBe(result);
    expect(calls).toEqual(["limiter", "startSending"]);
  });

  it.each([
    ["becomes suspended for good when the machine slept for more than 30 s", 30_001, "suspended"],
    ["becomes sending when the store took 30 s", 30_000, "sending"],
  ] as const)("%s", async (_, stallMs, expected) => {
    const { turn, clock, calls } = setUp({
      startSending: async () => {
        await clock.advance(stallMs);
        return "started";
      },
    });
    const taken = turn.take();
    if (expected === "sending") await taken;
    else {
      await expect(taken).rejects.toEqual(cancelled);
      await expect(turn.take()).rejects.toEqual(cancelled);
    }
    expect(turn.state).toBe(expected);
    expect(turn.batch.state).toBe("sending");
    expect(calls).toEqual(["limiter", "startSending"]);
  });

  it("becomes suspended when the machine slept before the store refused to start the batch", async () => {
    const { turn, clock, claimed } = setUp({
      startSending: async () => {
        await clock.advance(30_001);
        return "over_quota";
      },
    });
    await expect(turn.take()).rejects.toEqual(cancelled);
    expect([turn.state, turn.batch]).toEqual(["suspended", claimed]);
  });

  it.each<readonly [string, Script]>([
    ["the store fails", { startSending: fails(diskFull) }],
    ["the rate limiter fails", { limiter: fails(diskFull) }],
    ["the allowance cannot be read", { of: fails(diskFull), batch: { day: "2026-11-20" } }],
  ])("becomes not_ready for good when %s", async (_, script) => {
    const { turn, claimed, calls } = setUp(script);
    await expect(turn.take()).rejects.toBe(diskFull);
    expect([turn.state, turn.batch]).toEqual(["not_ready", claimed]);
    const before = [...calls];
    await expect(turn.take()).rejects.toEqual(cancelled);
    expect([turn.state, calls]).toEqual(["not_ready", before]);
  });

  it("stays claimed when the server stops before the request may go out", async () => {
    const stopped = new Error("stopping");
    const { turn, stop, claimed } = setUp({
      limiter: async () => {
        stop.abort(stopped);
        throw stopped;
      },
    });
    await expect(turn.take()).rejects.toBe(stopped);
    expect([turn.state, turn.batch]).toEqual(["claimed", claimed]);
  });

  it("reads the allowance before the rate limiter when the batch was planned for another day", async () => {
    const { turn, calls, starts } = setUp({ batch: { day: "2026-11-20" } });
    await turn.take();
    expect(calls).toEqual(["allowance", "limiter", "startSending"]);
    expect(starts[0]?.start).toMatchObject({ allowance, day: TODAY });
    expect(turn.batch.day).toBe(TODAY);
  });

  it("reads the allowance of the new day when the rate limiter waits past midnight", async () => {
    const { turn, clock, calls, starts } = setUp({ limiter: () => clock.advance(MIDNIGHT - clock.now()) });
    await turn.take();
    expect(calls).toEqual(["limiter", "allowance", "startSending"]);
    expect(starts[0]?.start).toMatchObject({ now: MIDNIGHT, leaseUntil: MIDNIGHT + LEASE_MS, allowance, day: "2026-11-22" });
  });
});

describe("a sending turn", () => {
  const secondTake = async (script: Script = {}) => {
    const set = setUp(script);
    await set.turn.take();
    await set.clock.advance(1_000);
    set.calls.length = 0;
    return set;
  };

  it("is claimed again and then started when the provider sends a second request", async () => {
    const { turn, clock, calls, changes, starts } = await secondTake();
    const first = turn.batch;
    await turn.take();
    expect(turn.state).toBe("sending");
    expect(calls).toEqual(["change", "limiter", "startSending"]);
    const leaseUntil = clock.now() + 300_000;
    expect(changes).toEqual([{ batch: first, change: { kind: "reclaim", leaseUntil, items: [], refund: 0 } }]);
    expect(starts[1]?.batch).toMatchObject({ state: "claimed", leaseUntil });
    expect(turn.batch).toMatchObject({ state: "sending", sentAt: clock.now(), leaseUntil: clock.now() + LEASE_MS });
  });

  it("becomes lost when another process has the batch by now", async () => {
    const { turn, calls } = await secondTake({ change: async () => false });
    await expect(turn.take()).rejects.toEqual(cancelled);
    expect(turn.state).toBe("lost");
    expect(calls).toEqual(["change"]);
  });

  it("becomes not_ready when the store cannot claim the batch again", async () => {
    const { turn, calls } = await secondTake({ change: fails(diskFull) });
    await expect(turn.take()).rejects.toBe(diskFull);
    expect(turn.state).toBe("not_ready");
    expect(calls).toEqual(["change"]);
  });

  it("stays sending when the server stops and the store cannot claim the batch again", async () => {
    const { turn, stop } = await secondTake({ change: fails(diskFull) });
    stop.abort();
    await expect(turn.take()).rejects.toBe(diskFull);
    expect(turn.state).toBe("sending");
  });

  it("is claimed when the server stops before the second request", async () => {
    let waits = 0;
    const { turn, stop } = await secondTake({
      limiter: async () => {
        waits += 1;
        if (waits === 1) return;
        stop.abort();
        throw diskFull;
      },
    });
    await expect(turn.take()).rejects.toBe(diskFull);
    expect([turn.state, turn.batch.state]).toEqual(["claimed", "claimed"]);
  });
});

describe("apply", () => {
  const progress = { kind: "progress", leaseUntil: NOON + 45_000, attempts: 0, items: [], refund: 0 } as const;

  it("keeps the turn sending, under the new lease, when the batch is still this process's", async () => {
    const { turn, changes } = setUp({ batch: { attempts: 2 } });
    await turn.take();
    const before = turn.batch;
    expect(await turn.apply(progress)).toBe(true);
    expect(changes).toEqual([{ batch: before, change: progress }]);
    expect(turn.state).toBe("sending");
    expect(turn.batch).toEqual({ ...before, leaseUntil: NOON + 45_000, attempts: 0 });
  });

  it("makes the turn lost when another process has the batch", async () => {
    const { turn } = setUp({ change: async () => false });
    await turn.take();
    const before = turn.batch;
    expect(await turn.apply(progress)).toBe(false);
    expect([turn.state, turn.batch]).toEqual(["lost", before]);
  });
});
