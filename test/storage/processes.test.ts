/** Several processes on one store file at once. */

import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock, NOON, TODAY } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { ACCOUNT, type Answer, answer, type Job } from "./reserve-child-process.ts";

const PROCESSES = 5;

type WithoutRouting<Kind> = Kind extends Job ? Omit<Kind, "file" | "who"> : never;

function nextAnswer(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error("A process ended without an answer."));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(answer.parse(message));
    });
  });
}

describe("several processes on one file", () => {
  let children: ChildProcess[] = [];

  beforeAll(async () => {
    const script = fileURLToPath(new URL("reserve-child-process.ts", import.meta.url));
    children = Array.from({ length: PROCESSES }, () =>
      fork(script, { execPath: process.execPath, execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] }),
    );
    await Promise.all(children.map(nextAnswer));
  });
  afterAll(() => {
    for (const child of children) child.kill();
  });

  const newFile = (): string => {
    const folder = mkdtempSync(join(tmpdir(), "cdn-prefetch-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return join(folder, "store.sqlite");
  };

  /** Sends every process the same job. */
  const together = async (file: string, work: WithoutRouting<Job>): Promise<Answer[]> => {
    const answers = children.map(nextAnswer);
    for (const [who, child] of children.entries()) child.send({ ...work, file, who });
    const all = await Promise.all(answers);
    expect(all.map((each) => each.error)).toEqual(Array(PROCESSES).fill(undefined));
    return all;
  };

  it("create it at the same time without an error", async () => {
    const file = newFile();
    const files = 30;
    await together(file, { kind: "create", files });
    for (let number = 0; number < files; number += 1) {
      const storage = await openSqlite(`${file}-${number}`, fakeClock());
      expect((await storage.ledger(ACCOUNT, TODAY)).used).toBe(PROCESSES);
      await storage.close();
    }
  });

  it("spend exactly the day's limit together", async () => {
    const file = newFile();
    // 5 times 12 times 7 is 420 of 100; 7 does not divide 100, so one call is admitted in part.
    const answers = await together(file, { kind: "spend", limit: 100, size: 7, times: 12 });
    expect(answers.reduce((sum, each) => sum + each.spent, 0)).toBe(100);

    const storage = await openSqlite(file, fakeClock());
    onTestFinished(() => storage.close());
    expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 100, pending: 100, exhausted: false });
    // The file has every item that a process was admitted for.
    let items = 0;
    for (let who = 0; who < PROCESSES; who += 1) {
      for (let time = 0; time < 12; time += 1) items += (await storage.items(`pf_${who}_${time}`, { limit: 100 })).length;
    }
    expect(items).toBe(100);
  });

  it("claim every batch once", async () => {
    const file = newFile();
    const storage = await openSqlite(file, fakeClock());
    onTestFinished(() => storage.close());
    const task = newTask({ id: "pf_1", urls: manyUrls(120), perBatch: 1 });
    await storage.admit([accountQuery()], () => ({ task: task }));

    const answers = await together(file, { kind: "claim", now: NOON });
    const claimed = answers.flatMap((each) => each.claimed);
    expect(claimed).toHaveLength(120);
    expect(new Set(claimed)).toHaveLength(120);
    // When all leases have run out, each batch is taken over by one process again.
    const taken = (await together(file, { kind: "claim", now: NOON + 60_000 })).flatMap((each) => each.claimed);
    expect([...taken].sort()).toEqual([...claimed].sort());
  });

  it("reserve different slots, and together start at most one burst at once", async () => {
    const file = newFile();
    const answers = await together(file, { kind: "slots", now: NOON, times: 20, intervalMs: 600, burst: 4 });
    const waits = answers.flatMap((each) => each.waits).sort((a, b) => a - b);
    expect(waits).toEqual([0, 0, 0, ...Array.from({ length: 97 }, (_, slot) => slot * 600)]);
  });
});
