/** Aborting a batch: it stops at once, settles nothing afterwards and frees its slots. */

import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import { fakeClock } from "../../../fakes/clock.ts";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, numbered, statesIn, until, warming } from "../warming-harness.ts";

/** Answers `/good…` and leaves every other answer open. `closed` counts the open answers that the client gave up. */
async function startEndless() {
  const closed = { count: 0 };
  const origin = await startOrigin((request, response) => {
    if (request.url?.startsWith("/good")) return void response.writeHead(200, cacheable).end("x");
    response.once("close", () => {
      closed.count += 1;
    });
    response.writeHead(200, cacheable).write("x");
  });
  return { origin, closed };
}

describe("an aborted batch", () => {
  it("rejects with the reason and settles nothing afterwards", async () => {
    const { origin, closed } = await startEndless();
    const { warm } = warming({ limits: { requestsPerHost: 4 } });
    const stop = new AbortController();
    const settled: string[] = [];
    const good = numbered(10, (path) => origin.url(`/good${path}`));
    const warmed = warm([...good, ...numbered(20, origin.url)], { signal: stop.signal, onSettled: ({ url }) => settled.push(url) });
    await until(() => origin.seen.length).toBe(14);
    const reason = new PrefetchError("cancelled", "The server stopped", { delivery: "unknown" });
    stop.abort(reason);
    await expect(warmed).rejects.toBe(reason);
    expect([...settled].sort()).toEqual([...good].sort());
    await until(() => closed.count).toBe(4);
    expect(settled).toHaveLength(10);
    expect(origin.seen).toHaveLength(14);
  });

  it("frees its slots for other batches at once", async () => {
    const { origin } = await startEndless();
    const { warm } = warming({ limits: { requestsPerHost: 4, requestsInFlight: 4 } });
    const stops = [new AbortController(), new AbortController()];
    const endless = (nth: number) => numbered(20, (path) => origin.url(`/${nth}${path}`));
    const aborted = stops.map(({ signal }, nth) => warm(endless(nth), { signal }));
    await until(() => origin.seen.length).toBe(4);
    const waiting = warm(numbered(40, (path) => origin.url(`/good${path}`)));
    for (const stop of stops) stop.abort(new Error("enough"));
    for (const batch of aborted) await expect(batch).rejects.toThrow("enough");
    expect(statesIn((await waiting).outcomes)).toEqual({ succeeded: 40 });
    expect([...origin.most.values()]).toEqual([4]);
  });

  it("ends while the byte rate holds its answers back", async () => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response) => response.writeHead(200, cacheable).end(Buffer.alloc(1_048_576)));
    const { warm } = warming({ clock, limits: { bytesPerSecond: 1_000, requestsPerHost: 2 } });
    const stop = new AbortController();
    const warmed = warm(numbered(4, origin.url), { signal: stop.signal });
    await until(() => clock.alarms().length).toBe(2);
    stop.abort(new Error("enough"));
    await expect(warmed).rejects.toThrow("enough");
    expect(clock.alarms()).toEqual([]);
    expect(origin.seen).toHaveLength(2);
  });

  it("sends nothing when its signal was aborted before", async () => {
    const { origin } = await startEndless();
    const { warm } = warming();
    await expect(warm([origin.url("/good")], { signal: AbortSignal.abort(new Error("late")) })).rejects.toThrow("late");
    expect(origin.seen).toEqual([]);
  });

  it.each([
    ["a host's back-off", 503, { "retry-after": "60" }],
    ["the wait before a doubtful answer is confirmed", 200, { "cache-control": "no-store" }],
  ])("ends during %s", async (_, status, headers) => {
    const clock = fakeClock();
    const origin = await startOrigin((_request, response) => response.writeHead(status, headers).end("x"));
    const { warm } = warming({ clock });
    const stop = new AbortController();
    const settled: string[] = [];
    const warmed = warm([origin.url("/")], { signal: stop.signal, onSettled: ({ url }) => settled.push(url) });
    await until(() => clock.alarms().length).toBe(1);
    stop.abort(new Error("enough"));
    await expect(warmed).rejects.toThrow("enough");
    expect([settled, clock.alarms()]).toEqual([[], []]);
  });
});
