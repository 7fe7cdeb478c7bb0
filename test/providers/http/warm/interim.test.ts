/** Interim responses (1xx): an edge may send some before its answer, but they neither extend the time-out nor cost a core. */

import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import { createAddressGuard } from "../../../../src/providers/http/net/address-guard.ts";
import { neverAborted as never } from "../../../fakes/signal.ts";
import { testEdge } from "../edges-harness.ts";
import { closeAfterwards } from "../network-harness.ts";
import { startRawEdge } from "../raw-edge-harness.ts";
import { warming } from "../warming-harness.ts";

const HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
const GOOD = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 7\r\n\r\n";
const answer = (socket: Socket) => socket.end(`${GOOD}#EXTM3U`);
/** Shorter than undici's own time-out, which ticks every half a second. Longer: the tests take longer. */
const ANSWER_MS = 200;

/** Sends interim responses again and again, and never the final one. */
function stall(socket: Socket): void {
  const timer = setInterval(() => socket.write(HINTS), 20);
  socket.once("close", () => clearInterval(timer));
}

function impatientEdge() {
  const guard = createAddressGuard({ allowLoopback: true, answerMs: ANSWER_MS });
  closeAfterwards(() => guard.close());
  return testEdge({ guard });
}

const flood = (count: number) => (socket: Socket) => {
  socket.write(HINTS.repeat(count));
  answer(socket);
};
const TIMED_OUT = /^127\.0\.0\.1:\d+ did not answer in time/;
const FLOODED = /^127\.0\.0\.1:\d+ sent an answer that cannot be read as HTTP\/1\.1 \(more than 16 interim responses\)/;

async function failureOfBody(url: string): Promise<PrefetchError> {
  const error = await impatientEdge()
    .body(url, 1_000, never)
    .catch((thrown: unknown) => thrown);
  if (error instanceof PrefetchError) return error;
  throw new Error("The body was read");
}

describe("warming", () => {
  it("succeeds after 16 interim responses", async () => {
    const edge = await startRawEdge(flood(16));
    expect(await warming().outcomeOf(edge.url("/a"))).toMatchObject({ state: "succeeded" });
    expect(edge.asked).toHaveLength(1);
  });

  it("fails after two attempts with more interim responses", async () => {
    const edge = await startRawEdge(flood(10_000));
    const outcome = await warming().outcomeOf(edge.url("/a"));
    expect(outcome).toMatchObject({ state: "failed", code: "vendor_unavailable", reason: expect.stringMatching(FLOODED) });
    expect(edge.asked).toHaveLength(2);
  });

  it("fails in time when interim responses never end", async () => {
    const edge = await startRawEdge(stall);
    const outcome = await warming({ answerMs: ANSWER_MS }).outcomeOf(edge.url("/a"));
    expect(outcome).toMatchObject({ state: "failed", code: "timeout", reason: expect.stringMatching(TIMED_OUT) });
  });
});

describe("a check", () => {
  it("says unknown after two requests when interim responses never end", async () => {
    const edge = await startRawEdge(stall);
    const row = await impatientEdge().one(edge.url("/a"));
    expect(row).toMatchObject({ state: "unknown", reason: expect.stringMatching(TIMED_OUT) });
    expect(edge.asked).toEqual(["HEAD /a", "GET /a"]);
  });

  it("says unknown after two requests when they are too many", async () => {
    const edge = await startRawEdge(flood(10_000));
    const row = await testEdge().one(edge.url("/a"));
    expect(row).toMatchObject({ state: "unknown", reason: expect.stringMatching(FLOODED) });
    expect(edge.asked).toEqual(["HEAD /a", "GET /a"]);
  });
});

describe("reading a manifest", () => {
  it("fails in time when interim responses never end", async () => {
    const edge = await startRawEdge(stall);
    const error = await failureOfBody(edge.url("/a"));
    expect(error).toMatchObject({ code: "timeout", retryable: true, message: expect.stringMatching(TIMED_OUT) });
    expect(edge.asked).toHaveLength(1);
  });

  it.each([
    ["empty lines", "\r\n", "\r\n"],
    ["a status line", "HTTP/1.1 200 O", "K"],
    ["a header", "HTTP/1.1 200 OK\r\nX-A: b", "b"],
    ["the header of an interim response", "HTTP/1.1 103 Early Hints\r\nLink: b", "b"],
    ["a header after an interim response", `${HINTS}HTTP/1.1 200 OK\r\nX-A: b`, "b"],
  ])("fails in time when this never ends: %s", async (_, first, more) => {
    const edge = await startRawEdge((socket) => {
      socket.write(first);
      const timer = setInterval(() => socket.write(more), 20);
      socket.once("close", () => clearInterval(timer));
    });
    expect(await failureOfBody(edge.url("/a"))).toMatchObject({ code: "timeout", message: expect.stringMatching(TIMED_OUT) });
    expect(edge.asked).toHaveLength(1);
  });

  it("fails when they are too many, and succeeds after some", async () => {
    const edge = await startRawEdge((socket, path) => flood(path === "/few" ? 3 : 10_000)(socket));
    const error = await failureOfBody(edge.url("/many"));
    expect(error).toMatchObject({ code: "vendor_unavailable", retryable: true, message: expect.stringMatching(FLOODED) });
    expect(await testEdge().body(edge.url("/few"), 1_000, never)).toMatchObject({ bytes: new Uint8Array(Buffer.from("#EXTM3U")) });
  });
});
