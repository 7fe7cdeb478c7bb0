/** How much the provider uses of hosts, of tasks and of this machine, and that it lets go of all of it. */

import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { type FakeClock, fakeClock } from "../../fakes.ts";
import { startOrigin } from "./origin-harness.ts";
import { hastyClock, numbered, statesIn, until, urlsIn, warming } from "./warming-harness.ts";

const MIB = 1_048_576;
const fresh = { "cache-control": "public, max-age=60" };
const slowly = (response: ServerResponse): void => {
  setTimeout(() => response.writeHead(200, fresh).end("x"), 5);
};

describe("requests under way", () => {
  it("are no more to one host than are wanted, of however many batches and tasks, and hosts go side by side", async () => {
    const origin = await startOrigin((_, response) => slowly(response));
    const { warm } = warming({ limits: { requestsPerHost: 4 } });
    const batch = (nth: number, host: string) => numbered(20, (path) => origin.url(`/${nth}${path}`, host));
    const batches = [0, 1, 2, 3].map((nth) => warm([...batch(nth, "a.test"), ...batch(nth, "b.test")], { taskId: `pf_${nth % 2}` }));
    const told = (await Promise.all(batches)).flatMap((result) => result.told);
    expect(statesIn(told)).toEqual({ succeeded: 160 });
    expect(new Set(urlsIn(told))).toHaveLength(160);
    expect([...origin.most.values()]).toEqual([4, 4]);
  });

  it("are no more to all hosts together than are wanted", async () => {
    let underWay = 0;
    let most = 0;
    const origin = await startOrigin((_, response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      response.once("finish", () => {
        underWay -= 1;
      });
      slowly(response);
    });
    const { warm } = warming({ limits: { requestsPerHost: 4, requestsInFlight: 6 } });
    const hosts = ["a.test", "b.test", "c.test"];
    await Promise.all(hosts.map((host) => warm(numbered(20, (path) => origin.url(path, host)))));
    expect(origin.seen).toHaveLength(60);
    expect(most).toBe(6);
  });

  it("leave a batch of few URLs its turn among those of large ones, and let it end when it is done", async () => {
    const answers: ServerResponse[] = [];
    const origin = await startOrigin((request, response) => {
      if (request.url?.startsWith("/small")) response.writeHead(200, fresh).end("x");
      else answers.push(response);
    });
    const { warm } = warming({ limits: { requestsPerHost: 2 } });
    const large = warm(numbered(6, origin.url));
    await until(() => answers.length).toBe(2);
    const small = warm([origin.url("/small")]);
    answers.shift()?.writeHead(200, fresh).end("x");
    // It was let in next, and ends while the others wait still.
    expect(statesIn((await small).told)).toEqual({ succeeded: 1 });
    const answering = setInterval(() => answers.shift()?.writeHead(200, fresh).end("x"), 1);
    expect(statesIn((await large).told)).toEqual({ succeeded: 6 });
    clearInterval(answering);
  });

  it("make nobody warn of leaks, however many wait", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warn);
    onTestFinished(() => void process.off("warning", warn));
    const origin = await startOrigin((_, response) => slowly(response));
    const { signal } = new AbortController();
    const { warm } = warming({ limits: { requestsPerHost: 32, requestsInFlight: 32 } });
    await Promise.all(
      [0, 1, 2].map((nth) =>
        warm(
          numbered(64, (path) => origin.url(`/${nth}${path}`)),
          { signal },
        ),
      ),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it("take no memory, of whatever size the answers are", async () => {
    const size = 300 * MIB;
    const chunk = Buffer.alloc(MIB);
    const origin = await startOrigin((_, response) => {
      response.writeHead(200, { ...fresh, "content-length": size });
      let left = size / MIB;
      const more = (): void => {
        while (left > 0) {
          left -= 1;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    const before = process.memoryUsage().rss;
    let most = before;
    const watching = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 10);
    const { told, bytes } = await warming().warm([origin.url("/film.mp4")]);
    clearInterval(watching);
    expect([statesIn(told), bytes]).toEqual([{ succeeded: 1 }, size]);
    expect(most - before).toBeLessThan(150 * MIB);
  });
});

describe("a rate", () => {
  it("of requests holds for each host, from batch to batch, and for what comes of a request", async () => {
    const clock = hastyClock();
    const moments: number[] = [];
    const origin = await startOrigin((request, response) => {
      moments.push(clock.now());
      if (request.url?.startsWith("/led")) response.writeHead(302, { location: "/there" }).end();
      else response.writeHead(200, fresh).end("x");
    });
    const { warm } = warming({ clock, redirects: 1, limits: { requestsPerSecond: 10 } });
    for (let nth = 0; nth < 10; nth += 1) await warm([origin.url(nth % 2 === 0 ? `/${nth}` : `/led${nth}`)]);
    expect(moments).toHaveLength(15);
    const [first = 0] = moments;
    expect((moments.at(-1) ?? 0) - first).toBeGreaterThanOrEqual(1_300);
  });

  /** Lets time pass only while somebody is held back. */
  const held = async <Result>(clock: FakeClock, work: Promise<Result>): Promise<Result> => {
    let over = false;
    void work.finally(() => {
      over = true;
    });
    await until(async () => {
      const [next] = clock.alarms();
      if (next !== undefined) await clock.advance(next - clock.now());
      return over;
    }).toBe(true);
    return work;
  };

  it("of bytes holds for all hosts together", async () => {
    const clock = fakeClock();
    const begun = clock.now();
    const origin = await startOrigin((_, response) => response.writeHead(200, fresh).end(Buffer.alloc(200_000)));
    const { warm } = warming({ clock, limits: { bytesPerSecond: 100_000, minBytesPerSecond: 0 } });
    const hosts = ["a.test", "b.test"].map((host) => warm(numbered(2, (path) => origin.url(path, host))));
    const results = await held(clock, Promise.all(hosts));
    expect(results.map(({ told }) => statesIn(told))).toEqual([{ succeeded: 2 }, { succeeded: 2 }]);
    // The last bytes of each are not waited for, as nothing comes after them.
    expect(clock.now() - begun).toBeGreaterThanOrEqual(5_000);
  });

  it("of bytes does not make a server pass for slow", async () => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response) => response.writeHead(200, fresh).end(Buffer.alloc(400_000)));
    const { warm } = warming({ clock, limits: { bytesPerSecond: 10_000, slowAnswerGraceMs: 1_000, minBytesPerSecond: 100_000 } });
    const { told } = await held(clock, warm([origin.url("/")]));
    expect(statesIn(told)).toEqual({ succeeded: 1 });
  });

  it("of bytes that holds an answer back does not hide that it breaks off meanwhile", async () => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response, nth) => {
      if (nth > 1) return void response.writeHead(404).end();
      response.writeHead(200, { ...fresh, "content-length": 100_000 }).write(Buffer.alloc(10_000));
      setTimeout(() => response.destroy(), 5);
    });
    const { warm } = warming({ clock, limits: { bytesPerSecond: 1_000 } });
    const { told } = await held(clock, warm([origin.url("/")]));
    expect(told).toMatchObject([{ state: "failed", code: "not_found" }]);
  });

  it("below what is worth waiting for ends a request", async () => {
    const origin = await startOrigin((request, response) => {
      response.writeHead(200, fresh).write("x");
      const going = setInterval(() => response.write("x"), 5);
      request.socket.once("close", () => clearInterval(going));
    });
    const { outcomeOf } = warming({ limits: { slowAnswerGraceMs: 30, minBytesPerSecond: 10_000 } });
    expect(await outcomeOf(origin.url("/"))).toMatchObject({
      state: "failed",
      code: "timeout",
      reason: expect.stringMatching(/sends [\d,]+ bytes a second, less than the minimum of 10,000/),
    });
    expect(origin.seen).toHaveLength(1);
  });
});

