/** How the view reads answers, beside the schemas of the tools. */

import { describe, expect, expectTypeOf, it } from "vitest";
import type { z } from "zod";
import type { sitemapsOutput, spendOutput, statusOutput } from "../../../src/mcp/result.ts";
import type { verifyOutput } from "../../../src/mcp/tools/verify-prefetch.ts";
import { warmths as edgeWarmths } from "../../../src/prefetch/model/edge.ts";
import { itemStates as modelStates, shownStates } from "../../../src/prefetch/model/task.ts";
import { momentOf } from "../../../src/view/answers/read.ts";
import { itemStates, type TaskState, taskAnswer, taskStates } from "../../../src/view/answers/task.ts";
import { toolResult } from "../../../src/view/answers/tool-result.ts";
import { joined, verification, warmths } from "../../../src/view/answers/verification.ts";

const counts = {
  total: 4,
  queued: 1,
  deferred: 1,
  processing: 0,
  succeeded: 1,
  failed: 1,
  rejected: 0,
  untracked: 0,
  cancelled: 0,
  unknown: 0,
};
const quota = {
  provider: "huawei-vod",
  has_limit: true,
  limit: 10,
  used: 3,
  remaining: 7,
  resets_at: "2026-11-30T16:00:00.000Z",
  resets_in: "1 h",
  source: "ledger",
} as const;

type StatusAnswer = z.input<z.ZodObject<typeof statusOutput & typeof spendOutput & typeof sitemapsOutput>>;

/** The compiler compares it with the schema, so a renamed field of the answer breaks this file. */
const answer: StatusAnswer = {
  task_id: "pf_1",
  providers: ["huawei-vod"],
  state: "running",
  counts,
  deferred: { from: "2026-11-30T16:00:00.000Z", until: "2026-12-01T16:00:00.000Z" },
  batches: 2,
  duplicates_removed: 3,
  skipped_recent: 1,
  bytes: 65_536,
  problems: [{ url: "https://a.example/bad", state: "failed", code: "vendor_failed", reason: "It failed." }],
  quota,
  next_step: "Wait.",
  cost: 4,
  fits_today: false,
  left_today: 0,
  known: [{ task_id: "pf_0", state: "succeeded", count: 1 }],
  streams: [{ url: "https://a.example/m.m3u8", kind: "hls", live: true, urls: 29, skipped_count: 2 }],
  sitemaps: [
    { url: "https://a.example/robots.txt", kind: "robots", documents: 4, read: 36, urls: 3, left_out: { unchanged: 27, undated: 6 } },
  ],
  items: [
    { url: "https://a.example/1", sent_as: "https://a.example/1?", state: "succeeded" },
    { asset_id: "a1", provider: "huawei-vod", state: "queued", not_before: "2026-11-30T16:00:00.000Z" },
  ],
  next_cursor: "c1",
};

describe("taskAnswer", () => {
  it("reads every field of the tools' schema that the view shows", () => {
    const task = taskAnswer({ ...answer });
    const due = Date.UTC(2026, 10, 30, 16);
    expect(task).toMatchObject({
      taskId: "pf_1",
      state: "running",
      total: 4,
      counts: { queued: 1, deferred: 1, succeeded: 1, failed: 1 },
      deferred: { from: due, until: Date.UTC(2026, 11, 1, 16) },
      shares: [{ provider: "huawei-vod", cost: 4, quota: { limit: 10, used: 3, resetsAt: due, isLedger: true } }],
      problems: [{ name: "https://a.example/bad", state: "failed", code: "vendor_failed", reason: "It failed." }],
      items: [
        { name: "https://a.example/1", sentAs: "https://a.example/1?", state: "succeeded" },
        { name: "a1", state: "deferred", notBefore: due },
      ],
      nextCursor: "c1",
      fitsToday: false,
      leftToday: 0,
      sources: [
        { kind: "HLS", urls: 29, leftOut: 2, isLive: true },
        { kind: "robots", urls: 3, leftOut: 33, isLive: false },
      ],
      known: [{ taskId: "pf_0", state: "succeeded", count: 1 }],
    });
  });

  it("has a limit of undefined when the provider has none, and a share for each provider of several", () => {
    const open = { provider: "http", has_limit: false, used: 5, resets_at: quota.resets_at, resets_in: "1 h", source: "ledger" };
    const task = taskAnswer({
      ...answer,
      by_provider: [
        { provider: "http", counts, quota: open },
        { provider: "huawei-vod", counts, cost: 2, quota },
      ],
    });
    expect(task?.shares).toMatchObject([
      { provider: "http", total: 4, quota: { limit: undefined, used: 5 } },
      { provider: "huawei-vod", cost: 2, quota: { limit: 10 } },
    ]);
  });

  it("is undefined for fields of another tool, and survives fields of any other type", () => {
    expect(taskAnswer({ tasks: [] })).toBeUndefined();
    const broken = taskAnswer({
      state: "failed",
      counts: "many",
      items: [7, null],
      problems: {},
      by_provider: "x",
      deferred: 3,
      quota: [],
    });
    expect(broken).toMatchObject({
      state: "failed",
      total: 0,
      items: [
        { name: "", state: "unknown" },
        { name: "", state: "unknown" },
      ],
      problems: [],
      shares: [],
    });
  });

  it("knows every state that the server has", () => {
    expect([...taskStates].sort()).toEqual([...shownStates].sort());
    expect([...itemStates].sort()).toEqual([...modelStates, "deferred", "planned"].sort());
    expectTypeOf<StatusAnswer["state"]>().toEqualTypeOf<TaskState>();
  });
});

