/**
 * Hides secrets in log lines and prints nanoseconds per character, beside serialising the same line as JSON. The ratio, not the
 * time, tells whether a change made it slower.
 */

import { randomBytes } from "node:crypto";
import { createSecrets } from "../src/base/secrets.ts";
import { cleanLine } from "../src/telemetry/log.ts";

const RUNS = 100;

function lineOf(length: number, kind: string): string {
  const piece = {
    plain: 'GET /media/segment-00042.ts status 200 from edge "fra-2", ',
    escaped: "https%3A%2F%2Fmedia.example.com%2Fa%2Fb%3Fx%3D1 \\u0041 &amp; ",
    chinese: "预热任务提交成功，请求编号 0A1B2C3D。",
  }[kind];
  return JSON.stringify({ level: 30, msg: (piece ?? "").repeat(Math.ceil(length / (piece ?? " ").length)).slice(0, length) });
}

function nanosecondsPerCharacter(line: string, work: (line: string) => unknown): number {
  for (let run = 0; run < 50; run += 1) work(line);
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const begun = process.hrtime.bigint();
    work(line);
    times.push(Number(process.hrtime.bigint() - begun));
  }
  times.sort((a, b) => a - b);
  return (times[RUNS / 2] ?? 0) / line.length;
}

for (const count of [0, 10, 1_000]) {
  const { hide } = createSecrets([...Array(count)].map(() => randomBytes(30).toString("base64")));
  for (const kind of ["plain", "escaped", "chinese"]) {
    for (const length of [100, 1_000, 10_000, 100_000]) {
      const line = lineOf(length, kind);
      const parsed: unknown = JSON.parse(line);
      const [ours, json] = [
        nanosecondsPerCharacter(line, (text) => cleanLine(text, hide)),
        nanosecondsPerCharacter(line, () => JSON.stringify(parsed)),
      ];
      const columns = [
        `${count} secrets`,
        kind,
        `${length} characters`,
        `${ours.toFixed(1)} ns each`,
        `${(ours / json).toFixed(0)} times JSON.stringify`,
      ];
      process.stdout.write(`${columns.join(" | ")}\n`);
    }
  }
}
