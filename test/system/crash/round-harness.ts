/** Plays one round of the soak: several built servers on one store, on a machine whose clock is set, in front of three accounts. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { startEdge } from "../../../src/sandbox/edge/edge.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, huaweiEnv, modernSession, type Session, type TaskAnswer, taskOf } from "../harness/clients-harness.ts";
import { integrityOf } from "../harness/store-file-harness.ts";
import { createMachine } from "./machine-harness.ts";
import { seeded } from "./random-harness.ts";
import { chinaAt } from "./scene-harness.ts";
import { type AccountName, type Aim, accounts, type Event, type Plan, SLOWEST_MS } from "./schedule-harness.ts";
import { startWire, type Wire } from "./wire-harness.ts";

/** A kill or a pause that waits for a request lands after this time in any case. */
const AIM_MS = 3_000;
/** The promise of a settled task, and how long the soak goes on to see when a late one settles. */
export const SETTLED_MS = 90_000;
const PATIENCE_MS = 300_000;
/** Items that are put off wait for midnight in China, for midnight in UTC (`http`), or for ten minutes after one of them. */
const midnight = /T(?:16|00):(?:0\d|10):/;
const LOOK_MS = 1_000;
/** Looks between two at every item. */
const PROOF_LOOKS = 10;
const awaitsProof = /records are being asked/;
const HUAWEI_LIMIT = 1_000;
/** Ten URLs of this length fill a request of Alibaba Cloud. */
const ALIBABA_URL_LENGTH = 560;

/** A vendor's own record of a URL: how often a request that it accepted named the URL. */
export interface Received {
  readonly account: AccountName;
  readonly url: string;
  readonly times: number;
}

export interface Asked {
  readonly account: AccountName;
  readonly urls: readonly string[];
  /** `undefined`: the answer was lost. */
  readonly answer: { readonly taskId: string } | { readonly refusal: string } | undefined;
}

export interface ItemEnd {
  readonly taskId: string;
  readonly url: string;
  readonly state: string;
  readonly code: string;
  readonly reason: string;
}

export interface Late {
  readonly nextStep: string;
  /** Everything that is open waits for the vendor's list to prove that its request did not arrive. */
  readonly awaitsProof: boolean;
  readonly reasons: readonly string[];
}

export interface Played {
  readonly plan: Plan;
  readonly asked: readonly Asked[];
  readonly items: readonly ItemEnd[];
  readonly taskIds: readonly string[];
  readonly received: readonly Received[];
  /** Units that each vendor accepted, by the vendor's own day. */
  readonly days: ReadonlyMap<string, number>;
  /** Days of the vendor that the machine's clock named. */
  readonly machineDays: number;
  /**
   * Milliseconds from the last restart until every task was settled, without those in which this process waited for a
   * processor; `undefined` when a task never was.
   */
  readonly settledMs: number | undefined;
  /** Milliseconds in which this process waited for a processor meanwhile. */
  readonly lagMs: number;
  /** Requests that reached the vendors after the last restart. */
  readonly traffic: readonly string[];
  /** The last server's words about the tasks that were not settled in time. */
  readonly late: readonly Late[];
  readonly counts: { readonly kills: number; readonly ends: number; readonly pauses: number; readonly steps: number };
  readonly log: readonly string[];
  /** `ok`, or the faults of the store file. */
  readonly integrity: string;
}

const dayOf = (at: number): string => new Date(at + 8 * 3_600_000).toISOString().slice(0, 10);

interface Slot {
  readonly number: number;
  readonly wires: Readonly<Record<"huawei" | "alibaba", Wire>>;
  session: Promise<Session> | undefined;
  pid: number | undefined;
  /** Paused, or down: later events for this server are skipped meanwhile. */
  busy: boolean;
}

