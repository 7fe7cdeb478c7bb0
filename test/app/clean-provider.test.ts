import { describe, expect, it } from "vitest";
import { withCleanSitemaps, withCleanStreams } from "../../src/app/clean-documents.ts";
import { withCleanText } from "../../src/app/clean-provider.ts";
import { PrefetchError } from "../../src/base/errors.ts";
import { createForeignText } from "../../src/base/foreign-text.ts";
import { createSecrets } from "../../src/base/secrets.ts";
import type { Call, Provider, Settled } from "../../src/prefetch/model/provider.ts";
import type { Sitemap } from "../../src/prefetch/model/sitemap.ts";
import type { Stream } from "../../src/prefetch/model/stream.ts";

const secret = "MFyfvK41ba2giqM7Uio6PznpdUKGpown";
const dirty = `a\u202e \u001b[31m${encodeURIComponent(secret)}`;
const clean = "a [redacted]";
const foreign = createForeignText(createSecrets([secret]));
const batch = { kind: "urls", urls: ["https://media.example.com/a"] } as const;
const signal = new AbortController().signal;

const error = () =>
  new PrefetchError("rate_limited", dirty, {
    hint: dirty,
    vendorCode: dirty,
    requestId: dirty,
    provider: "x",
    retryable: true,
    retryAfterMs: 7,
    delivery: "refused",
    divisible: true,
  });
const fails = async (): Promise<never> => {
  throw error();
};

function provider(more: Partial<Provider> = {}): Provider {
  return {
    id: "x",
    title: "X",
    docs: "https://docs.example.com",
    account: "x:1",
    endpoints: [],
    accepts: ["urls"],
    limits: {
      urlsPerRequest: 1,
      bytesPerRequest: 1,
      bytesOf: () => 1,
      requestsPerMinute: undefined,
      urlsPerDay: undefined,
      urlLength: 1,
      timeZone: "UTC",
      pollSeconds: 1,
    },
    tracking: "task",
    depth: "edge",
    reach: "All edges.",
    purging: "In the console.",
    submit: async () => ({ vendorTaskIds: [dirty], requestId: dirty, refused: [{ url: dirty, code: dirty, reason: dirty }] }),
    close: async () => undefined,
    ...more,
  };
}

const call: Call = { signal, turn: async () => undefined };

describe("withCleanText", () => {
  it("cleans every answer of a provider", async () => {
    const wrapped = withCleanText(
      provider({
        status: async () => [{ url: dirty, state: "failed", vendorState: dirty, reason: dirty }],
        resolveAsset: async () => ({ urls: [dirty], cost: 1 }),
        hosts: async () => [{ pattern: dirty, active: true }],
        findSubmitted: async () => ({ state: "found", vendorTaskIds: [dirty], urls: [dirty] }),
        refusalOf: error,
        edge: {
          rowsPerUrl: 1,
          verify: async (url) => [
            { url, state: "warm", reason: dirty, obstacles: [{ code: dirty, reason: dirty, change: dirty }], evidence: [dirty] },
          ],
          body: fails,
        },
      }),
      foreign,
    );
    expect(await wrapped.submit(batch, call)).toEqual({
      vendorTaskIds: [clean],
      requestId: clean,
      refused: [{ url: clean, code: clean, reason: clean }],
    });
    expect(await wrapped.status?.({ vendorTaskIds: [] }, call)).toEqual([
      { url: clean, state: "failed", vendorState: clean, reason: clean },
    ]);
    expect(await wrapped.resolveAsset?.("a", call)).toEqual({ urls: [clean], cost: 1 });
    expect(await wrapped.hosts?.(call)).toEqual([{ pattern: clean, active: true }]);
    expect(await wrapped.findSubmitted?.(batch, { notBefore: 0, elapsedMs: 0 }, call)).toEqual({
      state: "found",
      vendorTaskIds: [clean],
      urls: [clean],
    });
    expect(wrapped.refusalOf?.("a")).toMatchObject({ message: clean, hint: clean });
    const rows = await wrapped.edge?.verify("https://media.example.com/a", signal);
    expect(rows?.[0]).toMatchObject({ reason: clean, obstacles: [{ code: clean, reason: clean, change: clean }], evidence: [clean] });
    await expect(wrapped.edge?.body("a", 1, signal)).rejects.toMatchObject({ message: clean });
  });

  it("cleans the answers of a zone, and gives the same provider for the same zone", async () => {
    const wrapped = withCleanText(provider({ zone: (zoneId) => provider({ zoneId }) }), foreign);
    const zone = wrapped.zone?.("zone-1");
    expect(zone?.zoneId).toBe("zone-1");
    expect(wrapped.zone?.("zone-1")).toBe(zone);
    expect((await zone?.submit(batch, call))?.requestId).toBe(clean);
  });

  it("cleans every text of an error and keeps its facts", async () => {
    const wrapped = withCleanText(
      provider({ submit: fails, status: fails, resolveAsset: fails, quota: fails, hosts: fails, findSubmitted: fails }),
      foreign,
    );
    const expected = {
      code: "rate_limited",
      message: clean,
      hint: clean,
      vendorCode: clean,
      requestId: clean,
      provider: "x",
      retryable: true,
      retryAfterMs: 7,
      delivery: "refused",
      divisible: true,
    };
    for (const work of [
      wrapped.submit(batch, call),
      wrapped.status?.({ vendorTaskIds: [] }, call),
      wrapped.resolveAsset?.("a", call),
      wrapped.quota?.(call),
      wrapped.hosts?.(call),
      wrapped.findSubmitted?.(batch, { notBefore: 0, elapsedMs: 0 }, call),
    ]) {
      await expect(work).rejects.toMatchObject(expected);
    }
  });

  it("keeps an error that needs no change, such as a signal's reason", async () => {
    const reason = new PrefetchError("cancelled", "The client cancelled the call");
    const wrapped = withCleanText(
      provider({
        submit: async () => {
          throw reason;
        },
      }),
      foreign,
    );
    await expect(wrapped.submit(batch, call)).rejects.toBe(reason);
  });

  it("cleans the reports of a direct provider, but not the URL that names the item", async () => {
    const settled: Settled[] = [];
    const progress = { taskId: "pf_1", taskBytes: 0, moved: () => undefined, settled: (outcome: Settled) => settled.push(outcome) };
    const wrapped = withCleanText(
      provider({
        submit: async (_, { progress: reports }) => {
          reports?.settled({ url: dirty, state: "failed", code: dirty, reason: dirty });
          return { vendorTaskIds: [], refused: [] };
        },
      }),
      foreign,
    );
    await wrapped.submit(batch, { ...call, progress });
    expect(settled).toEqual([{ url: dirty, state: "failed", code: clean, reason: clean }]);
  });

  it("adds no member that the provider lacks", () => {
    expect(Object.keys(withCleanText(provider(), foreign)).sort()).toEqual(Object.keys(provider()).sort());
  });
});

