/**
 * Compares the http provider, alone and inside the whole server, with curl, wget2 and aria2c: all fetch the same URLs from
 * the same nginx in turns. Prints each client's median wall time with process start, and its ratio to curl's.
 *
 * Usage: `npm run build && node bench/warm/index.ts [rounds] [clients] [schemes]`. Needs nginx, curl, openssl and
 * /usr/bin/time. Leaves out wget2 and aria2c when they are not installed.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildSync } from "esbuild";
import { bundling } from "../../scripts/bundling.ts";

const [rounds = "5", clientNames = "ours,server,curl,wget2,aria2c", schemes = "http,https"] = process.argv.slice(2);
const KIB = 1_024;
const CONNECTIONS = 16;
const loads = [
  { name: "10,000 x 64 KiB", files: 1_000, count: 10_000, size: 64 * KIB },
  { name: "10,000 x 1 KiB", files: 1_000, count: 10_000, size: KIB },
  { name: "128 x 8 MiB", files: 16, count: 128, size: 8 * KIB * KIB },
] as const;

const isInstalled = (program: string): boolean => spawnSync("which", [program]).status === 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

const folder = mkdtempSync(join(tmpdir(), "bench-warm-"));
const log = join(folder, "access.log");
const ca = join(folder, "cert.pem");
/** The provider as one JavaScript file, as the server ships. */
const bundle = join(folder, "ours.mjs");
buildSync({ ...bundling, entryPoints: [join(import.meta.dirname, "ours.ts")], outfile: bundle });

async function startNginx(): Promise<{ plain: number; tls: number; stop: () => void }> {
  const [plain, tls] = [await freePort(), await freePort()];
  mkdirSync(join(folder, "www"));
  const key = join(folder, "key.pem");
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const made = spawnSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    ca,
    "-days",
    "2",
    ...subject,
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  const conf = join(folder, "nginx.conf");
  writeFileSync(
    conf,
    `user root; worker_processes 2; pid ${folder}/nginx.pid; error_log ${folder}/error.log; daemon off;
     events { worker_connections 4096; }
     http { sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=4096;
       log_format brief '$status $body_bytes_sent'; access_log ${log} brief buffer=64k flush=200ms;
       server { listen 127.0.0.1:${plain}; listen 127.0.0.1:${tls} ssl; ssl_certificate ${ca}; ssl_certificate_key ${key};
         ssl_protocols TLSv1.3; root ${folder}/www; } }`,
  );
  const nginx = spawn("nginx", ["-c", conf, "-p", folder], { stdio: "ignore" });
  await sleep(500);
  if (nginx.exitCode !== null) throw new Error(readFileSync(join(folder, "error.log"), "utf8"));
  return { plain, tls, stop: () => nginx.kill("SIGTERM") };
}

type Client = { readonly name: string; readonly command: (list: string) => readonly string[]; readonly lines: (url: string) => string };
const clients: readonly Client[] = [
  {
    name: "ours",
    command: (list) => [process.execPath, bundle, list, ca],
    lines: (url) => url,
  },
  {
    name: "server",
    command: (list) => [process.execPath, join(import.meta.dirname, "server.ts"), list, ca],
    lines: (url) => url,
  },
  {
    name: "curl",
    command: (list) => ["curl", "--silent", "--parallel", "--parallel-max", String(CONNECTIONS), "--cacert", ca, "--config", list],
    lines: (url) => `url = "${url}"\noutput = "/dev/null"`,
  },
  {
    name: "wget2",
    command: (list) => [
      "wget2",
      "-q",
      `--max-threads=${CONNECTIONS}`,
      "-O",
      "/dev/null",
      "--no-http2",
      `--ca-certificate=${ca}`,
      "-i",
      list,
    ],
    lines: (url) => url,
  },
  {
    name: "aria2c",
    command: (list) => [
      "aria2c",
      "-q",
      `-j${CONNECTIONS}`,
      "-d",
      "/dev/shm/bench-warm",
      "--allow-overwrite=true",
      `--ca-certificate=${ca}`,
      "-i",
      list,
    ],
    lines: (url) => `${url}\n  out=${url.replace(/\D+/g, "-")}`,
  },
];

interface Result {
  readonly seconds: number;
  readonly rssMb: number;
}

async function measure(client: Client, urls: readonly string[], bytes: number): Promise<Result> {
  const list = join(folder, `${client.name}.txt`);
  writeFileSync(list, `${urls.map(client.lines).join("\n")}\n`);
  truncateSync(log);
  rmSync("/dev/shm/bench-warm", { recursive: true, force: true });
  const start = performance.now();
  const run = spawnSync("/usr/bin/time", ["-f", "%M", ...client.command(list)], { encoding: "utf8", maxBuffer: 1 << 28 });
  const seconds = (performance.now() - start) / 1_000;
  // nginx flushes its log every 200 ms.
  await sleep(400);
  const served = readFileSync(log, "utf8").trim().split("\n");
  const sent = served.reduce((sum, line) => sum + (line.startsWith("200 ") ? Number(line.slice(4)) : 0), 0);
  if (served.length < urls.length || sent < bytes) {
    throw new Error(`${client.name}: ${served.length} of ${urls.length} requests, ${sent} of ${bytes} bytes; ${run.stderr.slice(0, 300)}`);
  }
  return { seconds, rssMb: Math.round(Number(run.stderr.trim().split("\n").at(-1)) / KIB) };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const nginx = await startNginx();
try {
  const compared = clients.filter(
    ({ name }) => clientNames.split(",").includes(name) && (["ours", "server"].includes(name) || isInstalled(name)),
  );
  for (const { name, files, count, size } of loads) {
    for (let nth = 0; nth < files; nth += 1) writeFileSync(join(folder, "www", `${size}-${nth}`), Buffer.alloc(size, nth % 251));
    for (const [scheme, port] of [
      ["http", nginx.plain],
      ["https", nginx.tls],
    ] as const) {
      if (!schemes.split(",").includes(scheme)) continue;
      // The query makes each URL different for aria2c and for caches.
      const urls = Array.from({ length: count }, (_, nth) => `${scheme}://localhost:${port}/${size}-${nth % files}?${nth}`);
      const results = new Map<string, Result[]>(compared.map((client) => [client.name, []]));
      for (let round = 0; round < Number(rounds); round += 1) {
        for (const client of compared) results.get(client.name)?.push(await measure(client, urls, count * size));
      }
      const walls = new Map([...results].map(([client, own]) => [client, median(own.map(({ seconds }) => seconds))]));
      const curl = walls.get("curl") ?? Number.NaN;
      for (const [client, wall] of walls) {
        const rss = Math.max(...(results.get(client) ?? []).map(({ rssMb }) => rssMb));
        process.stdout.write(`${name} ${scheme} ${client}: ${wall.toFixed(2)} s, x ${(wall / curl).toFixed(2)} of curl, peak ${rss} MB\n`);
      }
    }
  }
} finally {
  nginx.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync("/dev/shm/bench-warm", { recursive: true, force: true });
}
