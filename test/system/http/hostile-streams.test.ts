/** Hostile manifests: each costs its own call, and the server answers other calls meanwhile. */

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { httpSessions, type Session, taskOf } from "../harness/clients-harness.ts";
import { hostile } from "../harness/hostile-manifests-harness.ts";
import { type HttpServer, launchServer } from "../harness/http-server-harness.ts";

const CHUNK = Buffer.alloc(65_536, "#EXTINF:1,\na\n");
const FILM = "#EXTM3U\n#EXTINF:4,\nfilm.ts\n#EXT-X-ENDLIST\n";
/** Servers that do not end their answers in the usual way. */
const origins: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "an endless body.m3u8": (response) => {
    response.write("#EXTM3U\n");
    const more = (): void => {
      while (!response.destroyed && response.write(CHUNK));
    };
    response.on("drain", more);
    more();
  },
  "a slow body.m3u8": (response) => {
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      if (sent < FILM.length) response.write(FILM[sent - 1]);
      else response.end(FILM.slice(sent - 1));
      if (sent >= FILM.length || response.destroyed) clearInterval(timer);
    }, 20);
  },
};

const origin = createServer(({ url = "" }, response) => {
  const name = decodeURIComponent(url.slice(1));
  const content = hostile[name];
  if (content !== undefined) response.end(content);
  else if (origins[name] !== undefined) origins[name](response);
  else response.writeHead(404).end();
});

let server: HttpServer;
let asking: Session;
let reading: Session;
let address = "";

beforeAll(async () => {
  origin.listen(0, "127.0.0.1");
  await once(origin, "listening");
  address = `http://127.0.0.1:${z.object({ port: z.number() }).parse(origin.address()).port}/`;
  server = await launchServer({ PREFETCH_STORE: "memory:", PREFETCH_HTTP_ALLOW_LOOPBACK: "1" }, []);
  const [[, connect]] = httpSessions;
  [asking, reading] = await Promise.all([connect(server.url), connect(server.url)]);
});

afterAll(async () => {
  await Promise.all([asking.close(), reading.close()]);
  await server.stop();
  origin.closeAllConnections();
  origin.close();
});

/** A busy machine delays every answer. Without the thread, the manifests hold the server for up to 40 seconds. */
const LONGEST_ANSWER_MS = 5_000;
const LONGEST_LAG_MS = 2_000;
/** Longer, and fewer calls meet a short manifest. Shorter, and the other calls take more of the processor than the manifests. */
const PAUSE_MS = 250;

/** The longest delay of the server's event loop since the last time, in milliseconds. */
async function lag(): Promise<number> {
  const metrics = await (await fetch(new URL("/metrics", server.url))).text();
  return 1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics)?.[1] ?? Number.NaN);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const others: readonly (() => Promise<unknown>)[] = [
  async () => expect((await fetch(new URL("/healthz", server.url))).status).toBe(200),
  async () => expect(await asking.call("get_prefetch_quota")).toMatchObject({ isError: false }),
  async () => expect((await asking.call("get_prefetch_status", { task_id: "pf_none" })).text).toContain("there is no task"),
];

it.each([...Object.keys(hostile), ...Object.keys(origins)])(
  "answers the call with %s, and other calls meanwhile",
  { timeout: 60_000 },
  async (name) => {
    const urls = [`${address}${encodeURIComponent(name)}`];
    await lag();
    let isOver = false;
    const begun = performance.now();
    const answer = reading.call("prefetch_urls", { urls, expand: "streams", scope: "full", dry_run: true }).finally(() => {
      isOver = true;
    });
    const times: number[] = [];
    do {
      for (const other of others) times.push(await timed(other));
      await sleep(PAUSE_MS);
    } while (!isOver);
    const { text, isError } = await answer;
    const took = performance.now() - begun;
    const held = await lag();
    const figures = [took, Math.max(...times), held].map((milliseconds) => Math.round(milliseconds));
    process.stderr.write(
      `${name}: answered after ${figures[0]} ms, other calls within ${figures[1]} ms, event loop held ${figures[2]} ms\n`,
    );
    // Whatever is left out is told, in a result of a usual size.
    expect(text.length).toBeLessThan(isError ? 2_000 : 60_000);
    expect(Math.max(...times)).toBeLessThan(LONGEST_ANSWER_MS);
    expect(held).toBeLessThan(LONGEST_LAG_MS);
    expect(server.child.exitCode ?? server.child.signalCode).toBeNull();
  },
);

it("still reads a stream after all of them", async () => {
  const urls = [`${address}${encodeURIComponent("a slow body.m3u8")}`];
  expect(taskOf(await reading.call("prefetch_urls", { urls, expand: "streams", dry_run: true }))).toMatchObject({ counts: { planned: 2 } });
});
