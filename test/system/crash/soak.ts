/**
 * The crash tests for any length: `node test/system/crash/soak.ts [kills] [seed]`. Each store has one or several servers and
 * some tasks. The script kills servers until the number is reached, and exits with 1 when a promise did not hold.
 */

import { taskOf } from "../harness/clients-harness.ts";
import { type Aim, type Hit, strike } from "./crash-harness.ts";
import { newSeed, type Random, seeded } from "./random-harness.ts";
import { chinaAt, type Scene, type SceneOptions, type Server, serverBehind, stage, until } from "./scene-harness.ts";
import { endingOf, type Figures, judge } from "./verdict-harness.ts";

const KILLS = 300;
const KILLS_A_ROUND = 25;
/** A stopped process goes on after this time of its own: a little longer than the longest lease. */
const STOPPED_MS = 320_000;
const aims: readonly Aim[] = ["connected", "there", "there", "back", "back", "moment", "moment"];
const signals = ["SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", "SIGTERM", "SIGSTOP"] as const;

interface Plan extends Omit<SceneOptions, "random"> {
  readonly servers: number;
  readonly tasks: number;
  readonly urls: number;
  readonly policy: "partial" | "defer";
}

function planOf(random: Random, round: number): Plan {
  const vendor = round % 2 === 0 ? "huawei-vod" : "alibaba-vod";
  const midnight = random.chance(0.25);
  return {
    vendor,
    // A request that is in flight for longer than 100 s counts as lost. At speed 20 that is five seconds.
    speed: vendor === "huawei-vod" ? 40 : 20,
    start: midnight ? chinaAt(23, 50 + random.upTo(6)) : chinaAt(12),
    limit: random.pick([400, 1_000, 3_000]),
    servers: random.pick([1, 1, 2, 3]),
    tasks: random.pick([1, 3, 5]),
    urls: random.pick([300, 400, 600]),
    policy: midnight ? "defer" : random.pick(["partial", "defer"]),
  };
}

interface Round {
  readonly figures: Figures;
  readonly violations: readonly string[];
  readonly kills: readonly Hit[];
  readonly ended: number;
  readonly stopped: number;
}

async function play(scene: Scene, plan: Plan, most: number): Promise<Round> {
  const { random } = scene;
  const counts = { SIGKILL: 0, SIGTERM: 0, SIGSTOP: 0 };
  const kills: Hit[] = [];
  const asked: string[] = [];
  const ids: string[] = [];
  const violations: string[] = [];
  const asleep = new Map<Server, number>();
  const awake: Server[] = [];
  let calls = 0;

  /** A new server, by whose client a new task comes. */
  const call = async (wire: number): Promise<Server> => {
    const urls = scene.vendor.urls(`task-${calls}`, plan.urls);
    calls += 1;
    const session = await scene.session(wire);
    const answer = await session.call("prefetch_urls", { urls, on_quota_exceeded: plan.policy });
    if (!answer.isError) {
      ids.push(taskOf(answer).task_id ?? "");
      asked.push(...urls);
    } else if (!answer.text.startsWith("quota_exhausted")) violations.push(`a call was answered with ${answer.text}`);
    return serverBehind(session);
  };
  const wakeAll = (): void => {
    for (const [server, at] of asleep) {
      if (at > scene.now()) continue;
      process.kill(server.pid, "SIGCONT");
      asleep.delete(server);
      awake.push(server);
    }
  };
  /** One server after the other, for as long as there is something to be done. */
  const live = async (wire: number): Promise<void> => {
    while (kills.length < most && (calls < plan.tasks || scene.waiting() > 0)) {
      wakeAll();
      const calling = calls < plan.tasks && (scene.waiting() < 20 || random.chance(0.1));
      const server = calling ? await call(wire) : await scene.start(wire);
      const signal = random.pick(signals);
      const hit = await strike(scene, server, { aim: random.pick(aims), nth: 1 + random.upTo(3), signal, number: wire });
      counts[signal] += 1;
      if (signal === "SIGKILL") kills.push(hit);
      if (signal === "SIGSTOP") asleep.set(server, scene.now() + STOPPED_MS);
    }
  };

  await Promise.all(Array.from({ length: plan.servers }, (_, wire) => live(wire)));
  const last = await scene.session(plan.servers);
  await until("the suspended servers to have slept for long enough", () => {
    wakeAll();
    return asleep.size === 0;
  });
  await until("everything to be sent", () => scene.waiting() === 0);
  await Promise.all(awake.map((server) => server.kill("SIGTERM")));
  const verdict = judge(scene, asked, await endingOf(scene, last, ids));
  const { figures } = verdict;
  return { figures, violations: [...violations, ...verdict.violations], kills, ended: counts.SIGTERM, stopped: counts.SIGSTOP };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const wanted = Number(process.argv[2] ?? KILLS);
const seed = Number(process.argv[3] ?? newSeed());
const random = seeded(seed);
say(`${wanted} kills, seed ${seed}`);

const rounds: Round[] = [];
const killed = () => rounds.reduce((sum, { kills }) => sum + kills.length, 0);
while (killed() < wanted) {
  const plan = planOf(random, rounds.length);
  const scene = await stage({ ...plan, random });
  try {
    const round = await play(scene, plan, Math.min(KILLS_A_ROUND, wanted - killed()));
    rounds.push(round);
    const { vendor, servers, policy, limit } = plan;
    say(
      `${rounds.length}. ${vendor}, ${servers} server(s), "${policy}" of ${limit}: ${round.kills.length} kills, ${JSON.stringify(round.figures)}`,
    );
    for (const violation of round.violations) say(`   VIOLATION: ${violation}`);
  } finally {
    await scene.close();
  }
}

const hits = rounds.flatMap(({ kills }) => kills);
const sum = (number: (round: Round) => number) => rounds.reduce((total, round) => total + number(round), 0);
const violated = sum(({ violations }) => violations.length);
say("");
say(`killed          ${hits.length}, of them ${hits.filter(({ there }) => there > 0).length} with requests on their way to the vendor,`);
say(
  `                ${hits.filter(({ back }) => back > 0).length} with answers on their way back, ${hits.filter(({ waiting }) => waiting > 0).length} with batches left`,
);
say(`told to end     ${sum(({ ended }) => ended)}`);
say(`stopped         ${sum(({ stopped }) => stopped)}`);
say(`URLs            ${sum(({ figures }) => figures.urls)}`);
say(`received once   ${sum(({ figures }) => figures.receivedOnce)}`);
say(`resent          ${sum(({ figures }) => figures.resent)}`);
say(`unknown         ${sum(({ figures }) => figures.unknown)}, of them ${sum(({ figures }) => figures.unknownReceived)} received`);
say(`over quota      ${sum(({ figures }) => figures.overQuota)}, and ${sum(({ figures }) => figures.putOff)} that wait for another day`);
say(`limit exceeded  ${sum(({ figures }) => figures.exceeded)}`);
say(`throttled       ${sum(({ figures }) => figures.throttled)}`);
say(`leftovers       ${sum(({ figures }) => figures.leftovers)}`);
say(`violations      ${violated}`);
process.exitCode = violated === 0 ? 0 : 1;
