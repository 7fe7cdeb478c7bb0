/** Property: whatever mix of faults the servers show, each URL settles once and rightly, and no slot leaks. */

import type { IncomingMessage, ServerResponse } from "node:http";
import fc from "fast-check";
import { expect, it } from "vitest";
import { startOrigin } from "../origin-harness.ts";
import { numbered, statesIn, urlsIn, warming } from "../warming-harness.ts";

const faults = {
  ok: "succeeded",
  empty: "succeeded",
  hit: "succeeded",
  recovers: "succeeded",
  redirects: "succeeded",
  missing: "failed",
  short: "failed",
  cut: "failed",
  reset: "failed",
  busy: "failed",
  unstored: "failed",
  loops: "failed",
  lures: "failed",
} as const;
type Fault = keyof typeof faults;

const answers: Record<Fault, (response: ServerResponse, nth: number, request: IncomingMessage) => unknown> = {
  ok: (response) => response.end("content"),
  empty: (response) => response.writeHead(200, { "content-length": 0 }).end(),
  hit: (response) => response.writeHead(200, { age: "5", "cache-control": "private" }).end("content"),
  recovers: (response, nth) => (nth < 3 ? response.writeHead(429).end() : response.end("content")),
  redirects: (response) => response.writeHead(301, { location: "/?fault=ok" }).end("moved"),
  missing: (response) => response.writeHead(404).end("no"),
  short: (response) => {
    response.writeHead(200, { "content-length": 10 }).write("x");
    setImmediate(() => response.destroy());
  },
  cut: (response) => {
    response.writeHead(200).write("x");
    setImmediate(() => response.destroy());
  },
  reset: (_response, _nth, request) => request.socket.destroy(),
  busy: (response) => response.writeHead(503).end(),
  unstored: (response) => response.writeHead(200, { "cache-control": "no-store" }).end("content"),
  loops: (response) => response.writeHead(302, { location: "?fault=loops" }).end(),
  lures: (response) => response.writeHead(302, { location: "http://192.168.0.1/" }).end(),
};
const kinds = Object.keys(faults).filter((name): name is Fault => name in faults);

it("warming settles every URL once and rightly for any mix of faults, and frees every slot", async () => {
  const origin = await startOrigin((request, response, nth) => {
    const name = new URL(request.url ?? "", "http://x").searchParams.get("fault");
    answers[kinds.find((kind) => kind === name) ?? "ok"](response, nth, request);
  });
  let round = 0;
  const plan = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.constantFrom("a.test", "b.test")), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 4 }), async (batches, requestsInFlight) => {
      round += 1;
      const { warm } = warming({
        redirects: 2,
        limits: { minFailureSample: 1_000, requestsPerHost: 2, requestsInFlight, slowAnswerGraceMs: 1e9 },
      });
      const urls = batches.map((batch, index) =>
        batch.map(([fault, host], nth) => origin.url(`/${round}-${index}-${nth}?fault=${fault}`, host)),
      );
      const results = await Promise.all(urls.map((own) => warm(own, { taskId: "pf_1" })));
      for (const [index, { outcomes }] of results.entries()) {
        expect(urlsIn(outcomes)).toEqual([...(urls[index] ?? [])].sort());
        for (const { url, state, code, reason } of outcomes) {
          const fault = kinds.find((kind) => url.endsWith(`=${kind}`)) ?? "ok";
          expect([url, state]).toEqual([url, faults[fault]]);
          expect(code === undefined).toBe(state === "succeeded");
          expect(reason).toMatch(/^[A-Z0-9].+\.$/);
        }
      }
      const after = await warm(numbered(8, (path) => origin.url(`/after${round}${path}`, "a.test")));
      expect(statesIn(after.outcomes)).toEqual({ succeeded: 8 });
    }),
    { numRuns: 12 },
  );
  expect(Math.max(...origin.most.values())).toBeLessThanOrEqual(2);
});
