/** Checks and manifests when the answer is not HTTP/1.1. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import { runs } from "../../../fakes/runs.ts";
import { neverAborted as never } from "../../../fakes/signal.ts";
import { testEdge } from "../edges-harness.ts";
import { anyAnswer, malformed, PEER_SECRET, startRawEdge } from "../raw-edge-harness.ts";

const UNREADABLE = /^127\.0\.0\.1:\d+ sent an answer that cannot be read as HTTP\/1\.1 \(.+\)/;

describe("a malformed answer", () => {
  it.each(Object.entries(malformed))("gives the state unknown after two requests, and fails a manifest after one: %s", async (_, text) => {
    const edge = await startRawEdge((socket) => socket.end(Buffer.from(text, "latin1")));
    const row = await testEdge().one(edge.url("/a"));
    expect(row).toMatchObject({ state: "unknown", reason: expect.stringMatching(UNREADABLE), evidence: [] });
    expect(edge.asked).toEqual(["HEAD /a", "GET /a"]);
    const reading = testEdge().body(edge.url("/b"), 1_000, never);
    await expect(reading).rejects.toMatchObject({
      name: "PrefetchError",
      code: "vendor_unavailable",
      message: expect.stringMatching(UNREADABLE),
    });
    expect(edge.asked.slice(2)).toEqual(["GET /b"]);
  });
});

it("a check never throws and shows no secret for any bytes, and reading a manifest fails as the edge's failure", async () => {
  let bytes: Buffer = Buffer.alloc(0);
  const edge = await startRawEdge((socket) => socket.end(bytes));
  await fc.assert(
    fc.asyncProperty(anyAnswer, async (answer) => {
      bytes = answer;
      const before = edge.asked.length;
      const row = await testEdge().one(edge.url("/a"));
      expect(JSON.stringify(row)).not.toContain(PEER_SECRET);
      if (row.reason.includes("cannot be read")) expect(edge.asked.length - before).toBeLessThanOrEqual(2);
      const read = await testEdge()
        .body(edge.url("/b"), 1_000, never)
        .catch((error: unknown) => error);
      if (!(read instanceof Error)) return;
      expect(read).toBeInstanceOf(PrefetchError);
      expect(read).not.toMatchObject({ code: "internal" });
      expect(read.message).not.toContain(PEER_SECRET);
    }),
    { numRuns: runs(50) },
  );
});