describe("a host that asks to wait", () => {
  it("is asked nothing before, by nobody, even if it asks for more meanwhile", async () => {
    const clock = fakeClock();
    const answers = new Map<string, ServerResponse>();
    const origin = await startOrigin((request, response, nth) => {
      if (nth > 1) response.writeHead(200, fresh).end("x");
      else answers.set(request.url ?? "", response);
    });
    const { warm } = warming({ clock, limits: { requestsPerHost: 2 } });
    const going = warm(["/a", "/b"].map((path) => origin.url(path)));
    await until(() => answers.size).toBe(2);
    answers.get("/a")?.writeHead(503, { "retry-after": "1" }).end();
    await until(() => clock.alarms().length).toBe(1);
    answers.get("/b")?.writeHead(503, { "retry-after": "30" }).end();
    await until(() => clock.alarms().length).toBe(2);
    await clock.advance(29_999);
    expect([origin.seen.length, clock.alarms().length]).toEqual([2, 2]);
    await clock.advance(1);
    expect(statesIn((await going).told)).toEqual({ succeeded: 2 });
  });

  it("is left alone by the next batch too, although the one that was asked is given up", async () => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response, nth) => {
      if (nth === 1) response.writeHead(429, { "retry-after": "10" }).end();
      else response.writeHead(200, fresh).end("x");
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
    expect(statesIn((await second).told)).toEqual({ succeeded: 1 });
  });
});

