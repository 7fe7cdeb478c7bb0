import fc from "fast-check";
import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { PrefetchError } from "../../../src/errors.ts";
import type { Clock } from "../../../src/prefetch/clock.ts";
import { createThrottle } from "../../../src/providers/http/throttle.ts";
import { usualLimits, type Warmed, type WarmLimits, type WarmOptions, warm } from "../../../src/providers/http/warm.ts";
import { fakeClock } from "../../fakes.ts";
import { startOrigin } from "./origin.ts";

/** Real time, but nobody waits: what would have been slept is noted. The longest sleep, that of the time limit, never ends. */
function hastyClock() {
  const slept: number[] = [];
  const clock: Clock = {
    now: Date.now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (ms === usualLimits.mostMs) return void signal?.addEventListener("abort", () => reject(signal.reason));
        slept.push(Math.ceil(ms));
        setImmediate(resolve);
      }),
  };
  return { clock, slept };
}

interface Run extends Partial<Omit<WarmOptions, "limits">> {
  readonly limits?: Partial<WarmLimits>;
}

async function run(urls: readonly string[], { limits, ...more }: Run = {}) {
  const dispatcher = new Agent({ connections: 64 });
  onTestFinished(() => dispatcher.destroy());
  const told: Warmed[] = [];
  const totals = await warm(
    urls,
    {
      dispatcher,
      clock: hastyClock().clock,
      limits: { ...usualLimits, ...limits },
      method: "GET",
      headers: { "user-agent": "test" },
      signal: new AbortController().signal,
      judge: ({ status }) => (status === 200 ? { ok: true } : { ok: false, code: "not_found", reason: `It says ${status}.` }),
      explain: (error) =>
        error instanceof PrefetchError ? error : new PrefetchError("vendor_unavailable", "The connection failed", { cause: error }),
      ...more,
    },
    (outcome) => told.push(outcome),
  );
  return { totals, told, bad: told.filter(({ verdict }) => !verdict.ok) };
}

const numbered = (count: number, url: (path: string) => string) => Array.from({ length: count }, (_, nth) => url(`/${nth}`));

