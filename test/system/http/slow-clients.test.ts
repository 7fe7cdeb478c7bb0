/** Clients that send little by little, or nothing, are cut off, and meanwhile keep nobody from being served. */

import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createApp } from "../../../src/app/app.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { createMetrics } from "../../../src/transports/http/metrics.ts";
import type { Timeouts } from "../../../src/transports/http/node-server.ts";
import { type HttpService, startHttp } from "../../../src/transports/http/server.ts";
import { type HttpServer, launchServer, startServer } from "./process-harness.ts";
import { call, closed, open, send } from "./wire-harness.ts";

const patience = { headersMs: 400, requestMs: 800, checkMs: 50, answerMs: 600, stallMs: 1_000 };

/** A server in this process, which is less patient than a real one. */
async function impatient(): Promise<HttpService> {
  const service = await inProcess(patience);
  onTestFinished(() => service.close());
  return service;
}

async function inProcess(timeouts?: Timeouts): Promise<HttpService> {
  const command = readCommand(["--sandbox", "--transport", "http", "--port", "0", "--log-level", "silent"], {});
  if (command.kind !== "serve") throw new Error("not a server");
  const { config } = command;
  const metrics = createMetrics();
  return startHttp({ app: createApp(config, metrics), metrics, auth: undefined, options: config.server, ...(timeouts && { timeouts }) });
}

/** Sends a byte now and then for as long as it may; resolves with the milliseconds that were. */
async function drip(socket: Socket, text: string): Promise<number> {
  const begun = performance.now();
  let next = 0;
  const timer = setInterval(() => {
    const byte = text[next % text.length] ?? "";
    next += 1;
    socket.write(byte);
  }, 20);
  await closed(socket.resume());
  clearInterval(timer);
  return performance.now() - begun;
}

/** Begun before all tests and looked at after them, because it takes its time. */
let patient: Promise<{ server: HttpServer; lasted: number }>;

beforeAll(async () => {
  // The first call loads what all calls need, which takes longer than the impatient ones wait.
  const first = await inProcess();
  expect((await send(first, call("get_prefetch_quota"))).status).toBe(200);
  await first.close();
  const server = await launchServer();
  const socket = await open(server);
  socket.write(`${head}X-Endless: `);
  patient = drip(socket, "x").then((lasted) => ({ server, lasted }));
});

afterAll(async () => {
  await (await patient).server.stop();
});

const head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

describe("a client that drips", () => {
  it("its headers is cut off when they should all have come", async () => {
    const server = await impatient();
    const socket = await open(server);
    socket.write(`${head}X-Endless: `);
    const lasted = await drip(socket, "x");
    expect(lasted).toBeGreaterThan(patience.headersMs - 200);
    expect(lasted).toBeLessThan(patience.requestMs + 2_000);
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });

  it.each([
    ["of a length that it names", `Content-Length: 100000\r\n\r\n`, " "],
    ["in chunks without end", "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"],
  ])("a body %s is cut off when the request should have been over", async (_, rest, text) => {
    const server = await impatient();
    const socket = await open(server);
    socket.write(`${head}${rest}`);
    const lasted = await drip(socket, text);
    expect(lasted).toBeGreaterThan(patience.requestMs - 200);
    expect(lasted).toBeLessThan(patience.requestMs + 4_000);
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });

  it("nothing is cut off as well", async () => {
    const server = await impatient();
    const socket = await open(server);
    await closed(socket.resume());
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });
});

describe("an answer that does not come", () => {
  it("is given up, and so is the work for it", async () => {
    const server = await impatient();
    const started = await send(server, call("prefetch_urls", { urls: ["https://example.com/a.mp4"], provider: "huawei-vod" }));
    const id = /pf_[0-9a-f-]{36}/.exec(started.body)?.[0];
    const begun = performance.now();
    // The emulated vendor takes longer than this server waits.
    await expect(send(server, call("get_prefetch_status", { task_id: id, wait_seconds: 50 }))).rejects.toThrow();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(590);
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });
});

describe("many clients that drip", () => {
  it("keep nobody from being served, and are all gone in the end", async () => {
    const server = await impatient();
    const heads = ["", "POST", `${head}X-Endless: `, `${head}Content-Length: 1000\r\n\r\n{`];
    const sockets = await Promise.all(Array.from({ length: 400 }, () => open(server)));
    const gone = Promise.all(
      sockets.map((socket, index) => {
        socket.write(heads[index % heads.length] ?? "");
        return closed(socket.resume());
      }),
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(server, call("get_prefetch_quota"))));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    await gone;
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });
});

describe("the built server", () => {
  it("does not wait for long for a body that never comes when it is told to stop", async () => {
    const server = await startServer();
    const socket = await open(server);
    socket.write(`${head}Content-Length: 100\r\n\r\n{`);
    socket.resume();
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
    const begun = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it("gives headers ten seconds", async () => {
    const { server, lasted } = await patient;
    expect(lasted).toBeGreaterThan(9_500);
    expect(lasted).toBeLessThan(15_000);
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });
});
