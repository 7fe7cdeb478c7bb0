/** Limits on requests and bytes a second, and servers that are too slow. */

import { describe, expect, it } from "vitest";
import { type FakeClock, fakeClock } from "../../../fakes/clock.ts";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, instantClock, numbered, statesIn, until, warming } from "../warming-harness.ts";

/** Advances the clock only while the work sleeps. */
async function advanceUntilDone<Result>(clock: FakeClock, work: Promise<Result>): Promise<Result> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  await until(async () => {
    const [next] = clock.alarms();
    if (next !== undefined) await clock.advance(next - clock.now());
    return isDone;
  }).toBe(true);
  return work;
}

describe("requestsPerSecond", () => {
  it("limits each host over all batches, redirects included", async () => {
    const clock = instantClock();
    const moments: number[] = [];
    const origin = await startOrigin((request, response) => {
      moments.push(clock.now());
      if (request.url?.startsWith("/moved")) response.writeHead(302, { location: "/there" }).end();
      else response.writeHead(200, cacheable).end("x");
    });
    const { warm } = warming({ clock, redirects: 1, limits: { requestsPerSecond: 10 } });
    for (let nth = 0; nth < 10; nth += 1) await warm([origin.url(nth % 2 === 0 ? `/${nth}` : `/moved${nth}`)]);
    expect(moments).toHaveLength(15);
    const [first = 0] = moments;
    expect(moments.map((moment) => moment - first)).toEqual(moments.map((_, nth) => nth * 100));
  });
});

describe("bytesPerSecond", () => {
  it("limits all hosts together", async () => {
    const clock = fakeClock();
    const startedAt = clock.now();
    const origin = await startOrigin((_, response) => response.writeHead(200, cacheable).end(Buffer.alloc(200_000)));
    const { warm } = warming({ clock, limits: { bytesPerSecond: 100_000, minBytesPerSecond: 0 } });
    const hosts = ["a.test", "b.test"].map((host) => warm(numbered(2, (path) => origin.url(path, host))));
    const results = await advanceUntilDone(clock, Promise.all(hosts));
    expect(results.map(({ outcomes }) => statesIn(outcomes))).toEqual([{ succeeded: 2 }, { succeeded: 2 }]);
    // 800,000 bytes take 8 s by the fake clock. The last chunk of each answer is not waited for.
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(5_000);
  });

  it("does not make a server count as too slow", async () => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response) => response.writeHead(200, cacheable).end(Buffer.alloc(400_000)));
    const { warm } = warming({ clock, limits: { bytesPerSecond: 10_000, slowAnswerGraceMs: 1_000, minBytesPerSecond: 100_000 } });
    const { outcomes } = await advanceUntilDone(clock, warm([origin.url("/")]));
    expect(statesIn(outcomes)).toEqual({ succeeded: 1 });
  });

  it("does not hide that a throttled answer breaks off", async () => {
    const clock = fakeClock();
    let breakOff = (): void => undefined;
    const origin = await startOrigin((_, response, nth) => {
      if (nth > 1) return void response.writeHead(404).end();
      response.writeHead(200, { ...cacheable, "content-length": 100_000 }).write(Buffer.alloc(10_000));
      breakOff = () => void response.destroy();
    });
    const { warm } = warming({ clock, limits: { bytesPerSecond: 1_000 } });
    const warmed = warm([origin.url("/")]);
    await until(() => clock.alarms().length).toBe(1);
    breakOff();
    const { outcomes } = await advanceUntilDone(clock, warmed);
    expect(outcomes).toMatchObject([{ state: "failed", code: "not_found" }]);
  });
});

describe("minBytesPerSecond", () => {
  it("does not count time by which the clock was set forward", async () => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response) => {
      response.writeHead(200, cacheable).write("x");
      void clock.sleep(5_000).then(() => response.end("x"));
    });
    const { outcomeOf } = warming({ clock, limits: { slowAnswerGraceMs: 30_000, minBytesPerSecond: 10_000 } });
    const outcome = outcomeOf(origin.url("/"));
    await until(() => origin.seen.length).toBe(1);
    clock.step(3 * 3_600_000);
    await clock.advance(5_000);
    expect(await outcome).toMatchObject({ state: "succeeded" });
  });

  it("cuts off a slower answer after the grace period", async () => {
    const clock = instantClock();
    const origin = await startOrigin((request, response) => {
      response.writeHead(200, cacheable).write("x");
      const dripping = setInterval(() => response.write("x"), 1);
      request.socket.once("close", () => clearInterval(dripping));
    });
    const { outcomeOf } = warming({ clock, limits: { slowAnswerGraceMs: 30_000, minBytesPerSecond: 10_000 } });
    const outcome = outcomeOf(origin.url("/"));
    await until(() => origin.seen.length).toBe(1);
    await clock.sleep(30_001);
    expect(await outcome).toMatchObject({
      state: "failed",
      code: "timeout",
      reason: expect.stringMatching(/sends [\d,]+ bytes a second, less than the minimum of 10,000/),
    });
    expect(origin.seen).toHaveLength(1);
  });
});
