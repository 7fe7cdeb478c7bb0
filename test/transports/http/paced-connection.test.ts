import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createNodeServer, defaultTimeouts, type Timeouts } from "../../../src/transports/http/node-server.ts";
import type { Route } from "../../../src/transports/http/router.ts";

async function listening(route: Route, timeouts: Partial<Timeouts> = {}): Promise<{ server: Server; port: number }> {
  const server = createNodeServer(route, { ...defaultTimeouts, ...timeouts }, (error) => {
    throw error;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

/** A server that keeps every response back until the test lets it go, and the paths that have started. */
async function holdingServer(timeouts: Partial<Timeouts> = {}) {
  const started: string[] = [];
  const held: ServerResponse[] = [];
  const { server, port } = await listening(async ({ url = "" }, response) => {
    started.push(url);
    held.push(response);
  }, timeouts);
  let parsed = 0;
  server.prependListener("request", () => {
    parsed += 1;
  });
  onTestFinished(() => close(server));
  return { server, port, started, held, parsed: () => parsed };
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Turns in which a server without pacing would parse and start everything that has arrived. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await nextTurn();
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const paths = Array.from({ length: 500 }, (_, nth) => `/${nth}`);

describe("a connection that sends requests ahead", () => {
  it("has one of them parsed and started while its response is due, and the next one after that, in order", async () => {
    const { port, started, held, parsed } = await holdingServer();
    const socket = await connected(port);
    socket.resume().write(paths.map(get).join(""));
    for (const count of [1, 2, 3]) {
      await expect.poll(() => held.length).toBe(count);
      await someTurns();
      expect([started, parsed()]).toEqual([paths.slice(0, count), count]);
      held.at(-1)?.end();
    }
  });

  it("gets every answer, in order, in the end", async () => {
    const { server, port } = await listening(async ({ url = "" }, response) => void response.end(`<${url}>`));
    onTestFinished(() => close(server));
    const socket = await connected(port);
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += chunk;
    });
    socket.write(paths.map(get).join(""));
    await expect.poll(() => [...text.matchAll(/<(.*?)>/g)].map(([, path]) => path), { timeout: 10_000 }).toEqual(paths);
  });

  it("keeps no other connection from being served", async () => {
    const { port, started } = await holdingServer();
    const greedy = await Promise.all(Array.from({ length: 20 }, () => connected(port)));
    for (const socket of greedy) socket.write(paths.map(() => get("/greedy")).join(""));
    await expect.poll(() => started.length).toBe(20);
    const modest = await connected(port);
    modest.write(get("/modest"));
    await expect.poll(() => started.at(-1)).toBe("/modest");
    expect(started).toHaveLength(21);
  });

  it("has its close noticed while a response is due", async () => {
    const { port, held } = await holdingServer();
    const socket = await connected(port);
    socket.write(get("/"));
    await expect.poll(() => held.length).toBe(1);
    socket.destroy();
    await expect.poll(() => held[0]?.closed).toBe(true);
  });
});

describe("a connection whose client does not read", () => {
  it("is parsed no further, and ends when no byte has moved for the time of a stall", async () => {
    const large = "x".repeat(8 * 1_048_576);
    let started = 0;
    const { server, port } = await listening(
      async (_, response) => {
        started += 1;
        response.end(large);
      },
      { stallMs: 300 },
    );
    onTestFinished(() => close(server));
    const socket = await connected(port);
    const gone = new Promise<void>((resolve) => {
      server.once("request", ({ socket: serving }: IncomingMessage) => serving.once("close", resolve));
    });
    socket.pause().write(paths.map(get).join(""));
    await gone;
    expect(started).toBeLessThan(4);
  });
});

describe("messages in pieces", () => {
  const content = fc.oneof(fc.string(), fc.constant("\r\n\r\n"), fc.constant("a\r\n\r\nb\r\n\r\n"), fc.constant("GET / HTTP/1.1\r\n\r\n"));
  const withLength = (body: string): string => {
    const bytes = Buffer.from(body);
    return `POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes.toString("latin1")}`;
  };
  const inChunks = (body: string): string => {
    const bytes = Buffer.from(body);
    const chunk = bytes.length === 0 ? "" : `${bytes.length.toString(16)}\r\n${bytes.toString("latin1")}\r\n`;
    return `POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
  };
  const message = fc.tuple(content, fc.constantFrom(withLength, inChunks));

  it("arrive whole and in order, however they are framed and cut", async () => {
    const { server, port } = await listening(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString("base64");
      response.end(`<${body}>`);
    });
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 400 }), async (messages, size) => {
          const socket = connect(port, "127.0.0.1").setNoDelay(true).setEncoding("latin1");
          let text = "";
          socket.on("data", (chunk) => {
            text += chunk;
          });
          const wire = Buffer.from(messages.map(([body, frame]) => frame(body)).join(""), "latin1");
          for (let at = 0; at < wire.length; at += size) {
            socket.write(wire.subarray(at, at + size));
            await nextTurn();
          }
          const wanted = messages.map(([body]) => Buffer.from(body).toString("base64"));
          while ([...text.matchAll(/<.*?>/g)].length < wanted.length) await once(socket, "data");
          expect([...text.matchAll(/<(.*?)>/g)].map(([, body]) => body)).toEqual(wanted);
          socket.destroy();
        }),
        { numRuns: 60 },
      );
    } finally {
      await close(server);
    }
  });
});
