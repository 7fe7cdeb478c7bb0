/**
 * Our server over HTTP against a bare one on the same SDK: requests a second, many at once, interleaved in one run. Ours
 * checks a token, keeps tenants apart, counts and logs each request, and asks its store. `node bench/http.ts [seconds]`
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { Pool } from "undici";

const [seconds = 3] = process.argv.slice(2).map(Number);
const CONNECTIONS = 32;
const ROUNDS = 5;
const TOKEN = "the-token-of-the-bench";
const tokens = [{ name: "bench", sha256: createHash("sha256").update(TOKEN).digest("hex"), scopes: ["prefetch:write"] }];

interface Server {
  readonly child: ChildProcess;
  readonly url: URL;
}

async function start(args: readonly string[], env: Record<string, string> = {}): Promise<Server> {
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH ?? "", ...env }, stdio: ["ignore", "ignore", "pipe"] });
  const url = await new Promise<URL>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line.includes('"listening"')) resolve(new URL(JSON.parse(line).url));
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
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

/** Requests a second. */
async function load({ url }: Server, { method, params, name }: (typeof requests)[keyof typeof requests]): Promise<number> {
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
  const begun = performance.now();
  const until = begun + (seconds * 1_000) / ROUNDS;
  let done = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) {
        const response = await pool.request({ path: url.pathname, method: "POST", headers, body });
        const text = await response.body.text();
        if (response.statusCode !== 200 || text.includes('"isError":true'))
          throw new Error(`${response.statusCode}: ${text.slice(0, 300)}`);
        done += 1;
      }
    }),
  );
  const rate = (done / (performance.now() - begun)) * 1_000;
  await pool.close();
  return rate;
}

const ours = await start(["dist/main.js", "--transport", "http", "--port", "0", "--sandbox"], {
  PREFETCH_SERVER_TOKENS: JSON.stringify(tokens),
  PREFETCH_TENANT_REQUESTS_PER_MINUTE: "1000000",
});
const bare = await start(["bench/bare-server.ts"]);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
for (const [what, request] of Object.entries(requests)) {
  await Promise.all([load(ours, request), load(bare, request)]);
  const rates = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.ours.push(await load(ours, request));
    rates.bare.push(await load(bare, request));
  }
  const [own, least] = [median(rates.ours), median(rates.bare)];
  process.stdout.write(`${what}: ours ${Math.round(own)}/s, bare ${Math.round(least)}/s, x ${(own / least).toFixed(2)}\n`);
}
ours.child.kill();
bare.child.kill();
