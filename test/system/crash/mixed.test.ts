/**
 * Kills, pauses and clock steps in one schedule: two small rounds of the soak. Alibaba Cloud is left out, because its list
 * proves the absence of a request after 130 seconds only.
 */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { library, proveClocks } from "./machine-harness.ts";
import { playRound } from "./round-harness.ts";
import { account } from "./round-verdict-harness.ts";
import { type Event, type Plan, planOf } from "./schedule-harness.ts";

if (library === undefined) {
  if (process.env.CI === "true") throw new Error("there is no libfaketime here");
  process.stderr.write("mixed.test.ts: skipped, because there is no libfaketime here\n");
}

/** A schedule that is over in four seconds. */
function small(plan: Plan): Plan {
  const events = plan.events.map((event): Event => {
    const at = Math.round(event.at / 3.5);
    if (event.does === "call") return { ...event, at, urls: { ...event.urls, alibaba: 0 } };
    if (event.does === "end") return { ...event, at, downMs: Math.round(event.downMs / 4) };
    return event.does === "pause" ? { ...event, at, ms: Math.min(event.ms, 2_000) } : { ...event, at };
  });
  return { ...plan, slow: 0, lostThere: 0, events };
}

describe.skipIf(library === undefined)("servers that are killed and paused while their clock is set", { timeout: 120_000 }, () => {
  it.concurrent("have a wall clock that steps and a monotonic clock that does not", async ({ expect }) => {
    expect(await proveClocks(mkdtempSync(join(tmpdir(), "clock-")))).toMatch(/^a step of 18000000 ms moved the wall clock by 180/);
  });

  it.concurrent.for([11, 14])("lose nothing, send nothing twice and stay within the budget (seed %d)", async (seed, { expect }) => {
    const plan = small(planOf(seed));
    const { violations, lost, doubled, overQuota, received } = account(await playRound(plan));
    expect(violations).toEqual([]);
    expect({ lost, doubled, overQuota }).toEqual({ lost: 0, doubled: 0, overQuota: 0 });
    expect(received).toBeGreaterThan(0);
  });
});