async function startAccounts(plan: Plan, now: () => number, isCalm: () => boolean) {
  const random = seeded(plan.seed ^ 0x5eed);
  const password = plan.login === "password";
  const huawei = await startHuaweiVod({ now, dailyLimit: HUAWEI_LIMIT });
  const alibaba = await startAlibabaVod({ now, dailyLimit: plan.alibabaLimit, listDelayMs: plan.listDelayMs });
  const edge = await startEdge({ now });
  const options = {
    delay: (_: unknown, spending: boolean) => {
      if (isCalm() || !spending || !random.chance(plan.slow / 2)) return random.upTo(15);
      // The two legs of a request together.
      return random.upTo(SLOWEST_MS / 2);
    },
    fate: (leg: "there" | "back") =>
      !isCalm() && random.chance(leg === "there" ? plan.lostThere : plan.lostBack) ? ("is lost" as const) : ("goes on" as const),
    loses: () => random.chance(0.25),
  };
  const wires: Wire[] = [];
  const wireTo = async (target: string, spends: Parameters<typeof startWire>[0]["spends"]): Promise<Wire> => {
    const wire = await startWire({ target, spends, ...options });
    wires.push(wire);
    return wire;
  };
  const toEdge = await wireTo(edge.endpoint, () => true);
  const urlOf: Record<AccountName, (tag: string, index: number) => string> = {
    huawei: (tag, index) => `https://example.com/${tag}/${index}.mp4`,
    alibaba: (tag, index) => `https://${index % 2 === 0 ? "vod" : "media"}.example.net/${tag}/${index}-`.padEnd(ALIBABA_URL_LENGTH, "x"),
    http: (tag, index) => `${toEdge.endpoint}/${tag}/${index}.bin`,
  };
  return {
    urlOf,
    wiresOfServer: async () => ({
      huawei: await wireTo(huawei.endpoint, (request) => request.url?.endsWith("/preheating") === true && request.method === "POST"),
      alibaba: await wireTo(alibaba.endpoint, (request) => request.headers["x-acs-action"] === "PreloadVodObjectCaches"),
    }),
    env: (slot: Slot): Record<string, string> => ({
      ...huaweiEnv(huawei),
      ...(password && { HUAWEICLOUD_SDK_AK: "", HUAWEICLOUD_SDK_SK: "", ...passwordEnv(huawei) }),
      ...alibabaEnv(alibaba),
      PREFETCH_HUAWEI_VOD_ENDPOINT: slot.wires.huawei.endpoint,
      PREFETCH_ALIBABA_VOD_ENDPOINT: slot.wires.alibaba.endpoint,
      PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: slot.wires.alibaba.endpoint,
      PREFETCH_HTTP_ALLOW_LOOPBACK: "1",
      PREFETCH_ROUTES: "example.com=huawei-vod,*.example.net=alibaba-vod,127.0.0.1=http",
      PREFETCH_DAILY_BUDGET: String(plan.budget),
      PREFETCH_POLL_SECONDS: "1",
    }),
    received: (urls: Readonly<Record<AccountName, readonly string[]>>): Received[] => {
      const count = (account: AccountName, accepted: readonly string[]): Received[] =>
        [...Map.groupBy(accepted, (url) => url)].map(([url, all]) => ({ account, url, times: all.length }));
      return [
        ...count(
          "huawei",
          huawei.log.flatMap((entry) => entry.accepted),
        ),
        ...count(
          "alibaba",
          alibaba.log.flatMap((entry) => entry.accepted),
        ),
        ...urls.http.flatMap((url) => {
          const times = edge.originFetches(url);
          return times > 0 ? [{ account: "http" as const, url, times }] : [];
        }),
      ];
    },
    days: (): Map<string, number> => {
      const days = new Map<string, number>();
      for (const [account, log] of [
        ["huawei", huawei.log],
        ["alibaba", alibaba.log],
      ] as const) {
        for (const { at, accepted } of log) {
          const key = `${account} ${dayOf(at)}`;
          days.set(key, (days.get(key) ?? 0) + accepted.length);
        }
      }
      return days;
    },
    trafficSince: (since: number): string[] => {
      const named = [
        ...huawei.log.map(({ at, status, accepted, method, path }) => ({
          at,
          status,
          accepted,
          name: `${method} ${path.split("/").pop()}`,
        })),
        ...alibaba.log.map(({ at, status, accepted, action }) => ({ at, status, accepted, name: action })),
      ];
      const recent = named.filter(({ at }) => at >= since).sort((a, b) => a.at - b.at);
      return recent.map(({ at, status, accepted, name }) => `${Math.round((at - since) / 1_000)} s ${name} ${status} ${accepted.length}`);
    },
    close: async () => {
      await Promise.all(wires.map((wire) => wire.close()));
      await Promise.all([huawei.close(), alibaba.close(), edge.close()]);
    },
  };
}