describe("a task", () => {
  const HALF_MIB = MIB / 2;
  const large = () => startOrigin((_, response) => response.writeHead(200, fresh).end(Buffer.alloc(HALF_MIB)));
  const left = { state: "rejected", code: "limit_reached", reason: expect.stringMatching(/^Not fetched\. .*PREFETCH_HTTP_MAX_BYTES/) };

  it("stops at its limit of bytes, over all its batches, and names what it leaves out", async () => {
    const origin = await large();
    const { warm } = warming({ limits: { maxTaskBytes: 2 * MIB, requestsPerHost: 1 } });
    const first = await warm(numbered(3, origin.url), { taskId: "pf_a" });
    expect(statesIn(first.told)).toEqual({ succeeded: 3 });
    const second = await warm(numbered(5, origin.url), { taskId: "pf_a", taskBytes: 1 });
    expect(second.told.slice(0, 2)).toMatchObject([{ state: "succeeded" }, { state: "rejected", code: "limit_reached" }]);
    expect(second.told.slice(2)).toMatchObject([left, left, left]);
    expect(first.bytes + second.bytes).toBeLessThan(2 * MIB + 200_000);
    const other = await warm(numbered(2, origin.url), { taskId: "pf_b" });
    expect(statesIn(other.told)).toEqual({ succeeded: 2 });
  });

  it("counts what was moved for it before, by other processes too", async () => {
    const origin = await large();
    const { warm } = warming({ limits: { maxTaskBytes: 2 * MIB, requestsPerHost: 1 } });
    const restarted = await warm(numbered(2, origin.url), { taskId: "pf_a", taskBytes: 1.5 * MIB });
    expect(restarted.told.map(({ state }) => state)).toEqual(["succeeded", "rejected"]);
    expect(statesIn((await warm([origin.url("/")], { taskId: "pf_b" })).told)).toEqual({ succeeded: 1 });
    const shared = await warm([origin.url("/")], { taskId: "pf_b", taskBytes: 3 * MIB });
    expect(shared.told).toMatchObject([left]);
  });

  it("stops at its limit of time, even in the middle of an answer", async () => {
    const origin = await startOrigin((request, response) => {
      response.writeHead(200, fresh);
      const going = setInterval(() => response.write("x"), 2);
      request.socket.once("close", () => clearInterval(going));
    });
    const clock = hastyClock();
    const { warm } = warming({ clock, limits: { maxTaskMs: 50_000, requestsPerHost: 2 } });
    const going = warm(numbered(10, origin.url));
    await until(() => origin.seen.length).toBe(2);
    await clock.sleep(60_001);
    const { told } = await going;
    expect(urlsIn(told)).toEqual(numbered(10, origin.url).sort());
    expect(statesIn(told)).toEqual({ rejected: 10 });
    expect(told[0]).toMatchObject({ code: "limit_reached", reason: expect.stringContaining("PREFETCH_HTTP_MAX_SECONDS") });
    expect(origin.seen).toHaveLength(2);
  });

  it("leaves a host alone most of whose URLs come to nothing, over all its batches, and goes on with others", async () => {
    const origin = await startOrigin((request, response) =>
      response.writeHead(request.headers.host?.startsWith("bad.test") ? 500 : 200, fresh).end("x"),
    );
    const { warm } = warming({ limits: { minFailureSample: 10, requestsPerHost: 1 } });
    const bad = (batch: number) => numbered(20, (path) => origin.url(`/${batch}${path}`, "bad.test"));
    const [first, good] = await Promise.all([
      warm(bad(1), { taskId: "pf_a" }),
      warm(
        numbered(40, (path) => origin.url(path, "good.test")),
        { taskId: "pf_a" },
      ),
    ]);
    expect(statesIn(good.told)).toEqual({ succeeded: 40 });
    expect(statesIn(first.told)).toEqual({ failed: 10, rejected: 10 });
    expect(first.told.at(-1)).toMatchObject({
      code: "vendor_unavailable",
      reason: expect.stringMatching(/^Not fetched\. 10 of 10 URLs at bad\.test:\d+ failed, so the task skips the rest of them\. /),
    });
    expect(statesIn((await warm(bad(2), { taskId: "pf_a" })).told)).toEqual({ rejected: 20 });
    // What one task has met says nothing about another.
    expect(statesIn((await warm(bad(3), { taskId: "pf_b" })).told)).toEqual({ failed: 10, rejected: 10 });
  });

  it.each([404, 403, 400])("does not blame a host for URLs that it answers with %i", async (status) => {
    const origin = await startOrigin((_, response) => response.writeHead(status).end());
    const { warm } = warming({ limits: { minFailureSample: 5 } });
    expect(statesIn((await warm(numbered(30, origin.url))).told)).toEqual({ failed: 30 });
    expect(origin.seen).toHaveLength(30);
  });

  it.each(["429", "timeout"])("blames it for %s", async (what) => {
    const origin = await startOrigin((request, response) => {
      if (what === "429") return void response.writeHead(429, { "retry-after": "0" }).end();
      response.writeHead(200, fresh).write("x");
      const going = setInterval(() => response.write("x"), 2);
      request.socket.once("close", () => clearInterval(going));
    });
    const { warm } = warming({ limits: { minFailureSample: 4, requestsPerHost: 1, slowAnswerGraceMs: what === "429" ? 60_000 : 10 } });
    expect(statesIn((await warm(numbered(12, origin.url))).told)).toEqual({ failed: 4, rejected: 8 });
  });
});

