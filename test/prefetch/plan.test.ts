import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/errors.ts";
import { admit, type Candidate, type Facts, readUrls, split } from "../../src/prefetch/plan.ts";
import { readUrl } from "../../src/prefetch/url.ts";
import { manyUrls } from "../fakes.ts";

const rules = { maxLength: 10_240 };

function candidates(targets: readonly string[], cost = 1): Candidate[] {
  return targets.map((target, position) => ({ kind: "url", target, cost, position }));
}

function nothingKnown(used = 0, recent: Iterable<[string, string]> = []): Facts {
  return { ledger: { used, exhausted: false }, recent: new Map(recent) };
}

/** List entries as agents write them: mostly usable, some of them twice, some broken. */
const entry = fc.oneof(
  fc
    .record({ host: fc.constantFrom("a.example", "B.example", "c.example:8443"), path: fc.nat({ max: 30 }) })
    .map(({ host, path }) => `https://${host}/${path}.mp4`),
  fc.constantFrom("http://a.example/視频.mp4", "http://A.example/%E8%A6%96频.mp4", "http://a.example/%E8%A6%96%E9%A2%91.mp4#x"),
  fc.constantFrom<unknown>(
    "",
    "ftp://a.example/1",
    "a.example/1",
    null,
    7,
    ["https://a.example/1"],
    { url: "x" },
    "https://a.example/1\nhttps://a.example/2",
  ),
  fc.string(),
);

describe("readUrls", () => {
  it("takes each URL once, in order, and names the entries that cannot be used", () => {
    const reading = readUrls(
      [
        "https://media.example.com/视频.mp4",
        "not a url",
        "https://MEDIA.example.com/%E8%A7%86%E9%A2%91.mp4#t=1",
        "https://media.example.com/b.mp4",
        "not a url",
      ],
      rules,
    );
    expect(reading).toEqual({
      candidates: [
        { kind: "url", target: "https://media.example.com/%E8%A7%86%E9%A2%91.mp4", cost: 1, position: 0 },
        { kind: "url", target: "https://media.example.com/b.mp4", cost: 1, position: 3 },
      ],
      rejected: [
        {
          kind: "url",
          target: "not a url",
          code: "invalid_argument",
          reason: "The URL is not an absolute URL such as https://media.example.com/a.mp4.",
          position: 1,
        },
      ],
      duplicatesRemoved: 2,
    });
  });

  it("gives a foreign domain a code of its own", () => {
    const reading = readUrls(["https://other.example/a", "https://media.example.com/a"], { ...rules, allowedDomains: ["*.example.com"] });
    expect(reading.rejected).toMatchObject([{ target: "https://other.example/a", code: "forbidden_domain", position: 0 }]);
    expect(reading.candidates).toHaveLength(1);
  });

  it("shows little of a bad entry, however long it is", () => {
    const [rejected] = readUrls([`https://media.example.com/${"a".repeat(20_000)}`], rules).rejected;
    expect(rejected?.target.length).toBeLessThanOrEqual(201);
    expect(rejected?.reason).toContain("the limit is 10,240");
  });

  it("makes of every entry exactly one of candidate, rejected and duplicate", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (inputs) => {
        const { candidates, rejected, duplicatesRemoved } = readUrls(inputs, rules);
        expect(candidates.length + rejected.length + duplicatesRemoved).toBe(inputs.length);

        const positions = [...candidates, ...rejected].map((entry) => entry.position);
        expect(new Set(positions)).toHaveLength(positions.length);
        for (const list of [candidates, rejected]) {
          expect(list.map((entry) => entry.position)).toEqual(list.map((entry) => entry.position).sort((a, b) => a - b));
        }
        // What was left out as a duplicate is there under the spelling that came first.
        const taken = new Set(candidates.map((candidate) => candidate.target));
        expect(taken).toHaveLength(candidates.length);
        for (const [position, input] of inputs.entries()) {
          const reading = readUrl(input, rules);
          expect(positions.includes(position) || (reading.ok ? taken.has(reading.url) : inputs.indexOf(input) < position)).toBe(true);
          if (reading.ok && positions.includes(position))
            expect(candidates.find((entry) => entry.position === position)?.target).toBe(reading.url);
        }
      }),
    );
  });

  // As people really write them: every one of these means credentials to WHATWG, or holds a URL that does.
  it.each<readonly [string, (user: string, password: string) => unknown]>([
    ["as they should be written", (user, password) => `https://${user}:${password}@h.example/a`],
    ["without a password", (user) => `https://${user}@h.example/a`],
    ["with an @ in the password", (user, password) => `https://${user}:x@${password}@h.example/a`],
    ["with a blank in the password", (user, password) => `https://${user}:x ${password}@h.example/a`],
    ["without slashes", (user, password) => `https:${user}:${password}@h.example/a`],
    ["with backslashes", (user, password) => `https:\\\\${user}:${password}@h.example/a`],
    ["with a scheme that is not taken", (user, password) => `ftp://${user}:${password}@h.example/a`],
    ["twice in one entry", (user, password) => `https://${user}:x@h.example/a\nhttps://y:${password}@h.example/b`],
    ["twice in a list", (user, password) => [`https://${user}:x@h.example/a`, `https://y:${password}@h.example/b`]],
    ["in an object", (user, password) => ({ url: `https://${user}:${password}@h.example/a` })],
  ])("never repeats a user name or password: %s", (_, write) => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{1,10}$/).map((text) => `S3cr3t${text}`);
    fc.assert(
      fc.property(secret, secret, (user, password) => {
        const { candidates, rejected } = readUrls([write(user, password)], rules);
        expect(candidates).toEqual([]);
        expect(rejected).toHaveLength(1);
        expect(JSON.stringify(rejected)).not.toContain("S3cr3t");
      }),
      { numRuns: 20 },
    );
  });
});

