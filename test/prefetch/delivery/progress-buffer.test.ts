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
  const tally = createProgressBuffer({
    items,
    clock,
    write: async (news) => void written.push(news),
    report: (error) => reports.push(error),
    ...more,
  });
  const tell = (index: number) => tally.settled({ url: manyUrls(count)[index] ?? "", state: "succeeded", reason: `Seen ${index}.` });
  return { clock, tally, tell, written, reports };
}

const told = (index: number) => ({ index, state: "succeeded", reason: `Seen ${index}.` });

describe("a tally", () => {
  it("writes once a second what was told since", async () => {
    const { clock, tally, tell, written } = setUp(3);
    tally.begin();
    tell(1);
    tally.moved(10);
    tally.moved(5);
    await clock.advance(999);
    expect(written).toEqual([]);
    await clock.advance(1);
    tally.moved(1);
    await clock.advance(5_000);
    expect(written).toEqual([
      { items: [told(1)], bytes: 15 },
      { items: [], bytes: 1 },
    ]);
    await tally.end();
  });

  it("hands over in the end what is not written, and of which items nothing was told", async () => {
    const { clock, tally, tell } = setUp(3);
    tally.begin();
    tell(2);
    await clock.advance(1_000);
    tally.settled({ url: manyUrls(1)[0] ?? "", state: "failed", code: "not_found", reason: "Gone." });
    tally.moved(7);
    const left = await tally.end();
    expect(left).toMatchObject({ items: [{ index: 0, state: "failed", code: "not_found", reason: "Gone." }], bytes: 7 });
    expect(left.open.map(({ index }) => index)).toEqual([1]);
    expect(clock.alarms()).toEqual([]);
  });

  it("takes the first word on a URL, and none on those of others", async () => {
    const { tally, tell } = setUp(2);
    tell(0);
    tally.settled({ url: manyUrls(1)[0] ?? "", state: "failed", reason: "Changed my mind." });
    tally.settled({ url: "https://elsewhere.example/", state: "failed", reason: "Who?" });
    expect(await tally.end()).toMatchObject({ items: [told(0)], open: [{ index: 1 }] });
  });

  it("writes nothing before it is begun, and loses nothing by that", async () => {
    const { clock, tally, tell, written } = setUp(1);
    tell(0);
    await clock.advance(60_000);
    expect(written).toEqual([]);
    tally.begin();
    await clock.advance(1_000);
    expect(written).toEqual([{ items: [told(0)], bytes: 0 }]);
    expect(await tally.end()).toEqual({ items: [], bytes: 0, open: [] });
  });

  it("says every few seconds that the work goes on, though there is nothing to tell", async () => {
    const { clock, tally, written } = setUp(1);
    tally.begin();
    await clock.advance(4_999);
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written).toEqual([{ items: [], bytes: 0 }]);
    await clock.advance(10_000);
    expect(written).toHaveLength(3);
    await tally.end();
  });

  it("writes with the next what could not be written", async () => {
    let broken = true;
    const written: PendingProgress[] = [];
    const write = async (news: PendingProgress): Promise<void> => {
      if (broken) throw new Error("The disk is full");
      written.push(news);
    };
    const { clock, tally, tell, reports } = setUp(3, { write });
    tally.begin();
    tell(0);
    tally.moved(1);
    await clock.advance(1_000);
    tell(1);
    tally.moved(2);
    await clock.advance(1_000);
    broken = false;
    await clock.advance(1_000);
    expect(written).toEqual([{ items: [told(0), told(1)], bytes: 3 }]);
    expect(reports).toHaveLength(2);
    await tally.end();
  });

  it("ends only when nothing is being written any more, and has what failed in that still to write", async () => {
    const writing = Promise.withResolvers<void>();
    const { clock, tally, tell, reports } = setUp(2, { write: () => writing.promise });
    tally.begin();
    tell(0);
    await clock.advance(1_000);
    tell(1);
    let over = false;
    const ending = tally.end().finally(() => {
      over = true;
    });
    await clock.settle();
    expect(over).toBe(false);
    writing.reject(new Error("The disk is full"));
    expect(await ending).toEqual({ items: [told(0), told(1)], bytes: 0, open: [] });
    expect(reports).toHaveLength(1);
  });

  it("loses nothing and tells nothing twice, whatever becomes of its writes and whenever it ends", async () => {
    const step = fc.oneof(
      fc.record({ tell: fc.nat(9) }),
      fc.record({ moved: fc.nat(1_000) }),
      fc.record({ pass: fc.nat(2_500) }),
      fc.record({ broken: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let broken = false;
        const written: PendingProgress[] = [];
        const write = async (news: PendingProgress): Promise<void> => {
          if (broken) throw new Error("The disk is full");
          written.push(news);
        };
        const { clock, tally, tell } = setUp(10, { write });
        const expected = { told: new Set<number>(), bytes: 0 };
        tally.begin();
        for (const each of steps) {
          if ("tell" in each) {
            tell(each.tell);
            expected.told.add(each.tell);
          } else if ("moved" in each) {
            tally.moved(each.moved);
            expected.bytes += each.moved;
          } else if ("pass" in each) await clock.advance(each.pass);
          else broken = each.broken;
        }
        const { open, ...left } = await tally.end();
        const all = [...written, left];
        expect(all.flatMap(({ items }) => items.map(({ index }) => index))).toEqual([...expected.told]);
        expect(all.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(expected.bytes);
        expect(open.map(({ index }) => index)).toEqual([...Array(10).keys()].filter((index) => !expected.told.has(index)));
      }),
      { numRuns: 50 },
    );
  });
});
