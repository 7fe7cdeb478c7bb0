/** The server sends large bodies no faster than clients read them. */

import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Body, patternBody } from "../../../src/sandbox/server/body.ts";
import { startServer } from "../../../src/sandbox/server/server.ts";

const BLOCK = 65_536;
const LARGE = 64 * 1_048_576;

/** A server with one large body, and a raw connection to it. */
async function serveLarge() {
  const taken = { blocks: 0 };
  const ended = Promise.withResolvers<void>();
  const body: Body = {
    bytes: LARGE,
    *chunks() {
      try {
        for (const chunk of patternBody(LARGE, 1).chunks()) {
          taken.blocks += 1;
          yield chunk;
        }
      } finally {
        ended.resolve();
      }
    },
  };
  const server = await startServer({ now: Date.now, answer: () => ({ status: 200, body }) });
  onTestFinished(() => server.close());
  const { hostname, port } = new URL(server.endpoint);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return { taken, ended: ended.promise, socket };
}

describe("the server", () => {
  it("takes blocks from a body only as the client reads them", async () => {
    const { taken, socket } = await serveLarge();
    let received = 0;
    let largestLead = 0;
    socket.on("data", (chunk) => {
      received += chunk.length;
      largestLead = Math.max(largestLead, taken.blocks * BLOCK - received);
    });
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await once(socket, "end");
    // Only the buffers of both sockets lie between them.
    expect(largestLead).toBeLessThan(LARGE / 4);
    expect(received).toBeGreaterThan(LARGE);
    expect(taken.blocks * BLOCK).toBe(LARGE);
  });

  it("stops taking blocks when the client disconnects", async () => {
    const { taken, ended, socket } = await serveLarge();
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
    socket.destroy();
    await ended;
    expect(taken.blocks * BLOCK).toBeLessThan(LARGE);
  });

  it("takes no block for HEAD", async () => {
    const { taken, socket } = await serveLarge();
    socket.write("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const [head] = await once(socket, "data");
    expect(String(head)).toContain(`content-length: ${LARGE}`);
    await once(socket, "end");
    expect(taken.blocks).toBe(0);
  });
});