describe("withCleanStreams", () => {
  const stream: Stream = {
    format: "hls",
    live: false,
    omitted: 0,
    urls: ["https://media.example.com/a.ts", `https://media.example.com/${secret}.ts`],
    refused: [{ url: dirty, code: "unsupported", reason: dirty }],
    skipped: [{ uri: dirty, reason: dirty }],
    skippedCount: 1,
  };
  const rules = {
    scope: "full",
    mostUrls: 10,
    now: 0,
    hosts: { allowed: undefined, most: 10 },
    guessedBytes: undefined,
    fetchBody: fails,
    signal,
  } as const;

  it("refuses URLs that hold a secret, and cleans the reasons", async () => {
    const read = await withCleanStreams(
      async () => stream,
      foreign,
      () => undefined,
    )("https://media.example.com/list.m3u8", rules);
    expect(read?.urls).toEqual(["https://media.example.com/a.ts"]);
    expect(read?.skipped).toEqual([{ uri: clean, reason: clean }]);
    expect(read?.refused).toEqual([
      { url: clean, code: "unsupported", reason: clean },
      { url: "https://media.example.com/[redacted].ts", code: "invalid_argument", reason: "It holds a credential of this server." },
    ]);
  });

  it("cleans the error of a manifest that cannot be read", async () => {
    await expect(withCleanStreams(fails, foreign, () => undefined)("https://media.example.com/list.m3u8", rules)).rejects.toMatchObject({
      message: clean,
    });
  });
});

describe("withCleanSitemaps", () => {
  const sitemap: Sitemap = {
    kind: "sitemap",
    documents: 1,
    unchangedDocuments: 0,
    read: 3,
    entries: [
      { url: "https://www.example.com/a", changedAt: 1 },
      { url: `https://www.example.com/${secret}`, changedAt: 2 },
    ],
    leftOut: { unchanged: 0, undated: 0, foreign: 0, invalid: 1, repeated: 0, over: 0 },
    foreignHosts: [],
    skipped: [{ uri: dirty, reason: dirty }],
    refused: [{ url: dirty, code: "unsupported", reason: dirty }],
    refusedCount: 1,
    endedAt: undefined,
  };
  const rules = { mostUrls: 10, since: undefined, hosts: [], fetchBody: fails, signal };
  const clear = () => undefined;

  it("refuses URLs that hold a secret, counts them as invalid, and cleans the reasons", async () => {
    const read = await withCleanSitemaps(async () => sitemap, foreign, clear)("https://www.example.com/s.xml", rules);
    expect(read.entries).toEqual([{ url: "https://www.example.com/a", changedAt: 1 }]);
    expect(read).toMatchObject({ read: 3, leftOut: { invalid: 2 }, skipped: [{ uri: clean, reason: clean }] });
    expect(read.refused).toEqual([
      { url: clean, code: "unsupported", reason: clean },
      { url: "https://www.example.com/[redacted]", code: "invalid_argument", reason: "It holds a credential of this server." },
    ]);
  });

  it("cleans the error of a sitemap that cannot be read", async () => {
    await expect(withCleanSitemaps(fails, foreign, clear)("https://www.example.com/s.xml", rules)).rejects.toMatchObject({
      message: clean,
    });
  });
});
