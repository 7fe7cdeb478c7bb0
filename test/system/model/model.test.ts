/**
 * Random lives of tasks, with several processes that die, come late or are suspended, and with vendors of every kind,
 * compared with a model of the promises. A failure prints the values of MODEL_SEED, MODEL_PATH and MODEL_REPLAY that repeat it.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { openStorage } from "../../storage/open-harness.ts";
import { type ModelCommand, modelCommands } from "./model-commands.ts";
import { milestones } from "./model-coverage.ts";
import { drain } from "./model-drain.ts";
import { leftAtVendor, newModel } from "./model-state.ts";
import { createWorld } from "./model-world.ts";

/** The usual runs are always the same, so their coverage does not depend on luck. MODEL_RUNS chooses a number of new runs. */
const USUAL = { numRuns: 300, seed: 20_261_121 };
const RUNS = Number(env.MODEL_RUNS ?? USUAL.numRuns);
const PROCESSES = 3;
const PATIENCE_MS = Math.max(120_000, RUNS * 500);

const replay = { ...(env.MODEL_SEED && { seed: Number(env.MODEL_SEED) }), ...(env.MODEL_PATH && { path: env.MODEL_PATH }) };

/** Runs the commands on a new store and lets everything end. Returns the situations that occurred. */
async function live(commands: Iterable<ModelCommand>, open: (clock: Clock) => Promise<Storage[]>): Promise<Set<string>> {
  const seen = new Set<string>();
  const model = newModel(PROCESSES, (what) => seen.add(what));
  const clock: Clock = { now: () => model.now, monotonic: () => model.now - model.stepped, boot: "test", sleep: async () => undefined };
  const world = createWorld({
    clock,
    storages: await open(clock),
    leftAt: (account) => leftAtVendor(model, account),
    suspend: (ms) => {
      model.now += ms;
    },
  });
  try {
    await fc.asyncModelRun(() => ({ model, real: world }), commands);
    const onTheWay = new Set(seen);
    await drain(model, world);
    return onTheWay;
  } finally {
    await world.close();
  }
}

describe("the store, whatever happens to processes and vendors,", () => {
  it(
    "keeps its promises",
    async () => {
      const runsWith = new Map<string, number>();
      const commands = modelCommands(env.MODEL_REPLAY);
      const property = fc.asyncProperty(commands, async (drawn) => {
        for (const what of await live(drawn, async (clock) => [await openStorage(":memory:", clock)])) {
          runsWith.set(what, (runsWith.get(what) ?? 0) + 1);
        }
      });
      await fc.assert(property, env.MODEL_RUNS === undefined ? { ...USUAL, ...replay } : { numRuns: RUNS, ...replay });
      if (env.MODEL_RUNS !== undefined) return;
      const missed = milestones.filter(([what, least]) => (runsWith.get(what) ?? 0) < least);
      expect(missed.map(([what, least]) => `${what}: in ${runsWith.get(what) ?? 0} runs instead of ${least}`)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    "keeps its promises when each process opens the file itself",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "cdn-prefetch-"));
      let files = 0;
      const property = fc.asyncProperty(modelCommands(), async (drawn) => {
        files += 1;
        const path = join(folder, `${files}.sqlite`);
        await live(drawn, (clock) => Promise.all(Array.from({ length: PROCESSES }, () => openStorage(path, clock))));
      });
      try {
        await fc.assert(property, { numRuns: Math.ceil(RUNS / 15) });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      expect(files).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});
