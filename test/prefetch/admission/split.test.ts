import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candidate } from "../../../src/prefetch/admission/parse-urls.ts";
import { split } from "../../../src/prefetch/admission/split.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import { parseUrl } from "../../../src/prefetch/model/url.ts";
import { fakeLimits, fakeProvider, manyUrls } from "../../fakes/provider.ts";

function limitedTo(urlsPerRequest: number, bytesPerRequest: number): Provider {
  return fakeProvider({ limits: { urlsPerRequest, bytesPerRequest } });
}

function candidates(provider: Provider, targets: readonly string[]): Candidate[] {
  return targets.map((target, position) => ({ provider, kind: "url", target, cost: 1, position }));
}

describe("split", () => {
  it("groups URLs by host and puts each asset into its own batch", () => {
    const small = limitedTo(2, 1_000);
    const wanted: Candidate[] = [
      ...candidates(small, ["https://a.example/1", "https://b.example/1", "https://a.example/2", "https://a.example/3"]),
      { provider: small, kind: "asset", target: "asset1", cost: 3, position: 4 },
    ];
    const groups = split(wanted).map((group) => group.map((candidate) => candidate.target));
    expect(groups).toHaveLength(4);
    expect(groups).toEqual(
      expect.arrayContaining([
        ["https://a.example/1", "https://a.example/2"],
        ["https://a.example/3"],
        ["https://b.example/1"],
        ["asset1"],
      ]),
    );
  });

  it("separates the ports of one host", () => {
    expect(split(candidates(limitedTo(10, 1_000), ["https://a.example/1", "https://a.example:8443/1"]))).toHaveLength(2);
  });

  it("fills a request up to its limit of bytes", () => {
    const urls = manyUrls(4);
    const two = urls.slice(0, 2).reduce((sum, url) => sum + fakeLimits.bytesOf(url), 0);
    const sizes = (bytes: number) => split(candidates(limitedTo(10, bytes), urls)).map((group) => group.length);
    expect(sizes(two)).toEqual([2, 2]);
    expect(sizes(two - 1)).toEqual([1, 1, 1, 1]);
  });

  it("keeps each candidate once and in order, mixes no hosts, and respects both limits", () => {
    const target = fc
      .record({ host: fc.constantFrom("a.example", "b.example", "c.example:8443"), path: fc.stringMatching(/^[a-z0-9%]{0,60}$/) })
      .map(({ host, path }) => parseUrl(`https://${host}/${path}`, { maxLength: 10_240 }));
    const scenario = fc.record({
      targets: fc.uniqueArray(target, { maxLength: 60, selector: (parsed) => (parsed.ok ? parsed.url : "") }),
      assets: fc.nat({ max: 3 }),
      urlsPerRequest: fc.integer({ min: 1, max: 12 }),
      bytesPerRequest: fc.integer({ min: 20, max: 600 }),
    });
    fc.assert(
      fc.property(scenario, ({ targets, assets, ...limits }) => {
        const provider = fakeProvider({ limits });
        const wanted: Candidate[] = [
          ...candidates(
            provider,
            targets.flatMap((parsed) => (parsed.ok ? [parsed.url] : [])),
          ),
          ...Array.from(
            { length: assets },
            (_, index): Candidate => ({ provider, kind: "asset", target: `asset${index}`, cost: 2, position: 1_000 + index }),
          ),
        ];
        const groups = split(wanted);
        expect(new Set(groups.flat())).toEqual(new Set(wanted));
        expect(groups.flat()).toHaveLength(wanted.length);
        const hostsInOrder = new Map<string, Candidate[]>();
        for (const group of groups) {
          expect(group.length).toBeGreaterThan(0);
          expect(group.length).toBeLessThanOrEqual(limits.urlsPerRequest);
          const keys = new Set(group.map((candidate) => (candidate.kind === "asset" ? candidate.target : new URL(candidate.target).host)));
          expect(keys).toHaveLength(1);
          // A URL above the limit still goes out alone; the vendor refuses it.
          const bytes = group.reduce((sum, candidate) => sum + fakeLimits.bytesOf(candidate.target), 0);
          if (group.length > 1) expect(bytes).toBeLessThanOrEqual(limits.bytesPerRequest);
          for (const key of keys) hostsInOrder.set(key, [...(hostsInOrder.get(key) ?? []), ...group]);
        }
        for (const group of hostsInOrder.values()) {
          expect(group.map((candidate) => candidate.position)).toEqual(group.map((candidate) => candidate.position).sort((a, b) => a - b));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("alternates between hosts, so that requests of one host are far apart", () => {
    const busy = manyUrls(5, "https://busy.example/");
    const wanted = candidates(limitedTo(2, 1_000), [...busy, ...manyUrls(3, "https://calm.example/")]);
    expect(split(wanted).map((group) => group.map((candidate) => candidate.target.replace(/^https:\/\/|\.mp4$/g, "")))).toEqual([
      ["busy.example/0", "busy.example/1"],
      ["calm.example/0", "calm.example/1"],
      ["busy.example/2", "busy.example/3"],
      ["calm.example/2"],
      ["busy.example/4"],
    ]);
  });

  it("measures URLs by their provider's bytesOf", () => {
    const roomy = fakeProvider({ id: "roomy", limits: { urlsPerRequest: 100, bytesPerRequest: 30, bytesOf: () => 10 } });
    const tight = fakeProvider({ id: "tight", limits: { urlsPerRequest: 100, bytesPerRequest: 30, bytesOf: () => 11 } });
    const wanted = [...candidates(roomy, manyUrls(6)), ...candidates(tight, manyUrls(6))];
    expect(split(wanted).map((group) => [group[0]?.provider.id, group.length])).toEqual([
      ["roomy", 3],
      ["tight", 2],
      ["roomy", 3],
      ["tight", 2],
      ["tight", 2],
    ]);
  });

  it("returns no batch for no candidate", () => {
    expect(split([])).toEqual([]);
  });

  it("mixes neither providers nor hosts, and keeps limits and rounds, over several providers", () => {
    const limits = fc.record({
      urlsPerRequest: fc.integer({ min: 1, max: 5 }),
      bytesPerRequest: fc.integer({ min: 5, max: 60 }),
      bytesOf: fc.integer({ min: 1, max: 15 }).map((size) => () => size),
    });
    const request = fc.record({
      provider: fc.nat({ max: 2 }),
      host: fc.constantFrom("a.example", "b.example", "c.example:8443"),
      asset: fc.boolean(),
    });
    const scenario = fc.record({
      limits: fc.tuple(limits, limits, limits),
      requests: fc.array(request, { maxLength: 60 }),
    });
    fc.assert(
      fc.property(scenario, ({ limits, requests }) => {
        const providers = limits.map((own, index) => fakeProvider({ id: `cdn-${index}`, limits: own }));
        const wanted = requests.flatMap(({ provider: index, host, asset }, position): Candidate[] => {
          const provider = providers[index];
          if (!provider) return [];
          if (asset) return [{ provider, kind: "asset", target: `asset${position}`, cost: 3, position }];
          return [{ provider, kind: "url", target: `https://${host}/${position}`, cost: 1, position }];
        });
        const batches = split(wanted);
        expect(batches.flat()).toHaveLength(wanted.length);
        expect(new Set(batches.flat())).toEqual(new Set(wanted));

        const earlier = new Map<string, Candidate[][]>();
        let round = 0;
        for (const batch of batches) {
          const [first] = batch;
          if (!first) throw new Error("A batch is never empty.");
          const { provider, kind } = first;
          const { urlsPerRequest, bytesPerRequest, bytesOf } = provider.limits;
          const bytes = (group: readonly Candidate[]): number => group.reduce((sum, each) => sum + bytesOf(each.target), 0);
          const keyOf = (each: Candidate): string =>
            `${each.provider.id} ${each.kind} ${each.kind === "url" ? new URL(each.target).host : ""}`;
          expect(new Set(batch.map(keyOf))).toHaveLength(1);
          expect(batch.length).toBeLessThanOrEqual(kind === "asset" ? 1 : urlsPerRequest);
          if (batch.length > 1) expect(bytes(batch)).toBeLessThanOrEqual(bytesPerRequest);

          const before = earlier.get(keyOf(first)) ?? [];
          const last = before.at(-1);
          if (last) {
            expect(last.at(-1)?.position).toBeLessThan(first.position);
            // The batch before this one was full.
            if (kind === "url") expect(last.length === urlsPerRequest || bytes([...last, first]) > bytesPerRequest).toBe(true);
          }
          earlier.set(keyOf(first), [...before, batch]);
          // No group gets a second batch before each group has its first.
          expect(before.length).toBeGreaterThanOrEqual(round);
          round = before.length;
        }
      }),
      { numRuns: 300 },
    );
  });
});
