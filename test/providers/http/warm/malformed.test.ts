/** Answers that are not HTTP/1.1. They are the edge's failure, and no byte of them may reach an outcome or a log. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { malformed, malformedBodies, PEER_SECRET, startRawEdge } from "../raw-edge-harness.ts";
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

  it("fails the HEAD that confirms a doubtful URL, and the URL with it", async () => {
    const edge = await startRawEdge((socket) => {
      if (edge.asked.length > 1) socket.end("a/b.php\r\n");
      else socket.write("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nok");
    });
    expect(await warming().outcomeOf(edge.url("/a"))).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(edge.asked).toEqual(["GET /a", "HEAD /a"]);
  });
});

const CRLF = "\r\n";
const secretBytes = (bytes: fc.Arbitrary<Buffer>) => bytes.map((each) => Buffer.concat([each, latin1(PEER_SECRET)]));
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const headText = fc.string({ unit: fc.constantFrom("a", ":", " ", "\t", "\r", "\n", "\x00", "/", "1", "-", ",", "ÿ"), maxLength: 30 });
/** A good answer with a fault somewhere in its head: an insertion, or a cut. */
const brokenHead = fc
  .tuple(fc.constantFrom("200 OK", "103 Early Hints", "204 None", "503 Busy"), fc.nat(80), headText, fc.boolean())
  .map(([status, at, text, isCut]) => {
    const good = `HTTP/1.1 ${status}${CRLF}Set-Cookie: ${PEER_SECRET}${CRLF}Content-Length: 0${CRLF}Connection: close${CRLF}${CRLF}`;
    return latin1(isCut ? good.slice(0, at + 1) : good.slice(0, at) + text + good.slice(at));
  });

it("settles a URL as the edge's failure after at most two attempts, and shows no byte, for any bytes", async () => {
  let bytes: Buffer = Buffer.alloc(0);
  const edge = await startRawEdge((socket) => socket.end(bytes));
  const { warm } = warming({ limits: { requestsPerHost: 1 } });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(secretBytes(anyBytes), brokenHead), async (answer) => {
      round += 1;
      bytes = answer;
      const before = edge.asked.length;
      const { outcomes } = await warm([edge.url(`/${round}`)]);
      const [outcome] = outcomes;
      expect(outcomes).toHaveLength(1);
      expect(outcome?.code).not.toBe("internal");
      expect(outcome?.reason).not.toContain(PEER_SECRET);
      expect(outcome?.reason).not.toMatch(/[^\x20-\x7e]/);
      // An answer that is good after all, such as a 503, has rules of its own.
      if (outcome?.reason.includes("cannot be read")) expect(edge.asked.length - before).toBe(2);
      else expect(outcome?.reason).toMatch(/^(Received 0 bytes|The server answered with status)/);
    }),
    { numRuns: 300 },
  );
});
