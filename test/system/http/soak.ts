/**
 * Many agents on one server for as long as one likes: `node test/system/http/soak.ts [minutes] [clients]`. Official clients of both
 * generations, five to a tenant, do the whole story again and again against the vendors' emulators, and look for what
 * is not theirs. Ends with 1 when something went wrong, was visible that must not be, or grew.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, baseEnv, bin, httpSessions, huaweiEnv, type Session, taskOf } from "../harness/clients-harness.ts";

const [minutes = 5, clients = 200] = process.argv.slice(2).map(Number);
const CLIENTS_OF_A_TENANT = 5;
/** All clients share the requests that both vendors allow in that time, minus some for queries. */
const STORIES_A_MINUTE = 60;
const PAUSE_MS = 1_500;
const SAMPLE_MS = 2_000;
/** Code is compiled and pools are filled in the beginning. */
const WARM_UP = 0.4;

const violations: string[] = [];
const figures = { stories: 0, calls: 0, foreignLooks: 0, slowestMs: 0 };
/** Tasks of each tenant, by its number. */
const tasksOf = new Map<number, Set<string>>();
/** Tasks that were in some tenant's list. Their owner may be known later: a colleague can see a task before its creator has the answer. */
const seen = new Set<string>();

interface Sample {
  readonly at: number;
  readonly heap: number;
  readonly rss: number;
  readonly handles: number;
  readonly descriptors: number;
}

const listed = z.object({ tasks: z.array(z.object({ task_id: z.string() })) });

async function start(env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [bin, "--transport", "http", "--port", "0"], {
    env: { ...baseEnv, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const entry: unknown = JSON.parse(line);
      const { msg, url, level } = z.object({ msg: z.string(), url: z.string().optional(), level: z.number() }).parse(entry);
      if (msg === "listening" && url !== undefined) resolve(url);
      else if (level >= 40) violations.push(`the server's log: ${line.slice(0, 300)}`);
    });
    child.once("exit", () => reject(new Error("The server ended")));
  });
  return { child, url };
}

