/** The longest wait for /healthz while large bodies arrive at once, some of them made to cost much. */

import { request } from "node:http";
import { Worker } from "node:worker_threads";
import { bodyOf, headersFor } from "./calls.ts";
import { type Server, startServer } from "./server.ts";

const SIZE = 15_900_000;
const COUNTS = [4, 8, 12];
const probe = `
  const { parentPort, workerData } = require("node:worker_threads");
  let longest = 0, asking = true;
  const ask = async () => {
    while (asking) {
      const begun = performance.now();
      await (await fetch(workerData)).text();
      longest = Math.max(longest, performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    parentPort.postMessage(longest);
  };
  parentPort.once("message", () => { asking = false; });
  ask().then(() => parentPort.close());
  parentPort.postMessage("ready");
`;

const list = (count: number): string[] =>
  Array.from({ length: count }, (_, nth) => `https://media.example.com/${nth}/`.padEnd(Math.floor(SIZE / count) - 3, "abcdefg/"));
const arrays = `[${"[],".repeat(Math.floor(SIZE / 3))}[]]`;
const empty = bodyOf({ urls: [], provider: "huawei-vod", dry_run: true });
const bodies: Readonly<Record<string, string>> = {
  "a list of 9,900 URLs": bodyOf({ urls: list(9_900), provider: "huawei-vod", dry_run: true }),
  "15,000 short values and one long": bodyOf({ urls: ["x".repeat(SIZE - 100_000), ...Array(15_000).fill("y")], dry_run: true }),
  "an array as text": bodyOf({ urls: arrays, dry_run: true }),
  "empty arrays": empty.replace('"urls":[]', () => `"urls":${arrays}`),
  blanks: `${empty.slice(0, -1)}${" ".repeat(SIZE)}}`,
};

function post({ url }: Server, body: Buffer, caller: string | undefined): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { method: "POST", agent: false, headers: { ...headersFor(caller), "content-length": body.length } });
    sent.once("response", (answer) => {
      answer.resume();
      answer.once("close", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", () => resolve(0));
    sent.end(body);
  });
}

async function longestWait(server: Server, work: () => Promise<unknown>): Promise<number> {
  const worker = new Worker(probe, { eval: true, workerData: new URL("/healthz", server.url).href });
  const next = () => new Promise<unknown>((resolve) => worker.once("message", resolve));
  await next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await work();
  const longest = next();
  worker.postMessage("stop");
  return Number(await longest);
}

export async function measureBodies(bin: string, env: Readonly<Record<string, string>>, profile: string | undefined): Promise<void> {
  for (const [name, text] of Object.entries(bodies)) {
    const body = Buffer.from(text);
    for (const callers of [["anna", "bert"], [undefined]]) {
      const server = await startServer({ bin, transport: "http", env, profile });
      for (const count of COUNTS) {
        await server.longestDelay();
        let statuses: number[] = [];
        const waited = await longestWait(server, async () => {
          statuses = await Promise.all(Array.from({ length: count }, (_, nth) => post(server, body, callers[nth % callers.length])));
        });
        const delay = await server.longestDelay();
        const who = callers[0] === undefined ? "without a token" : "with tokens";
        const shown = [...Map.groupBy(statuses, (status) => status)].map(([status, all]) => `${all.length} x ${status}`).join(", ");
        const text = `${name}, ${count} at once, ${who}: /healthz within ${waited.toFixed(0)} ms, loop ${delay} ms (${shown})`;
        process.stdout.write(`${text}\n`);
      }
      await server.stop();
    }
  }
}