describe("giving up in the middle", () => {
  const endless = () =>
    startOrigin((request, response) => {
      if (request.url?.startsWith("/good")) response.writeHead(200, fresh).end("x");
      else response.writeHead(200, fresh).write("x");
    });

  it("rejects with the reason, and tells nothing twice or afterwards", async () => {
    const origin = await endless();
    const { warm } = warming({ limits: { requestsPerHost: 4 } });
    const stop = new AbortController();
    const told: string[] = [];
    const urls = [...numbered(10, (path) => origin.url(`/good${path}`)), ...numbered(20, origin.url)];
    const going = warm(urls, { signal: stop.signal, told: ({ url }) => told.push(url) });
    await until(() => origin.seen.length).toBe(14);
    const reason = new PrefetchError("cancelled", "The server stopped", { delivery: "unknown" });
    stop.abort(reason);
    await expect(going).rejects.toBe(reason);
    const before = [...told];
    expect(before.sort()).toEqual(urls.slice(0, 10).sort());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toHaveLength(10);
    expect(origin.seen).toHaveLength(14);
  });

  it("leaves the host to others, with all its places, at once", async () => {
    const origin = await endless();
    const { warm } = warming({ limits: { requestsPerHost: 4, requestsInFlight: 4 } });
    const stops = [new AbortController(), new AbortController()];
    const going = stops.map(({ signal }, nth) =>
      warm(
        numbered(20, (path) => origin.url(`/${nth}${path}`)),
        { signal },
      ),
    );
    await until(() => origin.seen.length).toBe(4);
    const waiting = warm(numbered(40, (path) => origin.url(`/good${path}`)));
    for (const stop of stops) stop.abort(new Error("enough"));
    for (const each of going) await expect(each).rejects.toThrow("enough");
    expect(statesIn((await waiting).told)).toEqual({ succeeded: 40 });
    expect([...origin.most.values()]).toEqual([4]);
  });

  it("wakes whoever is held back by a rate of bytes, and the connection is let go of", async () => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response) => response.writeHead(200, fresh).end(Buffer.alloc(MIB)));
    const { warm } = warming({ clock, limits: { bytesPerSecond: 1_000, requestsPerHost: 2 } });
    const stop = new AbortController();
    const going = warm(numbered(4, origin.url), { signal: stop.signal });
    await until(() => clock.alarms().length).toBe(2);
    stop.abort(new Error("enough"));
    await expect(going).rejects.toThrow("enough");
    expect(clock.alarms()).toEqual([]);
    expect(origin.seen).toHaveLength(2);
  });

  it("of what is given up already asks for nothing", async () => {
    const origin = await endless();
    const { warm } = warming();
    await expect(warm([origin.url("/good")], { signal: AbortSignal.abort(new Error("late")) })).rejects.toThrow("late");
    expect(origin.seen).toEqual([]);
  });

  it.each(["while a host asks to wait", "before asking the cache again"])("wakes whoever waits %s", async (when) => {
    const clock = fakeClock();
    const origin = await startOrigin((_, response) => {
      if (when.startsWith("while")) response.writeHead(503, { "retry-after": "60" }).end();
      else response.writeHead(200, { "cache-control": "no-store" }).end("x");
    });
    const { warm } = warming({ clock });
    const stop = new AbortController();
    const told: string[] = [];
    const going = warm([origin.url("/")], { signal: stop.signal, told: ({ url }) => told.push(url) });
    await until(() => clock.alarms().length).toBe(1);
    stop.abort(new Error("enough"));
    await expect(going).rejects.toThrow("enough");
    expect([told, clock.alarms()]).toEqual([[], []]);
  });
});