async function sampled(url: string, token: string): Promise<Sample> {
  const response = await fetch(new URL("/metrics", url), { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  return {
    at: Date.now(),
    heap: value("nodejs_heap_size_used_bytes"),
    rss: value("process_resident_memory_bytes"),
    handles: value("nodejs_active_resources_total"),
    descriptors: value("process_open_fds"),
  };
}

/** One client's life: everything that an agent does, and attempts at forbidden things. */
async function live(number: number, connect: () => Promise<Session>, until: number, mayStart: () => boolean): Promise<void> {
  const tenant = Math.floor(number / CLIENTS_OF_A_TENANT);
  const own = tasksOf.get(tenant) ?? new Set<string>();
  tasksOf.set(tenant, own);
  const provider = number % 2 === 0 ? "huawei-vod" : "alibaba-vod";
  const host = provider === "huawei-vod" ? "example.com" : "vod.example.net";
  const session = await connect();
  let last: string | undefined;
  const timed = async <Result>(call: Promise<Result>): Promise<Result> => {
    const begun = performance.now();
    const result = await call;
    figures.calls += 1;
    figures.slowestMs = Math.max(figures.slowestMs, performance.now() - begun);
    return result;
  };
  const say = (what: string) => violations.push(`client ${number}: ${what}`);

  const story = async (): Promise<void> => {
    const urls = [1, 2].map((nth) => `https://${host}/${randomUUID()}-${nth}.mp4`);
    const plan = taskOf(await timed(session.call("prefetch_urls", { urls, provider, dry_run: true })));
    if (plan.counts.total !== 2) say(`a plan for ${plan.counts.total}`);
    const sent = taskOf(await timed(session.call("prefetch_urls", { urls, provider })));
    last = sent.task_id ?? "";
    own.add(last);
    const again = taskOf(await timed(session.call("prefetch_urls", { urls, provider })));
    if (again.task_id !== last) say(`${last} was asked for again and became ${again.task_id}`);
    let state = sent.state;
    while (!["succeeded", "partial", "failed", "cancelled"].includes(state) && Date.now() < until) {
      state = taskOf(await session.call("get_prefetch_status", { task_id: last, wait_seconds: 20 })).state;
    }
    if (Date.now() < until && state !== "succeeded") say(`${last} ended as ${state}`);
    figures.stories += 1;
  };

  const look = async (): Promise<void> => {
    const { tasks } = listed.parse((await timed(session.call("list_prefetch_tasks", { limit: 50 }))).structured);
    for (const { task_id: id } of tasks) seen.add(`${tenant} ${id}`);
    if ((await timed(session.call("get_prefetch_quota"))).isError) say("was not told the quota");
    if ((await timed(session.tools())).length !== 6) say("was offered other tools");
    if (last !== undefined) {
      const { task_id: id } = z.object({ task_id: z.string() }).parse(JSON.parse(await timed(session.read(`prefetch://tasks/${last}`))));
      if (id !== last) say(`read ${last} and got ${id}`);
    }
    const others = [...tasksOf].filter(([other]) => other !== tenant).flatMap(([, ids]) => [...ids].slice(-1));
    const foreign = others[Math.floor(Math.random() * others.length)];
    if (foreign === undefined) return;
    figures.foreignLooks += 1;
    const status = await timed(session.call("get_prefetch_status", { task_id: foreign }));
    if (!status.isError || !status.text.startsWith("not_found")) say(`saw the foreign task ${foreign}`);
    const cancelled = await timed(session.call("cancel_prefetch", { task_id: foreign }));
    if (!cancelled.isError || !cancelled.text.startsWith("not_found")) say(`reached the foreign task ${foreign}`);
    await session.read(`prefetch://tasks/${foreign}`).then(
      () => say(`read the foreign task ${foreign}`),
      (error: unknown) => {
        if (!String(error).includes("there is no task")) say(`asked for a foreign task: ${String(error)}`);
      },
    );
  };

  try {
    while (Date.now() < until) {
      if (mayStart()) await story();
      await look();
      await sleep(PAUSE_MS * (0.5 + Math.random()));
    }
  } catch (error) {
    say(String(error));
  } finally {
    await session.close();
  }
}

const secrets = Array.from({ length: clients }, () => randomUUID());
const adminToken = randomUUID();
const hash = (token: string) => createHash("sha256").update(token).digest("hex");
const tokens = [
  ...secrets.map((token, number) => ({
    name: `client-${number}`,
    sha256: hash(token),
    scopes: ["prefetch:write"],
    tenant: `tenant-${Math.floor(number / CLIENTS_OF_A_TENANT)}`,
  })),
  { name: "scraper", sha256: hash(adminToken), scopes: ["prefetch:admin"] },
];
const folder = mkdtempSync(join(tmpdir(), "soak-http-"));
const [huawei, alibaba] = await Promise.all([
  startHuaweiVod({ firstMs: 500, eachMs: 100 }),
  startAlibabaVod({ firstMs: 500, dailyLimit: 100_000 }),
]);
const store = `sqlite:${join(folder, "store.sqlite")}`;
const { child, url } = await start({
  ...huaweiEnv(huawei, store),
  ...alibabaEnv(alibaba, store),
  PREFETCH_POLL_SECONDS: "5",
  PREFETCH_SERVER_TOKENS: JSON.stringify(tokens),
  PREFETCH_TENANT_REQUESTS_PER_MINUTE: "1000000",
});

const begun = Date.now();
const until = begun + minutes * 60_000;
let storiesBegun = 0;
const mayStart = (): boolean => {
  if (storiesBegun >= ((Date.now() - begun) / 60_000) * STORIES_A_MINUTE) return false;
  storiesBegun += 1;
  return true;
};
const samples: Sample[] = [];
const sampling = (async () => {
  while (Date.now() < until) {
    samples.push(await sampled(url, adminToken));
    await sleep(SAMPLE_MS);
  }
})();
await Promise.all([
  sampling,
  ...secrets.map((token, number) => {
    const [, connect] = httpSessions[number % 2 === Math.floor(number / 2) % 2 ? 0 : 1];
    return live(number, () => connect(url, token), until, mayStart);
  }),
]);
const stopped = new Promise((resolve) => child.once("exit", resolve));
child.kill("SIGTERM");
if ((await stopped) !== 0) violations.push("the server did not end with 0");
await Promise.all([huawei.close(), alibaba.close()]);
rmSync(folder, { recursive: true });

for (const sighting of seen) {
  const [tenant, id = ""] = sighting.split(" ");
  if (!tasksOf.get(Number(tenant))?.has(id)) violations.push(`tenant ${tenant} saw ${id} in its list, which is not its own`);
}

/** The least of each figure in a part of the run: what garbage there is on top of it says nothing. */
const warm = samples.filter(({ at }) => at - begun >= minutes * 60_000 * WARM_UP);
const least = (part: readonly Sample[], figure: keyof Sample) => Math.min(...part.map((sample) => sample[figure]));
const half = Math.floor(warm.length / 2);
for (const [figure, most] of [
  ["heap", 1.2],
  // The resident size only informs, because a process rarely returns memory to the system.
  ["rss", Number.POSITIVE_INFINITY],
  ["handles", 1.2],
  ["descriptors", 1.2],
] as const) {
  const [before, after] = [least(warm.slice(0, half), figure), least(warm.slice(half), figure)];
  const ratio = after / before;
  process.stdout.write(`${figure}: ${before.toLocaleString("en")} then ${after.toLocaleString("en")}, x ${ratio.toFixed(3)}\n`);
  if (!(ratio <= most)) violations.push(`${figure} grew by x ${ratio.toFixed(3)}`);
}
process.stdout.write(
  `${clients} clients, ${minutes} minutes: ${figures.stories} stories, ${figures.calls} calls, ${figures.foreignLooks} looks at foreign tasks, slowest call ${Math.round(figures.slowestMs)} ms\n`,
);
for (const violation of violations.slice(0, 20)) process.stdout.write(`VIOLATION ${violation}\n`);
process.stdout.write(violations.length === 0 ? "Everything held.\n" : `${violations.length} violations.\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
