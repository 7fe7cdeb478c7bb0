/**
 * Kills, pauses and clock steps in one schedule, for any number of rounds:
 * `node test/system/crash/soak.ts [rounds] [seed] [rounds at once]`. With `0` rounds, it repeats the one round whose seed follows.
 * It exits with 1 when a promise did not hold.
 */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { proveClocks } from "./machine-harness.ts";
import { newSeed } from "./random-harness.ts";
import { type Played, playRound } from "./round-harness.ts";
import { type Account, account } from "./round-verdict-harness.ts";
import { type Plan, planOf, roundSeed } from "./schedule-harness.ts";

const ROUNDS = 300;
/** Rounds mostly wait. More at once, and two cores are too slow for the timing that the rounds are about. */
const AT_ONCE = 12;
const STAGGER_MS = 1_500;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [wanted = ROUNDS, given = newSeed(), atOnce = AT_ONCE] = process.argv.slice(2).map(Number);
const seeds = wanted === 0 ? [given] : Array.from({ length: wanted }, (_, round) => roundSeed(given, round));
say(`${seeds.length} rounds, seed ${given}, ${atOnce} at once`);
say(await proveClocks(mkdtempSync(join(tmpdir(), "clock-"))));

interface Result {
  readonly played: Played;
  readonly found: Account;
}

const results: Result[] = [];
const failures: string[] = [];

function describe({ seed, servers, clock, login, events }: Plan): string {
  const does = (what: string): number => events.filter((event) => event.does === what).length;
  return `seed ${seed}: ${servers} server(s), clock ${clock}, ${login}, ${does("end")} ends, ${does("pause")} pauses, ${does("step")} steps`;
}

function outcome({ asked, settledMs, lagMs }: Played, { urls, received, unknown }: Account): string {
  const calls = asked.map(({ answer }) => (answer === undefined ? "cut off" : "taskId" in answer ? "answered" : "refused"));
  const counts = [...Map.groupBy(calls, (call) => call)].map(([call, { length }]) => `${length} ${call}`).join(", ");
  const settled = settledMs === undefined ? "never" : `after ${Math.round(settledMs / 1_000)} s`;
  return `calls by account: ${counts}; ${urls} URLs, ${received} received, ${unknown} unknown, settled ${settled} (${Math.round(lagMs / 1_000)} s lag)`;
}

const begun = performance.now();
const queue = [...seeds];
const work = async (_: unknown, first: number): Promise<void> => {
  // Servers that all start at once would be too slow for their schedules.
  await sleep(first * STAGGER_MS);
  for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) {
    const plan = planOf(seed);
    try {
      const played = await playRound(plan);
      const found = account(played);
      results.push({ played, found });
      say(`${results.length}. ${describe(plan)}`);
      say(`   ${outcome(played, found)}`);
      for (const violation of found.violations) say(`   VIOLATION: ${violation}`);
    } catch (error) {
      failures.push(`${describe(plan)}: ${error instanceof Error ? error.stack : error}`);
      say(`   FAILED: ${failures.at(-1)}`);
    }
  }
};
await Promise.all(Array.from({ length: atOnce }, work));

const sum = (number: (result: Result) => number) => results.reduce((total, result) => total + number(result), 0);
const slowest = Math.max(0, ...results.map(({ played }) => played.settledMs ?? Number.POSITIVE_INFINITY));
say("");
say(`rounds      ${results.length} in ${Math.round((performance.now() - begun) / 1_000)} s, ${failures.length} that failed to run`);
say(`killed      ${sum(({ played }) => played.counts.kills)}, told to end ${sum(({ played }) => played.counts.ends)}`);
say(`paused      ${sum(({ played }) => played.counts.pauses)}`);
say(`clock steps ${sum(({ played }) => played.counts.steps)}`);
say(
  `URLs        ${sum(({ found }) => found.urls)}, received ${sum(({ found }) => found.received)}, unknown ${sum(({ found }) => found.unknown)}`,
);
const codes = new Map<string, number>();
for (const { found } of results) for (const [code, count] of found.rejected) codes.set(code, (codes.get(code) ?? 0) + count);
say(`failed      ${sum(({ found }) => found.failed)} that the slow edge did not answer in time`);
say(`rejected    ${[...codes].map(([code, count]) => `${count} ${code}`).join(", ") || "none"}`);
say(`lost        ${sum(({ found }) => found.lost)}`);
say(`doubled     ${sum(({ found }) => found.doubled)}`);
say(`over quota  ${sum(({ found }) => found.overQuota)}`);
say(
  `proven      ${sum(({ found }) => found.proven)} rounds that took longer than 90 s, because the vendor's list had to prove that a request is absent`,
);
say(`unsettled   ${sum(({ found }) => found.unsettled)} rounds, the slowest after ${Math.round(slowest / 1_000)} s`);
say(`violations  ${sum(({ found }) => found.violations.length)}`);
process.exit(sum(({ found }) => found.violations.length) + failures.length === 0 ? 0 : 1);
