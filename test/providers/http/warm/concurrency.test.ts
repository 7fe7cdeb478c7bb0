/** Limits on concurrent requests, and the memory that they use. */

import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { neverAborted as never } from "../../../fakes/signal.ts";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, numbered, statesIn, until, urlsIn, warming } from "../warming-harness.ts";

const MIB = 1_048_576;
/** Keeps requests open for a moment, so that they overlap. */
const answerLater = (response: ServerResponse): void => {
  setTimeout(() => response.writeHead(200, cacheable).end("x"), 5);
};

describe("concurrent warming", () => {
  it("limits requests per host over all batches and tasks, and warms hosts in parallel", async () => {
    const origin = await startOrigin((_, response) => answerLater(response));
    const { warm } = warming({ limits: { requestsPerHost: 4 } });
    const batch = (nth: number, host: string) => numbered(20, (path) => origin.url(`/${nth}${path}`, host));
    const batches = [0, 1, 2, 3].map((nth) => warm([...batch(nth, "a.test"), ...batch(nth, "b.test")], { taskId: `pf_${nth % 2}` }));
    const outcomes = (await Promise.all(batches)).flatMap((result) => result.outcomes);
    expect(statesIn(outcomes)).toEqual({ succeeded: 160 });
    expect(new Set(urlsIn(outcomes))).toHaveLength(160);
    expect([...origin.most.values()]).toEqual([4, 4]);
  });

  it("limits requests to all hosts together", async () => {
    let inFlight = 0;
    let most = 0;
    const origin = await startOrigin((_, response) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      response.once("finish", () => {
        inFlight -= 1;
      });
      answerLater(response);
    });
    const { warm } = warming({ limits: { requestsPerHost: 4, requestsInFlight: 6 } });
    const hosts = ["a.test", "b.test", "c.test"];
    await Promise.all(hosts.map((host) => warm(numbered(20, (path) => origin.url(path, host)))));
    expect(origin.seen).toHaveLength(60);
    expect(most).toBe(6);
  });

  it("lets a small batch in between the URLs of a large one", async () => {
    const answers: ServerResponse[] = [];
    const origin = await startOrigin((request, response) => {
      if (request.url?.startsWith("/small")) response.writeHead(200, cacheable).end("x");
      else answers.push(response);
    });
    const { warm } = warming({ limits: { requestsPerHost: 2 } });
    const large = warm(numbered(6, origin.url));
    await until(() => answers.length).toBe(2);
    const small = warm([origin.url("/small")]);
    answers.shift()?.writeHead(200, cacheable).end("x");
    expect(statesIn((await small).outcomes)).toEqual({ succeeded: 1 });
    const answering = setInterval(() => answers.shift()?.writeHead(200, cacheable).end("x"), 1);
    expect(statesIn((await large).outcomes)).toEqual({ succeeded: 6 });
    clearInterval(answering);
  });

  it("causes no warning about leaked listeners when many requests wait", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warn);
    onTestFinished(() => void process.off("warning", warn));
    const origin = await startOrigin((_, response) => answerLater(response));
    const { warm } = warming({ limits: { requestsPerHost: 32, requestsInFlight: 32 } });
    const batch = (nth: number) => numbered(64, (path) => origin.url(`/${nth}${path}`));
    await Promise.all([0, 1, 2].map((nth) => warm(batch(nth), { signal: never })));
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it("does not keep bodies in memory", async () => {
    const size = 300 * MIB;
    const chunk = Buffer.alloc(MIB);
    const origin = await startOrigin((_, response) => {
      response.writeHead(200, { ...cacheable, "content-length": size });
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
    const { outcomes, bytes } = await warming().warm([origin.url("/film.mp4")]);
    clearInterval(watching);
    expect([statesIn(outcomes), bytes]).toEqual([{ succeeded: 1 }, size]);
    expect(most - before).toBeLessThan(150 * MIB);
  });
});
