import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createProgressBuffer, type PendingProgress, type ProgressBufferOptions } from "../../../src/prefetch/delivery/progress-buffer.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { workOf } from "../work-harness.ts";

function setUp(count: number, more: Partial<ProgressBufferOptions> = {}) {
  const clock = fakeClock();
  const written: PendingProgress[] = [];
  const reports: unknown[] = [];
  const { items } = workOf(manyUrls(count), Array(count).fill("queued"));
  const buffer = createProgressBuffer({
    items,
    clock,
    write: async (pending) => void written.push(pending),
    report: (error) => reports.push(error),
    ...more,
  });
  const settle = (index: number) => buffer.settled({ url: manyUrls(count)[index] ?? "", state: "succeeded", reason: `Seen ${index}.` });
  return { clock, buffer, settle, written, reports };
}

const outcomeOf = (index: number) => ({ index, state: "succeeded", reason: `Seen ${index}.` });

describe("createProgressBuffer", () => {
  it("renews the lease every five seconds when the clock is set back", async () => {
    const { clock, buffer, written } = setUp(1);
    buffer.begin();
    await clock.advance(1_000);
    clock.step(-3_600_000);
    await clock.advance(11_000);
    expect(written).toHaveLength(2);
    await buffer.end();
  });

  it("writes the reports of the last second once a second", async () => {
    const { clock, buffer, settle, written } = setUp(3);
    buffer.begin();
    settle(1);
    buffer.moved(10);
    buffer.moved(5);
    await clock.advance(999);
    expect(written).toEqual([]);
    await clock.advance(1);
    buffer.moved(1);
    await clock.advance(5_000);
    expect(written).toEqual([
      { items: [outcomeOf(1)], bytes: 15 },
      { items: [], bytes: 1 },
    ]);
    await buffer.end();
  });

  it("returns the unwritten reports and the unreported items when it ends", async () => {
    const { clock, buffer, settle } = setUp(3);
    buffer.begin();
    settle(2);
    await clock.advance(1_000);
    buffer.settled({ url: manyUrls(1)[0] ?? "", state: "failed", code: "not_found", reason: "Gone." });
    buffer.moved(7);
    const left = await buffer.end();
    expect(left).toMatchObject({ items: [{ index: 0, state: "failed", code: "not_found", reason: "Gone." }], bytes: 7 });
    expect(left.open.map(({ index }) => index)).toEqual([1]);
    expect(clock.alarms()).toEqual([]);
  });

  it("keeps the first report of a URL and ignores URLs of other batches", async () => {
    const { buffer, settle } = setUp(2);
    settle(0);
    buffer.settled({ url: manyUrls(1)[0] ?? "", state: "failed", reason: "A second report." });
    buffer.settled({ url: "https://elsewhere.example/", state: "failed", reason: "Not in the batch." });
    expect(await buffer.end()).toMatchObject({ items: [outcomeOf(0)], open: [{ index: 1 }] });
  });

  it("writes nothing before it begins, and then writes the earlier reports", async () => {
    const { clock, buffer, settle, written } = setUp(1);
    settle(0);
    await clock.advance(60_000);
    expect(written).toEqual([]);
    buffer.begin();
    await clock.advance(1_000);
    expect(written).toEqual([{ items: [outcomeOf(0)], bytes: 0 }]);
    expect(await buffer.end()).toEqual({ items: [], bytes: 0, open: [] });
  });

  it("writes an empty report every five seconds when the provider reports nothing", async () => {
    const { clock, buffer, written } = setUp(1);
    buffer.begin();
    await clock.advance(4_999);
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written).toEqual([{ items: [], bytes: 0 }]);
    await clock.advance(10_000);
    expect(written).toHaveLength(3);
    await buffer.end();
  });

  it("writes reports again with the next write when a write fails", async () => {
    let broken = true;
    const written: PendingProgress[] = [];
    const write = async (pending: PendingProgress): Promise<void> => {
      if (broken) throw new Error("The disk is full");
      written.push(pending);
    };
    const { clock, buffer, settle, reports } = setUp(3, { write });
    buffer.begin();
    settle(0);
    buffer.moved(1);
    await clock.advance(1_000);
    settle(1);
    buffer.moved(2);
    await clock.advance(1_000);
    broken = false;
    await clock.advance(1_000);
    expect(written).toEqual([{ items: [outcomeOf(0), outcomeOf(1)], bytes: 3 }]);
    expect(reports).toHaveLength(2);
    await buffer.end();
  });

  it("waits for a write in flight when it ends, and returns its reports when that write fails", async () => {
    const writing = Promise.withResolvers<void>();
    const { clock, buffer, settle, reports } = setUp(2, { write: () => writing.promise });
    buffer.begin();
    settle(0);
    await clock.advance(1_000);
    settle(1);
    let over = false;
    const ending = buffer.end().finally(() => {
      over = true;
    });
    await clock.settle();
    expect(over).toBe(false);
    writing.reject(new Error("The disk is full"));
    expect(await ending).toEqual({ items: [outcomeOf(0), outcomeOf(1)], bytes: 0, open: [] });
    expect(reports).toHaveLength(1);
  });

  it("loses no report and hands over none twice, whichever writes fail and whenever it ends", async () => {
    const step = fc.oneof(
      fc.record({ settle: fc.nat(9) }),
      fc.record({ moved: fc.nat(1_000) }),
      fc.record({ pass: fc.nat(2_500) }),
      fc.record({ broken: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let broken = false;
        const written: PendingProgress[] = [];
        const write = async (pending: PendingProgress): Promise<void> => {
          if (broken) throw new Error("The disk is full");
          written.push(pending);
        };
        const { clock, buffer, settle } = setUp(10, { write });
        const expected = { settled: new Set<number>(), bytes: 0 };
        buffer.begin();
        for (const each of steps) {
          if ("settle" in each) {
            settle(each.settle);
            expected.settled.add(each.settle);
          } else if ("moved" in each) {
            buffer.moved(each.moved);
            expected.bytes += each.moved;
          } else if ("pass" in each) await clock.advance(each.pass);
          else broken = each.broken;
        }
        const { open, ...left } = await buffer.end();
        const all = [...written, left];
        expect(all.flatMap(({ items }) => items.map(({ index }) => index))).toEqual([...expected.settled]);
        expect(all.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(expected.bytes);
        expect(open.map(({ index }) => index)).toEqual([...Array(10).keys()].filter((index) => !expected.settled.has(index)));
      }),
      { numRuns: 50 },
    );
  });
});
