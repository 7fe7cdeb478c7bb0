import { pino } from "pino";
import { expect, it } from "vitest";
import { createErrorReporter } from "../../src/app/error-reporter.ts";
import { asPrefetchError, PrefetchError } from "../../src/base/errors.ts";
import { createLogLimit } from "../../src/telemetry/log-limit.ts";

function reporter() {
  const lines: string[] = [];
  let now = 0;
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(line) });
  const report = createErrorReporter(log, createLogLimit({ monotonic: () => now }));
  const pass = (ms: number): void => {
    now += ms;
  };
  return { report, lines, pass };
}

const cause = new Error("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });

it.each([
  ["the vendor refuses", new PrefetchError("quota_exhausted", "The quota is used up", { vendorCode: "QuotaFull", requestId: "7", cause })],
  ["the credentials are rejected", new PrefetchError("auth_failed", "The access key is not known", { hint: "Check it.", cause })],
  ["the store is locked", new PrefetchError("store_unavailable", "Another program holds the lock", { cause })],
])("writes one info line without a stack when %s", (_, error) => {
  const { report, lines } = reporter();
  report(error, "sending a batch");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: 30, msg: error.message, code: error.code, about: "sending a batch" });
  expect(lines[0]).toContain('"cause":"fetch failed: connect ECONNREFUSED 127.0.0.1:1"');
  expect(lines[0]).not.toMatch(/stack|\.ts:\d|\bat /);
});

it("writes three lines of a minute when the same refusal comes every second, and then how many it left out", () => {
  const { report, lines, pass } = reporter();
  for (let second = 0; second < 61; second += 1) {
    report(new PrefetchError("auth_failed", "no"), "looking");
    pass(1_000);
  }
  expect(lines.map((line) => JSON.parse(line).leftOut)).toEqual([undefined, undefined, undefined, 57]);
});

it("writes an error with its stack, each time, when the error is a bug", () => {
  const { report, lines } = reporter();
  for (const error of [new TypeError("x is not a function"), asPrefetchError(new TypeError("y"))]) report(error, "looking");
  expect(lines.map((line) => JSON.parse(line).level)).toEqual([50, 50]);
  expect(lines[0]).toContain("error-reporter.test.ts");
});
