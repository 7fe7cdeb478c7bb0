/** Slow and silent clients: the server cuts them off, and serves other clients meanwhile. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createApp } from "../../../src/app/app.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { createMetrics } from "../../../src/transports/http/metrics.ts";
import type { Timeouts } from "../../../src/transports/http/node-server.ts";
import { type HttpService, startHttp } from "../../../src/transports/http/server.ts";
import { startServer } from "../harness/http-server-harness.ts";
import { call, closed, open, read, send } from "../harness/raw-http-harness.ts";

/** No request of a healthy client meets one of these limits, even on a busy machine. Each test shortens one of them. */
const patient: Timeouts = { headersMs: 60_000, requestMs: 60_000, checkMs: 50, answerMs: 60_000, stallMs: 60_000 };

const command = readCommand(["--sandbox", "--transport", "http", "--port", "0", "--log-level", "silent"], {});
if (command.kind !== "serve") throw new Error("The flags do not start a server.");
const { config } = command;
const newApp = () => createApp(config);

/** A server in this process. */
async function serve(timeouts?: Timeouts, app = newApp()): Promise<HttpService> {
  const service = await startHttp({
    app,
    metrics: createMetrics(),
    auth: undefined,
    options: config.server,
    ...(timeouts && { timeouts }),
  });
  onTestFinished(() => service.close());
  return service;
}

/** Sends one byte every 20 ms until the server ends the connection. Resolves with the server's answer. */
async function drip(socket: Socket, text: string): Promise<string> {
  let answer = "";
  socket.on("data", (chunk) => {
    answer += String(chunk);
  });
  let next = 0;
  const timer = setInterval(() => {
    socket.write(text[next % text.length] ?? "");
    next += 1;
  }, 20);
  await closed(socket);
  clearInterval(timer);
  return answer;
}

const head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const timedOut = /^HTTP\/1\.1 408 /;

describe("a client that drips", () => {
  it("gets 408 when its headers do not end in time", async () => {
    const server = await serve({ ...patient, headersMs: 300 });
    const socket = await open(server);
    socket.write(`${head}X-Endless: `);
    expect(await drip(socket, "x")).toMatch(timedOut);
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });

  it.each([
    ["of a declared length", `Content-Length: 100000\r\n\r\n`, " "],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"],
  ])("gets 408 when its body %s does not end in time", async (_, rest, text) => {
    const server = await serve({ ...patient, headersMs: 300, requestMs: 300 });
    const socket = await open(server);
    socket.write(`${head}${rest}`);
    expect(await drip(socket, text)).toMatch(timedOut);
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });

  it("is cut off when it sends nothing at all", async () => {
    const server = await serve({ ...patient, headersMs: 300 });
    await closed((await open(server)).resume());
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });
});

describe("an answer that does not come", () => {
  it("ends the connection, and the server serves other calls", async () => {
    const app = newApp();
    const server = await serve(patient, app);
    const hasty = await serve({ ...patient, answerMs: 100 }, app);
    // 30 batches take 18 s at the emulated vendor.
    const urls = Array.from({ length: 300 }, (_, index) => `https://example.com/${index}.mp4`);
    const started = await send(server, call("prefetch_urls", { urls, provider: "huawei-vod" }));
    const id = /pf_[0-9a-f-]{36}/.exec(started.body)?.[0];
    expect(started.body).toMatch(/"state":"running"|\\"state\\":\\"running\\"/);
    await expect(send(hasty, call("get_prefetch_status", { task_id: id, wait_seconds: 50 }))).rejects.toThrow();
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });
});

describe("many clients that drip", () => {
  it("hold up no other client, and are all cut off", async () => {
    const server = await serve({ ...patient, headersMs: 1_500, requestMs: 2_000 });
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

describe("the usual limits", () => {
  it("are 10 s for the headers and 60 s for the whole request", async () => {
    const { url } = await serve();
    // Node publishes the listening server with each request that it receives.
    const limits = new Map<string, Pick<Server, "headersTimeout" | "requestTimeout">>();
    const received = (message: unknown): void => {
      const { server, request } = message as { server: Server; request: IncomingMessage };
      limits.set(`${request.headers.host}${request.url}`, { headersTimeout: server.headersTimeout, requestTimeout: server.requestTimeout });
    };
    subscribe("http.server.request.start", received);
    onTestFinished(() => void unsubscribe("http.server.request.start", received));
    await send({ url }, call("get_prefetch_quota"));
    expect(limits.get(url.replace("http://", ""))).toEqual({ headersTimeout: 10_000, requestTimeout: 60_000 });
  });
});

describe("the built server", () => {
  it("answers 503 to a client whose body has not come when the server stops", async () => {
    const server = await startServer();
    const socket = await open(server);
    socket.write(`${head}Content-Length: 100\r\n\r\n{`);
    const answer = read(socket);
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
    expect(await server.stop()).toBe(0);
    // The server would cut the client off without an answer if it waited for the body.
    expect((await answer).status).toBe(503);
  });
});