function passwordEnv({ user, endpoint }: Awaited<ReturnType<typeof startHuaweiVod>>): Record<string, string> {
  return {
    PREFETCH_HUAWEI_IAM_USER: user.user,
    PREFETCH_HUAWEI_IAM_PASSWORD: user.password,
    PREFETCH_HUAWEI_IAM_DOMAIN: user.domain,
    HUAWEICLOUD_SDK_IAM_ENDPOINT: endpoint,
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
  const vendors = await startAccounts(plan, vendorNow, () => isCalm);
  const log: string[] = [];
  const asked: Asked[] = [];
  const counts = { kills: 0, ends: 0, pauses: 0, steps: 0 };
  const sessions = new Set<Session>();
  const pids = new Set<number>();
  let calls = 0;

  const start = async (slot: Slot): Promise<Session> => {
    let rest = "";
    const session = await modernSession({
      env: { HOME: folder, ...vendors.env(slot), ...machine.env, PREFETCH_STORE: `sqlite:${store}` },
      onStderr: (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        log.push(...lines.map((line) => `${slot.number} ${line}`));
      },
    });
    sessions.add(session);
    slot.pid = session.pid ?? undefined;
    if (slot.pid !== undefined) pids.add(slot.pid);
    return session;
  };
  const slots = await Promise.all(
    Array.from({ length: plan.servers }, async (_, number): Promise<Slot> => {
      return { number, wires: await vendors.wiresOfServer(), session: undefined, pid: undefined, busy: false };
    }),
  );

  const call = async (slot: Slot, { urls, policy }: Extract<Event, { does: "call" }>): Promise<void> => {
    const tag = `call-${calls}`;
    calls += 1;
    const wanted = accounts.flatMap((account) =>
      Array.from({ length: urls[account] }, (_, index) => ({ account, url: vendors.urlOf[account](tag, index) })),
    );
    if (wanted.length === 0) return;
    const note = (answer: Asked["answer"]): void => {
      for (const account of accounts) {
        const own = wanted.filter((each) => each.account === account).map(({ url }) => url);
        if (own.length > 0) asked.push({ account, urls: own, answer });
      }
    };
    try {
      while (slot.pid === undefined) await sleep(LOOK_MS / 10);
      const session = await slot.session;
      const answer = await session?.call("prefetch_urls", { urls: wanted.map(({ url }) => url), on_quota_exceeded: policy });
      if (answer?.isError) note({ refusal: answer.text });
      else if (answer) note({ taskId: taskOf(answer).task_id ?? "" });
    } catch {
      // The server was killed or paused in the middle of the call.
      note(undefined);
    }
  };

  /** Resolves when a request of the server is at that point, or after a while. */
  const reach = async (slot: Slot, aim: Aim): Promise<void> => {
    if (aim === "moment") return;
    const there = Promise.withResolvers<void>();
    const cancels = Object.values(slot.wires).map((wire) =>
      wire.interrupt(aim, 1, async () => {
        there.resolve();
        return "goes on";
      }),
    );
    await Promise.race([there.promise, sleep(AIM_MS)]);
    for (const cancel of cancels) cancel();
  };
  const signal = (slot: Slot, name: NodeJS.Signals): void => {
    try {
      if (slot.pid !== undefined) process.kill(slot.pid, name);
    } catch {
      // It has ended already.
    }
  };

  const play = async (event: Event): Promise<void> => {
    const slot = slots[event.server];
    if (!slot) return;
    if (event.does === "step") {
      counts.steps += 1;
      machine.set(vendorOffsetMs + event.offsetMs);
      machineDays.add(dayOf(machine.now()));
      return;
    }
    if (event.does === "call") return call(slot, event);
    if (slot.busy) return;
    slot.busy = true;
    await reach(slot, event.aim);
    if (event.does === "pause") {
      counts.pauses += 1;
      signal(slot, "SIGSTOP");
      await sleep(event.ms);
      signal(slot, "SIGCONT");
    } else {
      counts[event.signal === "SIGKILL" ? "kills" : "ends"] += 1;
      signal(slot, event.signal);
      // Calls wait until the server is there again.
      slot.pid = undefined;
      await sleep(event.downMs);
      slot.session = start(slot);
      await slot.session;
    }
    slot.busy = false;
  };

  try {
    for (const slot of slots) slot.session = start(slot);
    await Promise.all(slots.map(({ session }) => session));
    const begun = Date.now();
    await Promise.all(
      plan.events.map(async (event) => {
        await sleep(Math.max(0, begun + event.at - Date.now()));
        await play(event);
      }),
    );
    const last = slots[plan.seed % slots.length];
    if (!last) throw new Error("A round without servers.");
    signal(last, "SIGKILL");
    counts.kills += 1;
    isCalm = true;
    const session = await start(last);
    const settlingSince = vendorNow();
    const end = await settle(session);
    return {
      plan,
      asked,
      ...end,
      traffic: vendors.trafficSince(settlingSince),
      received: vendors.received({
        huawei: [],
        alibaba: [],
        http: asked.filter(({ account }) => account === "http").flatMap(({ urls }) => urls),
      }),
      days: vendors.days(),
      machineDays: machineDays.size,
      counts,
      log,
      integrity: integrityOf(store),
    };
  } finally {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended already.
      }
    }
    await Promise.allSettled([...sessions].map((session) => session.close()));
    await vendors.close();
    if (process.env.SOAK_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

const listed = z.object({ tasks: z.array(z.object({ task_id: z.string() })), next_cursor: z.string().optional() });

async function allTasks(session: Session): Promise<string[]> {
  const answer = await session.call("list_prefetch_tasks", { limit: 50 });
  if (answer.isError) throw new Error(answer.text);
  return listed.parse(answer.structured).tasks.map(({ task_id: id }) => id);
}

async function itemsOf(session: Session, taskId: string): Promise<TaskAnswer["items"] & object> {
  const items: (TaskAnswer["items"] & object)[number][] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const page = taskOf(await session.call("get_prefetch_status", { task_id: taskId, detail: "all", ...(cursor && { cursor }) }));
    items.push(...(page.items ?? []));
    cursor = page.next_cursor;
  }
  return items;
}

/** Adds the URLs that wait for the vendor's list to prove that their request did not arrive. */
async function noteProofs(session: Session, id: string, proofs: Set<string>): Promise<void> {
  for (const { url, reason = "" } of await itemsOf(session, id)) if (url && awaitsProof.test(reason)) proofs.add(url);
}

async function lateOf(session: Session, id: string, proofs: ReadonlySet<string>): Promise<Late> {
  const { next_step: nextStep } = taskOf(await session.call("get_prefetch_status", { task_id: id }));
  const open = (await itemsOf(session, id)).filter(({ state }) => state === "queued" || state === "processing");
  const reasons = open.map(({ state, url = "", reason = "" }) => `${state} ${URL.parse(url)?.hostname} ${reason}`);
  return { nextStep, awaitsProof: open.every(({ url = "" }) => proofs.has(url)), reasons: [...new Set(reasons)] };
}

const LAG_LOOK_MS = 50;

/** Adds up how late this process gets to run. A busy machine keeps the servers waiting for as long. */
function measureLag(): () => number {
  let lagMs = 0;
  let due = performance.now() + LAG_LOOK_MS;
  const timer = setInterval(() => {
    lagMs += Math.max(0, performance.now() - due);
    due = performance.now() + LAG_LOOK_MS;
  }, LAG_LOOK_MS);
  return () => {
    clearInterval(timer);
    return lagMs;
  };
}

/** Asks again and again until no item can change before another day. */
async function settle(session: Session): Promise<Pick<Played, "items" | "taskIds" | "settledMs" | "lagMs" | "late">> {
  const begun = performance.now();
  const stopMeasuring = measureLag();
  const late: Late[] = [];
  const proofs = new Set<string>();
  const taskIds = await allTasks(session);
  const open = new Set(taskIds);
  const isPutOff = (notBefore: string | undefined) => notBefore !== undefined && midnight.test(notBefore);
  const isSettled = async (id: string): Promise<boolean> => {
    const { counts } = taskOf(await session.call("get_prefetch_status", { task_id: id, wait_seconds: 2 }));
    if (counts.processing > 0) return false;
    if (counts.queued === 0) return true;
    const queued = (await itemsOf(session, id)).filter(({ state }) => state === "queued");
    return queued.length === counts.queued && queued.every((item) => isPutOff(item.not_before));
  };
  let look = 0;
  while (open.size > 0 && performance.now() - begun < PATIENCE_MS) {
    for (const id of open) if (await isSettled(id)) open.delete(id);
    if (look % PROOF_LOOKS === 0) for (const id of open) await noteProofs(session, id, proofs);
    look += 1;
    if (late.length === 0 && performance.now() - begun > SETTLED_MS) {
      for (const id of open) late.push(await lateOf(session, id, proofs));
    }
    if (open.size > 0) await sleep(LOOK_MS);
  }
  const lagMs = stopMeasuring();
  const settledMs = open.size === 0 ? performance.now() - begun - lagMs : undefined;
  const items = await Promise.all(
    taskIds.map(async (taskId) =>
      (await itemsOf(session, taskId)).map((item): ItemEnd => {
        const state = item.state === "queued" && isPutOff(item.not_before) ? "put off" : item.state;
        return { taskId, url: item.url ?? "", state, code: item.code ?? "", reason: item.reason ?? "" };
      }),
    ),
  );
  return { items: items.flat(), taskIds, settledMs, lagMs, late };
}
