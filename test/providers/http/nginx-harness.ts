/** A real nginx with `proxy_cache` in front of an origin, because many CDNs run on nginx. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface CachingNginx {
  readonly port: number;
  /** Method and path of each request that reached the origin. */
  readonly fetched: readonly string[];
  stop(): Promise<void>;
}

/** Distributions install nginx outside PATH. */
const PROGRAMS = ["nginx", "/usr/sbin/nginx"];

export function findNginx(): string | undefined {
  return PROGRAMS.find((program) => {
    try {
      execFileSync(program, ["-v"], { stdio: "ignore" });
      return true;
    } catch {
      // nginx is not installed at this path.
      return false;
    }
  });
}

export async function startNginx(program: string, answer: RequestListener): Promise<CachingNginx> {
  const fetched: string[] = [];
  const origin = createServer((request, response) => {
    fetched.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  const originPort = await listen(origin);
  const folder = mkdtempSync(join(tmpdir(), "prefetch-nginx-"));
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  writeFileSync(config, configuration(folder, port, originPort));
  const child = spawn(program, ["-e", "stderr", "-p", folder, "-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    origin.closeAllConnections();
    await new Promise((resolve) => origin.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  };
  for (let time = 0; !(await answers(port)); time += 1) {
    if (time === 200 || child.exitCode !== null) {
      await stop();
      throw new Error(`nginx did not start: ${stderr}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { port, fetched, stop };
}

function configuration(folder: string, port: number, originPort: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  return `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr error;
    events { worker_connections 64; }
    http {
      access_log off;
      ${temporary.join("\n")}
      proxy_cache_path ${folder}/cache keys_zone=zone:1m;
      server {
        listen 127.0.0.1:${port};
        add_header X-Cache-Status $upstream_cache_status always;
        proxy_cache zone;
        location / { proxy_pass http://127.0.0.1:${originPort}; }
        location /stale/ { proxy_pass http://127.0.0.1:${originPort}; proxy_cache_use_stale http_500; }
        location /revalidated/ { proxy_pass http://127.0.0.1:${originPort}; proxy_cache_revalidate on; }
        location /bypass/ { proxy_pass http://127.0.0.1:${originPort}; proxy_cache_bypass 1; proxy_no_cache 1; }
        location /ranges-aside/ { proxy_pass http://127.0.0.1:${originPort}; proxy_cache_bypass $http_range; proxy_no_cache $http_range; }
      }
    }`;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    // nginx does not listen yet.
    return false;
  } finally {
    socket.destroy();
  }
}
