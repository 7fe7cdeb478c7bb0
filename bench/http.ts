/**
 * Compares the requests per second of the server over HTTP with those of a bare server on the same SDK. Only the former
 * checks a token, separates tenants, counts and logs each request, and reads its store.
 *
 * Usage: `npm run build && node bench/http.ts [seconds]`. Rounds alternate, so that load on the machine slows both alike.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { Pool } from "undici";

const [seconds = 3] = process.argv.slice(2).map(Number);
const CONNECTIONS = 32;
const ROUNDS = 5;
const TOKEN = "benchmark-token";
const tokens = [{ name: "bench", sha256: createHash("sha256").update(TOKEN).digest("hex"), scopes: ["prefetch:write"] }];

interface Server {
  readonly child: ChildProcess;
  readonly url: URL;
}

async function startServer(args: readonly string[], env: Record<string, string> = {}): Promise<Server> {
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH ?? "", ...env }, stdio: ["ignore", "ignore", "pipe"] });
  const url = await new Promise<URL>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line.includes('"listening"')) resolve(new URL(JSON.parse(line).url));
    });
    child.once("exit", (code) => reject(new Error(`${args[0]} exited with code ${code}`)));
  });
  return { child, url };
}

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const requests = {
  "tools/call": { method: "tools/call", params: { name: "get_prefetch_quota", arguments: {}, _meta }, name: "get_prefetch_quota" },
  "tools/list": { method: "tools/list", params: { _meta }, name: undefined },
} as const;

/** Measures requests per second. */
async function measure({ url }: Server, { method, params, name }: (typeof requests)[keyof typeof requests]): Promise<number> {
  const pool = new Pool(url.origin, { connections: CONNECTIONS });
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    authorization: `Bearer ${TOKEN}`,
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name && { "mcp-name": name }),
  };
  const start = performance.now();
  const end = start + (seconds * 1_000) / ROUNDS;
  let done = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < end) {
        const response = await pool.request({ path: url.pathname, method: "POST", headers, body });
        const text = await response.body.text();
        if (response.statusCode !== 200 || text.includes('"isError":true'))
          throw new Error(`${response.statusCode}: ${text.slice(0, 300)}`);
        done += 1;
      }
    }),
  );
  const rate = (done / (performance.now() - start)) * 1_000;
  await pool.close();
  return rate;
}

const ours = await startServer(["dist/main.js", "--transport", "http", "--port", "0", "--sandbox"], {
  PREFETCH_SERVER_TOKENS: JSON.stringify(tokens),
  PREFETCH_TENANT_REQUESTS_PER_MINUTE: "1000000",
});
const bare = await startServer(["bench/bare-server.ts"]);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
for (const [name, request] of Object.entries(requests)) {
  // Warm-up, so that the first round does not measure compilation.
  await Promise.all([measure(ours, request), measure(bare, request)]);
  const rates = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.ours.push(await measure(ours, request));
    rates.bare.push(await measure(bare, request));
  }
  const [oursRate, bareRate] = [median(rates.ours), median(rates.bare)];
  process.stdout.write(`${name}: ours ${Math.round(oursRate)}/s, bare ${Math.round(bareRate)}/s, x ${(oursRate / bareRate).toFixed(2)}\n`);
}
ours.child.kill();
bare.child.kill();
