/** How long the warmer waits for a host that asks for it, and that all requests to the host wait. */

import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { createSemaphore } from "../../../../src/base/semaphore.ts";
import { pauseHost } from "../../../../src/providers/http/warm/back-off.ts";
import type { Host } from "../../../../src/providers/http/warm/hosts.ts";
import { fakeClock, NOON } from "../../../fakes/clock.ts";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, instantClock, statesIn, until, warming } from "../warming-harness.ts";

const idleHost: Host = { semaphore: createSemaphore(1), throttle: () => undefined, pausedUntil: 0 };

describe("the back-off of a URL", () => {
  it.each([
    ["some seconds", "7", 7_000],
    ["a date in 20 seconds", new Date(NOON + 20_000).toUTCString(), 20_000],
    ["a date in the past", "Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["more than a minute", "99999999999", 60_000],
    ["an invalid time", "tomorrow", 500],
    ["a negative time", "-5", 0],
    ["no time", undefined, 500],
  ])("follows a Retry-After of %s (%s) with %i ms", async (_, retryAfter, ms) => {
    const clock = instantClock();
    const origin = await startOrigin((_request, response, nth) => {
      if (nth === 1) response.writeHead(503, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end();
      else response.writeHead(200, cacheable).end("x");
    });
    expect(await warming({ clock }).outcomeOf(origin.url("/"))).toMatchObject({ state: "succeeded" });
    expect(clock.slept).toEqual(ms === 0 ? [] : [ms]);
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524])(
    "doubles after each of three attempts that get status %i",
    async (status) => {
      const clock = instantClock();
      const origin = await startOrigin((_, response) => response.writeHead(status, { "retry-after": "2" }).end());
      expect(await warming({ clock }).outcomeOf(origin.url("/"))).toMatchObject({ state: "failed" });
      expect(origin.seen).toHaveLength(3);
      expect(clock.slept).toEqual([2_000, 4_000]);
    },
  );

  it.each([404, 403, 501, 505, 525, 526, 530])("does not retry status %i", async (status) => {
    const origin = await startOrigin((_, response) => response.writeHead(status, { "retry-after": "2" }).end());
    await warming().outcomeOf(origin.url("/"));
    expect(origin.seen).toHaveLength(1);
  });

  it("ends the attempts when the task has reached its time limit", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(503, { "retry-after": "60" }).end());
    expect(await warming({ limits: { maxTaskMs: 50_000 } }).outcomeOf(origin.url("/"))).toMatchObject({ state: "failed" });
    expect(origin.seen).toHaveLength(2);
  });

  it("is at most a minute from now when the clock is set back", async () => {
    const origin = await startOrigin((_, response) => {
      if (origin.seen.length === 1) response.writeHead(503, { "retry-after": "5" }).end();
      else response.writeHead(200, cacheable).end("x");
    });
    const slept: number[] = [];
    let now = NOON;
    const clock = {
      now: () => now,
      monotonic: () => now,
      boot: "test",
      sleep: async (ms: number) => {
        now += slept.push(ms) === 1 ? -3_600_000 : ms;
      },
    };
    expect(await warming({ clock }).outcomeOf(origin.url("/a"))).toMatchObject({ state: "succeeded" });
    expect(slept).toEqual([5_000, 60_000]);
  });
});

describe("the back-off of a host", () => {
  it("holds back all its requests until the latest time that it named", async () => {
    const clock = fakeClock();
    const answers = new Map<string, ServerResponse>();
    const origin = await startOrigin((request, response, nth) => {
      if (nth > 1) response.writeHead(200, cacheable).end("x");
      else answers.set(request.url ?? "", response);
    });
    const { warm } = warming({ clock, limits: { requestsPerHost: 2 } });
    const warmed = warm(["/a", "/b"].map((path) => origin.url(path)));
    await until(() => answers.size).toBe(2);
    answers.get("/a")?.writeHead(503, { "retry-after": "1" }).end();
    await until(() => clock.alarms().length).toBe(1);
    answers.get("/b")?.writeHead(503, { "retry-after": "30" }).end();
    await until(() => clock.alarms().length).toBe(2);
    await clock.advance(29_999);
    expect([origin.seen.length, clock.alarms().length]).toEqual([2, 2]);
    await clock.advance(1);
    expect(statesIn((await warmed).outcomes)).toEqual({ succeeded: 2 });
  });

  it("is not shortened by a later answer that names less time", () => {
    const host = { ...idleHost, pausedUntil: 30_000 };
    pauseHost(host, 1_000, 1, 0);
    expect(host.pausedUntil).toBe(30_000);
  });

  it("holds back the next batch, even if the first one was aborted", async () => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response, nth) => {
      if (nth === 1) response.writeHead(429, { "retry-after": "10" }).end();
      else response.writeHead(200, cacheable).end("x");
    });
    const { warm } = warming({ clock });
    const stop = new AbortController();
    const first = warm([origin.url("/a")], { signal: stop.signal });
    await until(() => clock.alarms().length).toBe(1);
    stop.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    const second = warm([origin.url("/a")]);
    await until(() => clock.alarms().length).toBe(1);
    await clock.advance(9_999);
    expect(origin.seen).toHaveLength(1);
    await clock.advance(1);
    expect(statesIn((await second).outcomes)).toEqual({ succeeded: 1 });
  });
});
