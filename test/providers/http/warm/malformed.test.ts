/** Answers that are not HTTP/1.1. They are the edge's failure, and no byte of them may reach an outcome or a log. */

import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs } from "../../../fakes/runs.ts";
import { closeAfterwards } from "../network-harness.ts";
import { anyAnswer, malformed, malformedBodies, PEER_SECRET, startRawEdge } from "../raw-edge-harness.ts";
import { numbered, statesIn, warming } from "../warming-harness.ts";

const GOOD = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok";
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("a malformed answer", () => {
  it.each(Object.entries({ ...malformed, ...malformedBodies }))("fails its URL alone, after two attempts: %s", async (_, text) => {
    const edge = await startRawEdge((socket, path) => {
      if (path === "/bad") socket.end(latin1(text));
      else socket.write(GOOD);
    });
    const urls = [...numbered(10, edge.url), edge.url("/bad"), ...numbered(10, (path) => edge.url(`/more${path}`))];
    const { outcomes } = await warming({ limits: { requestsPerHost: 3 } }).warm(urls);
    expect(statesIn(outcomes)).toEqual({ succeeded: 20, failed: 1 });
    const bad = outcomes.find(({ state }) => state === "failed");
    expect(bad).toMatchObject({ url: edge.url("/bad"), code: "vendor_unavailable" });
    expect(bad?.reason).toMatch(/^127\.0\.0\.1:\d+ sent an answer that cannot be read as HTTP\/1\.1 \(.+\)\. .+\.$/);
    expect(bad?.reason).not.toContain(PEER_SECRET);
    expect(edge.asked.filter((request) => request === "GET /bad")).toHaveLength(2);
    expect(edge.asked).toHaveLength(22);
  });

  it("leaves the URL warm when the second attempt gets a good one", async () => {
    const edge = await startRawEdge((socket) => {
      if (edge.asked.length > 1) socket.write(GOOD);
      else socket.end("SSH-2.0-OpenSSH_9.9\r\n");
    });
    expect(await warming().outcomeOf(edge.url("/a"))).toMatchObject({ state: "succeeded" });
  });

  it.each([
    ["in one piece", (socket: Socket) => socket.write(`${GOOD}a/b.php: junk`)],
    ["a moment later", (socket: Socket) => socket.write(GOOD, () => setImmediate(() => socket.write("a/b.php: junk")))],
  ])("does not disturb other URLs on its connection when it follows a good one %s", async (_, answer) => {
    const edge = await startRawEdge((socket, path) => {
      if (path === "/bad") answer(socket);
      else socket.write(GOOD);
    });
    const urls = [edge.url("/bad"), ...numbered(20, edge.url)];
    const { outcomes } = await warming({ limits: { requestsPerHost: 2 } }).warm(urls);
    expect(statesIn(outcomes)).toEqual({ succeeded: 21 });
  });

  it("fails the HEAD that confirms a doubtful URL, and the URL with it", async () => {
    const edge = await startRawEdge((socket) => {
      if (edge.asked.length > 1) socket.end("a/b.php\r\n");
      else socket.write("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nok");
    });
    expect(await warming().outcomeOf(edge.url("/a"))).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(edge.asked).toEqual(["GET /a", "HEAD /a"]);
  });
});

describe("a server of another protocol", () => {
  const listen = async (server: Server): Promise<{ url: string; connections: () => number }> => {
    let connections = 0;
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      connections += 1;
      sockets.add(socket);
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closeAfterwards(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`, connections: () => connections };
  };

  it.each<[string, () => Server, string]>([
    ["HTTP/2 without TLS", () => createHttp2Server(), "it speaks HTTP/2"],
    ["an SSH banner on connection", () => createServer((socket) => socket.resume().write("SSH-2.0-OpenSSH_9.9\r\n")), "it speaks SSH"],
    [
      "an SSH banner after the request",
      () => createServer((socket) => socket.on("data", () => socket.end("SSH-2.0-OpenSSH_9.9\r\n"))),
      "it speaks SSH",
    ],
    [
      "a TLS alert",
      () => createServer((socket) => socket.on("data", () => socket.end(latin1("\x15\x03\x01\x00\x02\x02\x16")))),
      "it speaks TLS: use https",
    ],
  ])("fails the URL after two attempts, and is named: %s", async (_, create, name) => {
    const { url, connections } = await listen(create());
    const outcome = await warming().outcomeOf(url);
    expect(outcome).toMatchObject({ state: "failed", code: "vendor_unavailable", reason: expect.stringContaining(`(${name})`) });
    expect(connections()).toBe(2);
  });
});

it("settles a URL as the edge's failure after at most two attempts, and shows no byte, for any bytes", async () => {
  let bytes: Buffer = Buffer.alloc(0);
  const edge = await startRawEdge((socket) => socket.end(bytes));
  const { warm } = warming({ limits: { requestsPerHost: 1 } });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(anyAnswer, async (answer) => {
      round += 1;
      bytes = answer;
      const before = edge.asked.length;
      const { outcomes } = await warm([edge.url(`/${round}`)]);
      const [outcome] = outcomes;
      expect(outcomes).toHaveLength(1);
      expect(outcome?.code).not.toBe("internal");
      expect(outcome?.reason).not.toContain(PEER_SECRET);
      expect(outcome?.reason).not.toMatch(/[^\x20-\x7e]/);
      // An answer that is good after all, or that is only cut short in its body, has rules of its own.
      if (outcome?.reason.includes("cannot be read")) expect(edge.asked.length - before).toBe(2);
      else expect(outcome?.reason).toMatch(/^(Received \d+ bytes?|The server answered with status|The connection to \S+ broke off)/);
    }),
    { numRuns: runs(80) },
  );
});