describe("admit", () => {
  it("sends everything where no limit is known", () => {
    const wanted = candidates(manyUrls(5));
    expect(admit(wanted, nothingKnown(1_000_000), { limit: undefined, policy: "reject", force: false })).toEqual({
      send: wanted,
      skipped: [],
      overQuota: [],
      cost: 5,
    });
  });

  it("under reject, sends nothing of what does not fit and says the numbers", () => {
    const over = (): unknown => admit(candidates(manyUrls(1_200)), nothingKnown(0), { limit: 1_000, policy: "reject", force: false });
    expect(over).toThrow(PrefetchError);
    expect(over).toThrow(
      expect.objectContaining({
        code: "quota_exhausted",
        message: "This call needs 1,200 units of prefetch quota; 1,000 of 1,000 a day are left.",
        hint: 'Nothing was sent. Call again with on_quota_exceeded "partial" to send the first 1000 now, or wait for the reset.',
      }),
    );
  });

  it.each(["reject", "partial"] as const)("under %s, says that waiting is all that helps when nothing fits", (policy) => {
    expect(() => admit(candidates(manyUrls(3)), nothingKnown(10), { limit: 10, policy, force: false })).toThrow(
      expect.objectContaining({
        code: "quota_exhausted",
        hint: expect.stringContaining("Wait for the reset"),
        message: expect.stringContaining("0 of 10 a day"),
      }),
    );
  });

  it("takes the vendor's word that nothing is left over its own count", () => {
    const facts: Facts = { ledger: { used: 0, exhausted: true }, recent: new Map() };
    expect(() => admit(candidates(manyUrls(1)), facts, { limit: undefined, policy: "partial", force: true })).toThrow(
      expect.objectContaining({ code: "quota_exhausted", message: "This call needs 1 units of prefetch quota; 0 are left." }),
    );
  });

  it("leaves out what was sent lately, which then costs nothing, unless forced", () => {
    const wanted = candidates(["https://a.example/1", "https://a.example/2", "https://a.example/3"]);
    const facts = nothingKnown(98, [["https://a.example/2", "pf_earlier"]]);
    expect(admit(wanted, facts, { limit: 100, policy: "reject", force: false })).toEqual({
      send: [wanted[0], wanted[2]],
      skipped: [{ target: "https://a.example/2", taskId: "pf_earlier" }],
      overQuota: [],
      cost: 2,
    });
    expect(admit(wanted, { ...facts, ledger: { used: 0, exhausted: false } }, { limit: 100, policy: "reject", force: true }).send).toEqual(
      wanted,
    );
  });

  it("plans nothing, without an error, when all of it was sent lately", () => {
    const facts: Facts = { ledger: { used: 10, exhausted: true }, recent: new Map([["https://a.example/1", "pf_earlier"]]) };
    expect(admit(candidates(["https://a.example/1"]), facts, { limit: 10, policy: "reject", force: false })).toMatchObject({
      send: [],
      cost: 0,
    });
  });

  it("never exceeds the limit, loses nothing, keeps the order, and refuses under reject exactly when something does not fit", () => {
    const scenario = fc.record({
      costs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 }),
      recent: fc.array(fc.nat({ max: 29 }), { maxLength: 10 }),
      limit: fc.option(fc.nat({ max: 80 }), { nil: undefined }),
      used: fc.nat({ max: 80 }),
      policy: fc.constantFrom("reject" as const, "partial" as const),
      force: fc.boolean(),
    });
    fc.assert(
      fc.property(scenario, ({ costs, recent, limit, used, policy, force }) => {
        const wanted = costs.map((cost, position): Candidate => ({ kind: "url", target: `https://a.example/${position}`, cost, position }));
        const facts = nothingKnown(
          used,
          recent.map((index) => [`https://a.example/${index}`, `pf_${index}`]),
        );
        const fresh = wanted.filter((candidate) => force || !facts.recent.has(candidate.target));
        const needed = fresh.reduce((sum, candidate) => sum + candidate.cost, 0);
        const left = limit === undefined ? Number.POSITIVE_INFINITY : Math.max(0, limit - used);
        const cheapest = Math.min(...fresh.map((candidate) => candidate.cost));

        const attempt = (): ReturnType<typeof admit> => admit(wanted, facts, { limit, policy, force });
        if (needed > left && (policy === "reject" || cheapest > left)) {
          expect(attempt).toThrow(
            expect.objectContaining({ code: "quota_exhausted", message: expect.stringContaining(`needs ${needed} units`) }),
          );
          return;
        }
        const { send, skipped, overQuota, cost } = attempt();
        expect(cost).toBe(send.reduce((sum, candidate) => sum + candidate.cost, 0));
        expect(cost).toBeLessThanOrEqual(left);
        if (limit !== undefined) expect(used + cost).toBeLessThanOrEqual(Math.max(limit, used));
        expect([...send, ...overQuota].sort((a, b) => a.position - b.position)).toEqual(fresh);
        expect(send).toEqual(fresh.filter((candidate) => send.includes(candidate)));
        expect(skipped.map((entry) => entry.target)).toEqual(
          wanted.filter((candidate) => !fresh.includes(candidate)).map((entry) => entry.target),
        );
        // The first that does not fit is where the quota ends, not an oversight.
        const [first] = overQuota;
        if (first) {
          const before = send
            .filter((candidate) => candidate.position < first.position)
            .reduce((sum, candidate) => sum + candidate.cost, 0);
          expect(before + first.cost).toBeGreaterThan(left);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("under partial, sends the first URLs that fit and no later one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 60 }), (count, left) => {
        const wanted = candidates(manyUrls(count));
        const { send, overQuota } = admit(wanted, nothingKnown(7), { limit: 7 + left, policy: "partial", force: false });
        expect(send).toEqual(wanted.slice(0, left));
        expect(overQuota).toEqual(wanted.slice(left));
      }),
    );
  });
});

