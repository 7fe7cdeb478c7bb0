import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { type Check, runCheck, within } from "../../../src/cli/commands/doctor/check.ts";
import { rowsOf } from "../../../src/cli/commands/doctor/finding.ts";

const never = () => new Promise<never>(() => undefined);
const check = (more: Partial<Check>): Check => ({
  area: "store",
  needs: [],
  limitMs: 1_000,
  run: () => [rowsOf("store").ok("file", "Fine.")],
  ...more,
});

function runs(more: Partial<Check>, broken: readonly string[] = []) {
  const reported: unknown[] = [];
  return { found: runCheck(check(more), { broken, report: (error) => void reported.push(error) }), reported };
}

describe("runCheck", () => {
  it("returns the findings of the check", async () => {
    expect(await runs({}).found).toEqual([{ area: "store", name: "file", state: "ok", says: "Fine." }]);
  });

  it("skips a check that relies on a setting whose value cannot be used", async () => {
    const { found } = runs({ needs: ["PREFETCH_STORE", "PREFETCH_SANDBOX"], run: never }, ["PREFETCH_PORT", "PREFETCH_STORE"]);
    expect(await found).toEqual([
      {
        area: "store",
        name: "settings",
        state: "skipped",
        says: "Not checked, because PREFETCH_STORE cannot be used.",
        next: "Correct that first.",
      },
    ]);
  });

  it("turns a check that never ends into a failed row, and aborts it", async () => {
    const signals: AbortSignal[] = [];
    const run = (signal: AbortSignal) => {
      signals.push(signal);
      return never();
    };
    const [row] = await runs({ run, limitMs: 1 }).found;
    expect(row).toMatchObject({
      area: "store",
      state: "failed",
      says: expect.stringMatching(/^The check of store got no answer within 0\.001 seconds/),
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("turns an expected error into a failed row with its hint", async () => {
    const run = () => Promise.reject(new PrefetchError("auth_failed", "The vendor refused it", { hint: "Check the key." }));
    const { found, reported } = runs({ run });
    expect(await found).toMatchObject([{ state: "failed", says: "The vendor refused it.", next: "Check the key." }]);
    expect(reported).toEqual([]);
  });

  it("reports a bug and shows none of its text", async () => {
    const bug = new Error("a secret");
    const { found, reported } = runs({ run: () => Promise.reject(bug) });
    const rows = await found;
    expect(rows).toMatchObject([{ state: "failed" }]);
    expect(JSON.stringify(rows)).not.toContain("secret");
    expect(reported).toEqual([bug]);
  });
});

describe("within", () => {
  it("rejects with the reason of the outer signal when that aborts first", async () => {
    const outer = new AbortController();
    const work = within(60_000, "It", outer.signal, never);
    outer.abort(new Error("outer"));
    await expect(work).rejects.toThrow("outer");
  });

  it("names the time-out even when the work rejects with an error of its own once it is aborted", async () => {
    const heeding = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(new PrefetchError("cancelled", "stopped"))));
    await expect(within(1, "The edge", undefined, heeding)).rejects.toThrow(/^The edge got no answer/);
  });
});