describe("verification", () => {
  const fields: z.input<z.ZodObject<typeof verifyOutput>> = {
    counts: { warm: 1, cold: 2 },
    results: [
      {
        url: "https://a.example/1",
        state: "warm",
        reason: "hit",
        evidence: ["age: 3"],
        status: 200,
        cdn: "CDN",
        pop: "X",
        age_s: 3,
        ttl_s: 5,
        first_byte_ms: 2,
      },
      {
        url: "https://a.example/2",
        state: "cold",
        reason: "miss",
        obstacles: [{ code: "no-store", reason: "It says no-store.", change: "Remove it." }],
      },
      { url: "https://a.example/3", state: "cold", like: 1 },
    ],
    cdns: [],
    next_cursor: "v1",
    next_step: "Read why.",
  };

  it("gives a row that is like another one its reason and obstacles", () => {
    const { checks, counts: found, nextCursor } = verification({ ...fields }) ?? { checks: [] };
    expect(checks.map(({ url, reason }) => [url, reason])).toEqual([
      ["https://a.example/1", "hit"],
      ["https://a.example/2", "miss"],
      ["https://a.example/3", "miss"],
    ]);
    expect(checks[2]?.obstacles).toEqual(checks[1]?.obstacles);
    expect(checks[0]).toMatchObject({ evidence: ["age: 3"], status: 200, ageSeconds: 3, ttlSeconds: 5, firstByteMs: 2 });
    expect(found).toEqual({ warm: 1, "warm-parent-only": 0, cold: 2, uncacheable: 0, unknown: 0 });
    expect(nextCursor).toBe("v1");
    expect(warmths).toEqual(edgeWarmths);
  });

  it("adds up the pages of one verification", () => {
    const page = verification({ ...fields });
    if (!page) throw new Error("the fields are a verification");
    const both = joined(page, { ...page, nextCursor: undefined, nextStep: "Done." });
    expect(both.checks).toHaveLength(6);
    expect(both.counts).toMatchObject({ warm: 2, cold: 4 });
    expect([both.nextCursor, both.nextStep]).toEqual([undefined, "Done."]);
  });
});

describe("toolResult", () => {
  it("reads the structured content, or the JSON in the text of a host that hands over the text alone", () => {
    expect(toolResult({ content: [], structuredContent: { state: "failed" } })).toEqual({
      isError: false,
      text: "",
      fields: { state: "failed" },
    });
    const text = 'running: 1 queued. Wait.\n\n{"state":"running"}';
    expect(toolResult({ content: [{ type: "text", text }] }).fields).toEqual({ next_step: "running: 1 queued. Wait.", state: "running" });
  });

  it("has no fields for an error and for a message of any other shape", () => {
    expect(toolResult({ isError: true, content: [{ type: "text", text: "not_found: no\n\nmore" }] })).toEqual({
      isError: true,
      text: "not_found: no\n\nmore",
      fields: {},
    });
    for (const value of [undefined, null, 7, "x", [], { content: 3 }, { content: [null] }])
      expect(toolResult(value)).toEqual({ isError: false, text: "", fields: {} });
  });
});

it.each([
  ["2026-11-30T16:00:00.000Z", Date.UTC(2026, 10, 30, 16)],
  ["tomorrow", undefined],
  [5, undefined],
])("momentOf(%j) is %s", (value, moment) => {
  expect(momentOf(value)).toBe(moment);
});