describe("split", () => {
  it("puts the URLs of one host together and an asset alone", () => {
    const wanted: Candidate[] = [
      ...candidates(["https://a.example/1", "https://b.example/1", "https://a.example/2", "https://a.example/3"]),
      { kind: "asset", target: "asset1", cost: 3, position: 4 },
    ];
    const groups = split(wanted, { urlsPerRequest: 2, bytesPerRequest: 1_000 }).map((group) => group.map((candidate) => candidate.target));
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

  it("tells ports apart: they can be different services", () => {
    expect(
      split(candidates(["https://a.example/1", "https://a.example:8443/1"]), { urlsPerRequest: 10, bytesPerRequest: 1_000 }),
    ).toHaveLength(2);
  });

  it("fills a request up to its limit of bytes, and not over it", () => {
    const wanted = candidates(manyUrls(4));
    const two = JSON.stringify(wanted.slice(0, 2).map((candidate) => candidate.target)).length;
    expect(split(wanted, { urlsPerRequest: 10, bytesPerRequest: two + 1 }).map((group) => group.length)).toEqual([2, 2]);
    expect(split(wanted, { urlsPerRequest: 10, bytesPerRequest: two - 1 }).map((group) => group.length)).toEqual([1, 1, 1, 1]);
  });

  it("keeps every candidate once and in order, mixes no hosts, and respects count and bytes", () => {
    const target = fc
      .record({ host: fc.constantFrom("a.example", "b.example", "c.example:8443"), path: fc.stringMatching(/^[a-z0-9%]{0,60}$/) })
      .map(({ host, path }) => readUrl(`https://${host}/${path}`, rules));
    const scenario = fc.record({
      targets: fc.uniqueArray(target, { maxLength: 60, selector: (reading) => (reading.ok ? reading.url : "") }),
      assets: fc.nat({ max: 3 }),
      urlsPerRequest: fc.integer({ min: 1, max: 12 }),
      bytesPerRequest: fc.integer({ min: 20, max: 600 }),
    });
    fc.assert(
      fc.property(scenario, ({ targets, assets, ...limits }) => {
        const wanted: Candidate[] = [
          ...candidates(targets.flatMap((reading) => (reading.ok ? [reading.url] : []))),
          ...Array.from(
            { length: assets },
            (_, index): Candidate => ({ kind: "asset", target: `asset${index}`, cost: 2, position: 1_000 + index }),
          ),
        ];
        const groups = split(wanted, limits);
        expect(new Set(groups.flat())).toEqual(new Set(wanted));
        expect(groups.flat()).toHaveLength(wanted.length);
        const hostsInOrder = new Map<string, Candidate[]>();
        for (const group of groups) {
          expect(group.length).toBeGreaterThan(0);
          expect(group.length).toBeLessThanOrEqual(limits.urlsPerRequest);
          const keys = new Set(group.map((candidate) => (candidate.kind === "asset" ? candidate.target : new URL(candidate.target).host)));
          expect(keys).toHaveLength(1);
          // One URL that is too long by itself still goes out: refusing it is the vendor's business.
          const bytes = Buffer.byteLength(JSON.stringify(group.map((candidate) => candidate.target)));
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
});
