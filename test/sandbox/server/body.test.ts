/** Bodies are made while they are sent: of the right bytes, and no faster than they are taken. */

import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Body, padded, patternBody, slice, textBody } from "../../../src/sandbox/server/body.ts";
import { BoundedMap } from "../../../src/sandbox/server/bounded-map.ts";
import { startServer } from "../../../src/sandbox/server/server.ts";

const bytesOf = (body: Body): Buffer => Buffer.concat([...body.chunks()]);
const LARGE = 64 * 1_048_576;

describe("bodies", () => {
  it("have as many bytes as they say, the same on every pass", () => {
    fc.assert(
      fc.property(fc.nat({ max: 300_000 }), fc.nat({ max: 2 ** 32 - 1 }), (bytes, seed) => {
        const body = patternBody(bytes, seed);
        const content = bytesOf(body);
        expect([body.bytes, content.length]).toEqual([bytes, bytes]);
        expect(content.equals(bytesOf(body))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("are cut anywhere as buffers are", () => {
    fc.assert(
      fc.property(fc.nat({ max: 200_000 }), fc.nat({ max: 200_000 }), fc.nat({ max: 200_000 }), (bytes, a, b) => {
        const body = patternBody(bytes, 7);
        const [from = 0, to = 0] = [Math.min(a, bytes), Math.min(b, bytes)].toSorted((one, two) => one - two);
        const piece = slice(body, from, to);
        expect(piece.bytes).toBe(to - from);
        expect(bytesOf(piece).equals(bytesOf(body).subarray(from, to))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("differ by their seed", () => {
    expect(bytesOf(patternBody(100, 1)).equals(bytesOf(patternBody(100, 2)))).toBe(false);
  });

  it("can be text, with blanks behind it", () => {
    expect(bytesOf(padded(textBody("片名"), 2)).toString()).toBe("片名  ");
    expect(padded(textBody("片名"), 2).bytes).toBe(8);
  });

  it("are views of one block, however large", () => {
    const stores = new Set(Array.from(patternBody(LARGE, 3).chunks(), ({ buffer }) => buffer));
    expect(stores.size).toBe(1);
  });
});

describe("sending", () => {
  /** A server of one large body that counts the blocks that were taken from it. */
  async function serveLarge() {
    const taken = { blocks: 0 };
    const body: Body = {
      bytes: LARGE,
      *chunks() {
        for (const chunk of patternBody(LARGE, 1).chunks()) {
          taken.blocks += 1;
          yield chunk;
        }
      },
    };
    const server = await startServer({ now: Date.now, answer: () => ({ status: 200, body }) });
    onTestFinished(() => server.close());
    const { hostname, port } = new URL(server.endpoint);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    return { taken, socket };
  }
  /** How many blocks it comes to when no more are taken. */
  async function settled(taken: { readonly blocks: number }): Promise<number> {
    for (let before = -1; before !== taken.blocks; ) {
      before = taken.blocks;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return taken.blocks;
  }

  it("waits for a client that does not read", async () => {
    const { taken, socket } = await serveLarge();
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    socket.pause();
    // What fits into the buffers of both sockets, and no more.
    expect((await settled(taken)) * 65_536).toBeLessThan(LARGE / 4);
    let received = 0;
    socket.on("data", (chunk) => {
      received += chunk.length;
    });
    socket.resume();
    await once(socket, "end");
    expect(received).toBeGreaterThan(LARGE);
    expect(taken.blocks).toBe(1_024);
  });

  it("stops when the client leaves", async () => {
    const { taken, socket } = await serveLarge();
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
    socket.destroy();
    expect(await settled(taken)).toBeLessThan(1_024);
  });

  it("takes nothing from the body for HEAD", async () => {
    const { taken, socket } = await serveLarge();
    socket.write("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const [head] = await once(socket, "data");
    expect(String(head)).toContain(`content-length: ${LARGE}`);
    expect(taken.blocks).toBe(0);
  });
});

it("a bounded map forgets what has been there longest", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1).set("b", 2).set("a", 3).set("c", 4);
  expect([...map]).toEqual([
    ["a", 3],
    ["c", 4],
  ]);
});
