/**
 * A machine with a wall clock of its own for the built server: libfaketime (Debian: `apt-get install libfaketime`) adds an
 * offset to `CLOCK_REALTIME` of each process. The monotonic clock is the real one, which `proveClocks` checks.
 */

import { execFile } from "node:child_process";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The library for several threads: libuv and SQLite ask for the time in threads of their own. */
const places = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((triplet) => `/usr/lib/${triplet}/faketime/libfaketimeMT.so.1`);

export const library = places.find((path) => existsSync(path));

export interface Machine {
  /** The environment of a process on this machine. */
  readonly env: Readonly<Record<string, string>>;
  now(): number;
  /** Sets the wall clock of all processes to this distance from the real time. They notice at their next look. */
  set(offsetMs: number): void;
}

export function createMachine(folder: string, startOffsetMs: number): Machine {
  if (library === undefined) throw new Error("libfaketime is missing: install the Debian package of that name.");
  const file = join(folder, "clock");
  let offsetMs = startOffsetMs;
  const set: Machine["set"] = (ms) => {
    offsetMs = ms;
    // Renaming is atomic, so no process reads half a number.
    writeFileSync(`${file}.new`, `${ms < 0 ? "" : "+"}${(ms / 1_000).toFixed(3)}`);
    renameSync(`${file}.new`, file);
  };
  set(offsetMs);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // Otherwise a process reads the file every ten seconds only.
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      // A killed process would leave its shared memory behind.
      FAKETIME_DISABLE_SHM: "1",
      NO_FAKE_STAT: "1",
    },
    now: () => Date.now() + offsetMs,
    set,
  };
}

/** Throws unless a step of the wall clock leaves the monotonic clock and the timers of a process alone. */
export async function proveClocks(folder: string): Promise<string> {
  const machine = createMachine(folder, 0);
  const script = `
    const read = () => [Date.now(), Number(process.hrtime.bigint() / 1_000_000n), performance.now()];
    const before = read();
    process.stdout.write("ready\\n");
    process.stdin.once("data", () => setTimeout(() => {
      console.log(JSON.stringify(read().map((value, index) => value - before[index])));
      process.exit();
    }, 200));`;
  const probe = run(process.execPath, ["-e", script], { env: { PATH: process.env.PATH ?? "", ...machine.env } });
  const stepMs = 5 * 3_600_000;
  probe.child.stdout?.once("data", () => {
    machine.set(stepMs);
    probe.child.stdin?.write("go\n");
  });
  const { stdout } = await probe;
  const [wall = 0, ...monotonic] = JSON.parse(stdout.split("\n")[1] ?? "[]") as number[];
  if (wall < stepMs || monotonic.length !== 2 || !monotonic.every((ms) => ms >= 0 && ms < 60_000)) {
    throw new Error(`The clocks of a process moved by ${stdout.trim()} at a step of ${stepMs} ms.`);
  }
  return `a step of ${stepMs} ms moved the wall clock by ${wall} ms and the monotonic clocks by ${monotonic.map(Math.round).join(" and ")} ms`;
}