describe("warming", () => {
  it("fetches each URL whole, once, and tells of each", async () => {
    const origin = await startOrigin((_, response) => response.end(Buffer.alloc(200_000)));
    const urls = numbered(100, origin.url);
    const { told, totals } = await run(urls);
    expect(totals).toMatchObject({ urls: 100, ok: 100, bytes: 20_000_000 });
    expect(told.map(({ url }) => url).sort()).toEqual([...urls].sort());
    expect(origin.seen).toHaveLength(100);
  });

  it("keeps to its share of a host, and serves hosts side by side", async () => {
    const origin = await startOrigin((_, response) => void setTimeout(() => response.end("x"), 5));
    const urls = [...numbered(60, (path) => origin.url(path, "127.0.0.1")), ...numbered(20, (path) => origin.url(path, "localhost"))];
    await run(urls, { limits: { perHost: 4 } });
    expect([...origin.most.values()]).toEqual([4, 4]);
    const later = await run(urls, { limits: { perHost: 4, atOnce: 6 } });
    expect(later.totals.ok).toBe(80);
  });

  it("waits as long as a server asks it to, tries again, and gives up in the end", async () => {
    const { clock, slept } = hastyClock();
    const origin = await startOrigin((request, response, nth) => {
      if (request.url === "/busy") return void response.writeHead(503, { "retry-after": "7" }).end();
      if (request.url === "/soon" && nth < 3) return void response.writeHead(429).end();
      response.end("x");
    });
    const { told } = await run([origin.url("/soon"), origin.url("/busy")], { clock, limits: { perHost: 1 } });
    expect(told.map(({ url, verdict }) => [new URL(url).pathname, verdict.ok])).toEqual([
      ["/soon", true],
      ["/busy", false],
    ]);
    expect(origin.seen).toEqual(["/soon", "/soon", "/soon", "/busy", "/busy", "/busy"]);
    expect(Math.max(...slept)).toBeGreaterThan(6_900);
    expect(Math.max(...slept)).toBeLessThanOrEqual(60_000);
  });

  it("leaves a host alone most of whose URLs fail, and goes on with the others", async () => {
    const origin = await startOrigin((request, response) =>
      response.writeHead(request.headers.host?.startsWith("localhost") ? 404 : 200).end("x"),
    );
    const urls = [...numbered(200, (path) => origin.url(path, "localhost")), ...numbered(50, (path) => origin.url(path, "127.0.0.1"))];
    const { totals, bad } = await run(urls);
    expect(totals).toMatchObject({ urls: 250, ok: 50 });
    expect(origin.seen.length).toBeLessThan(250 - 150);
    const left = bad.map(({ verdict }) => (verdict.ok ? "" : verdict.reason)).filter((reason) => reason.startsWith("Not fetched"));
    expect(left.length).toBeGreaterThan(150);
    expect(left[0]).toMatch(/^Not fetched: \d+ of \d+ URLs of its host had failed\.$/);
  });

  it("stops at the limit of bytes, of time, and when nobody wants it any more, and names what it left out", async () => {
    const origin = await startOrigin((_, response) => response.end(Buffer.alloc(100_000)));
    const urls = numbered(200, origin.url);
    const bytes = await run(urls, { limits: { mostBytes: 1_000_000 } });
    expect(bytes.totals.urls).toBe(200);
    expect(bytes.totals.bytes).toBeLessThan(5_000_000);
    expect(bytes.bad.some(({ verdict }) => !verdict.ok && verdict.reason.includes("byte limit"))).toBe(true);
    expect(bytes.bad.at(-1)?.verdict).toMatchObject({ code: "cancelled", reason: expect.stringContaining("Not fetched") });

    const endless = await startOrigin((_, response) => void response.writeHead(200).write("x"));
    const time = await run(numbered(20, endless.url), { clock: fakeTime(), limits: { mostMs: 50 } });
    expect(time.totals).toMatchObject({ urls: 20, ok: 0 });
    expect(time.bad[0]?.verdict).toMatchObject({ code: "timeout", reason: expect.stringContaining("time limit") });

    const stop = new AbortController();
    const going = run(numbered(20, endless.url), { signal: stop.signal });
    await expect.poll(() => endless.seen.length).toBeGreaterThanOrEqual(16);
    stop.abort(new PrefetchError("cancelled", "The call was cancelled"));
    const left = await going;
    expect(left.totals).toMatchObject({ urls: 20, ok: 0 });
  });

  it("tells of every URL exactly once, whatever the servers do", async () => {
    const faults = ["ok", "missing", "broken", "reset", "busy", "short"] as const;
    const origin = await startOrigin((request, response) => {
      const fault = new URL(request.url ?? "", "http://x").searchParams.get("fault");
      if (fault === "reset") return void request.socket.destroy();
      if (fault === "missing") return void response.writeHead(404).end("no");
      if (fault === "busy") return void response.writeHead(503).end();
      if (fault === "broken") {
        response.writeHead(200, { "content-length": 10 }).write("x");
        return void setImmediate(() => response.destroy());
      }
      response.end(fault === "short" ? "" : "content");
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...faults), fc.constantFrom("localhost", "127.0.0.1")), { maxLength: 40 }),
        async (plan) => {
          const urls = plan.map(([fault, host], nth) => origin.url(`/${nth}?fault=${fault}`, host));
          const { told, totals } = await run(urls, { limits: { judgedAfter: 1_000 } });
          expect(told.map(({ url }) => url).sort()).toEqual([...urls].sort());
          expect(totals).toMatchObject({ urls: urls.length, ok: plan.filter(([fault]) => fault === "ok" || fault === "short").length });
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("a throttle", () => {
  it("lets no more through in any stretch of time than it may, but for a tenth of a second's worth", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 10, max: 5_000 }),
        fc.array(fc.tuple(fc.nat(100), fc.nat(200)), { maxLength: 50 }),
        async (rate, steps) => {
          const clock = fakeClock();
          const throttle = createThrottle(rate, clock, new AbortController().signal);
          const begun = clock.now();
          let passed = 0;
          for (const [amount, pause] of steps) {
            await clock.advance(pause);
            const wait = throttle(amount);
            if (wait) await clock.drive(wait);
            passed += amount;
            const most = ((clock.now() - begun + 100 + 6) / 1_000) * rate + 1;
            expect(passed).toBeLessThanOrEqual(most);
          }
        },
      ),
    );
  });

  it("is none without a bound", () => {
    expect(createThrottle(undefined, fakeClock(), new AbortController().signal)(1e9)).toBeUndefined();
  });
});

/** Real time for the time limit. */
function fakeTime(): Clock {
  return {
    now: Date.now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  };
}
