import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import type { Warmth } from "../../../../src/prefetch/model/edge.ts";
import { type Observation, type Question, questions, see } from "../../../../src/providers/http/probe/observation.ts";
import { isSilence } from "../../../../src/providers/http/probe/probe-side-effects.ts";
import { type Check, warmthBy } from "../../../../src/providers/http/probe/warmth.ts";
import { type Headers, lines } from "../cache/lines-harness.ts";

const url = "https://media.example/v/a.mp4";
const kept = { "cache-control": "max-age=60" };
const hit = { ...kept, "x-cache-status": "HIT" };
const miss = { ...kept, "x-cache-status": "MISS" };
const bypass = { ...kept, "x-cache-status": "BYPASS" };
const cf = { ...kept, server: "cloudflare" };
const edgeHit = { ...cf, "cf-cache-status": "HIT", age: "50" };
const parentHit = { ...cf, "cf-cache-status": "HIT" };

type Step = Headers | number | readonly [status: number, headers?: Headers] | Error;
const lost = new Error("lost");
const refused = new Error("refused");

/**
 * One answer for each question, in the order in which they are asked, a second apart; a number ends the round early. A range is
 * answered by 206.
 */
function observed(steps: readonly Step[], everyMs = 1_000): Observation[] {
  let at = 0;
  let round = 1;
  const observations: Observation[] = [];
  for (const [index, step] of steps.entries()) {
    if (typeof step === "number") {
      at = 0;
      round += 1;
      continue;
    }
    const asked: Question = questions[at] ?? "whole";
    at += 1;
    if (step instanceof Error) {
      const error = new PrefetchError("vendor_unavailable", `The request was ${step.message}`);
      observations.push({ asked, round, error, sent: step === lost });
    } else {
      const [status, headers] = isPair(step) ? [step[0], step[1] ?? {}] : [asked === "range" ? 206 : 200, step];
      observations.push({ asked, round, atMs: index * everyMs, status, headers: lines(headers), firstByteMs: 10 * (index + 1) });
    }
    if (at === questions.length) {
      at = 0;
      round += 1;
    }
  }
  return observations;
}

const isPair = (step: Headers | readonly [number, Headers?]): step is readonly [number, Headers?] => Array.isArray(step);

const judged = (steps: readonly Step[], check: Partial<Check> = {}) => warmthBy(observed(steps), { url, over: false, ...check });

type Row = readonly [what: string, steps: readonly Step[], state: Warmth, settled: boolean, reason: string | RegExp, ...codes: string[]];

const NEXT_ROUND = 0;

function expectAll(rows: readonly Row[], check: Partial<Check> = {}): void {
  for (const [what, steps, state, isSettled, reason, ...codes] of rows) {
    it(what, () => {
      const found = judged(steps, check);
      expect(found).toMatchObject({ state, isSettled });
      expect(found.reason).toMatch(reason);
      expect(found.obstacles.map(({ code }) => code)).toEqual(codes);
    });
  }
}

describe("a hit that came first", () => {
  expectAll([
    ["at the edge", [edgeHit], "warm", true, "The cache served it from the edge's store (stored 50 s ago)."],
    ["of no layer", [hit], "warm", true, "do not tell which tier"],
    ["known by its age alone", [{ ...kept, age: "3" }], "warm", true, "(stored 3 s ago)"],
    ["revalidated", [{ ...cf, "cf-cache-status": "REVALIDATED" }], "warm", true, "confirmed that it has not changed"],
    ["stale", [{ ...cf, "cf-cache-status": "STALE", age: "90" }], "warm", true, "lifetime is over (stale)"],
    ["being refreshed behind", [{ ...cf, "cf-cache-status": "UPDATING", age: "90" }], "warm", true, "lifetime is over (stale)"],
    ["although the origin forbids storing", [{ ...hit, "cache-control": "no-store" }], "warm", true, "from a store"],
    ["after a HEAD that is refused", [[405], [200, hit]], "warm", true, "from a store"],
    [
      "after a HEAD that is an error",
      [
        [403, miss],
        [200, hit],
      ],
      "warm",
      true,
      "from a store",
    ],
    ["after a HEAD that is passed on", [bypass, [200, hit]], "warm", true, "from a store"],
    ["of the whole, after one of a part", [[405], hit, hit], "warm", true, "from a store"],
    ["of the whole, where there are no ranges", [[405], [416], hit], "warm", true, "from a store"],
    ["after ranges that are passed on", [bypass, bypass, hit], "warm", true, "from a store"],
  ]);
  expectAll(
    [
      [
        "counts where it was not another variant's doing: by age",
        [{ ...cf, "cf-cache-status": "HIT", age: "50" }],
        "warm",
        true,
        "(stored 50 s ago).",
      ],
      ["without age, not", [hit], "unknown", true, "another variant may have filled it"],
      ["with a young age, not", [{ ...hit, age: "5" }], "unknown", true, "another variant may have filled it"],
    ],
    { disturbedMs: 8_000 },
  );
});

describe("a hit behind the edge", () => {
  expectAll([
    ["asks for another round", [parentHit], "warm-parent-only", false, "from a cache behind the edge"],
    ["stays one, when the edge has it afterwards", [parentHit, NEXT_ROUND, edgeHit], "warm-parent-only", true, "The edge has it since"],
    ["stays one, when it has not", [parentHit, NEXT_ROUND, parentHit], "warm-parent-only", true, "still did not have it"],
    ["stays one, when the edge fails", [parentHit, NEXT_ROUND, [405], [503]], "warm-parent-only", true, "still did not have it"],
    ["that the edge does not keep", [{ "cache-status": "O; hit, E; fwd=bypass" }], "warm-parent-only", false, "has not kept a copy"],
    [
      "after a miss is this check's doing",
      [{ ...cf, "cf-cache-status": "MISS" }, [200, parentHit]],
      "cold",
      true,
      "a cache behind the edge has it now",
    ],
  ]);
});

describe("a miss that came first", () => {
  const young = { ...hit, age: "1" };
  const old = { ...hit, age: "500" };
  expectAll([
    ["asks on", [miss], "cold", false, "no later answer says", "stays-a-miss"],
    ["and a hit without an age", [miss, [200, hit]], "cold", true, /^The first answer was not .* it is warm now\.$/],
    ["and a hit of a part", [miss, hit], "cold", true, "a part of it is in the store now"],
    ["and a hit that is younger", [miss, [200, young]], "cold", true, "it is warm now"],
    ["and a hit that is about as old", [miss, [200, { ...hit, age: "3" }]], "cold", true, "it is warm now"],
    ["and a hit that is clearly older", [miss, [200, old]], "warm", true, "another server of the place held it"],
    ["and a part that is clearly older proves nothing", [miss, old], "cold", false, "no later answer says", "stays-a-miss"],
    ["and a part that is clearly older, then the whole", [miss, old, old], "warm", true, "another server of the place held it"],
    ["and a part that is clearly older, and not the whole", [miss, old, miss], "cold", true, "the whole is not", "partly-stored"],
    ["and an old hit, of an age that came with the miss", [{ ...miss, age: "499" }, [200, old]], "cold", true, "it is warm now"],
    ["and a hit at the edge in the next round", [miss, miss, miss, hit], "cold", true, "it is warm now"],
    ["of what has expired", [{ ...miss, "x-cache-status": "EXPIRED" }, [200, hit]], "cold", true, "Its lifetime in the cache was over"],
    ["that the CDN says it has stored", [{ ...kept, "cache-status": "E; fwd=miss; stored" }], "cold", true, "says that it has stored it"],
    ["that stays one", [miss, miss, miss, miss, miss, miss], "cold", false, "asked for 6 times", "stays-a-miss"],
    ["beside what hinders", [{ "x-cache-status": "MISS" }], "cold", false, "no later answer says", "stays-a-miss", "no-lifetime"],
    [
      "with a word that also stands for a bypass",
      [{ ...kept, "x-timer": "S1.1,VS0", "x-cache": "MISS" }],
      "cold",
      false,
      "unstored",
      "stays-a-miss",
    ],
    ["and no answer any more", [miss, lost], "cold", true, "no later answer says", "stays-a-miss"],
  ]);
});

describe("what is not kept", () => {
  const forbidden = { ...miss, "cache-control": "no-store" };
  const wide = { "x-cache-status": "MISS", vary: "Cookie", "cache-control": "private" };
  const dynamic = { ...cf, "cf-cache-status": "DYNAMIC" };
  expectAll([
    [
      "an error",
      [
        [404, miss],
        [404, hit],
      ],
      "uncacheable",
      true,
      "It answers 404, from the cache's store.",
      "error-status",
    ],
    ["an error after a miss", [miss, [503]], "uncacheable", true, "It answers 503.", "error-status"],
    ["an error by the CDN's word", [[405], [200, { "x-cache": "TCP_DENIED" }]], "uncacheable", true, "It answers 200.", "error-status"],
    ["a redirect", [[302, { location: "/b" }]], "uncacheable", true, "It answers 302.", "redirect"],
    ["a redirect from the store", [[301, hit]], "uncacheable", true, "It answers 301.", "redirect"],
    ["what the CDN says of the whole", [bypass, bypass, bypass], "uncacheable", true, "does not store this", "vendor-says-no"],
    ["not what it says of a HEAD and a range alone", [bypass, bypass], "uncacheable", false, "does not store this", "vendor-says-no"],
    [
      "no-store, with the next GET",
      [forbidden, forbidden, forbidden, forbidden, forbidden],
      "uncacheable",
      true,
      "None of 5 answers",
      "no-store",
    ],
    ["no-store, not before", [forbidden, forbidden, forbidden, forbidden], "uncacheable", false, "None of 4 answers", "no-store"],
    ["no-store, but the CDN keeps it all the same", [forbidden, forbidden, forbidden, NEXT_ROUND, hit], "cold", true, "it is warm now"],
    [
      "no-store, without a word about a cache",
      [[200, { "cache-control": "no-store" }]],
      "uncacheable",
      false,
      "was not from a store",
      "no-store",
    ],
    ["the decisive first", [wide], "uncacheable", false, "only browsers", "private", "vary-wide"],
    [
      "a lifetime of zero that was granted",
      [
        { ...kept, eagleid: "1", "x-cache": "MISS", "x-swift-cachetime": "0" },
        { ...kept, eagleid: "1", "x-cache": "MISS", "x-swift-cachetime": "0" },
        { ...kept, eagleid: "1", "x-cache": "MISS", "x-swift-cachetime": "0" },
      ],
      "uncacheable",
      true,
      "says that it has not stored it",
      "not-stored",
    ],
    ["what Cloudflare says of a name it knows", [dynamic], "uncacheable", false, "does not treat this URL as cacheable", "cloudflare-rule"],
  ]);
  it("is decided by Cloudflare's first word where it goes by the name's ending", () => {
    expect(judged([dynamic], { url: "https://media.example/v/a.m3u8" })).toMatchObject({
      state: "uncacheable",
      isSettled: true,
      obstacles: [{ code: "cloudflare-type" }],
    });
  });
});

describe("what is not known", () => {
  const plain = kept;
  expectAll([
    [
      "no word about a cache",
      [plain],
      "unknown",
      false,
      "No header tells whether it came from a store. The first byte came after 10 ms, which proves nothing.",
    ],
    ["no word twice", [plain, plain], "unknown", false, "after 10 ms, then after 20 ms, which proves nothing"],
    ["an age of zero", [{ ...kept, age: "0" }], "unknown", false, "No header"],
    ["a hit after silence", [plain, [200, hit]], "unknown", true, "may have filled it"],
    ["a hit of a part after silence", [plain, hit], "unknown", false, "No header tells"],
    ["a hit after a lost answer", [lost, [200, hit]], "unknown", true, "may have filled it"],
    ["a hit after an age of zero", [{ ...kept, age: "0" }, plain, plain, { ...kept, age: "1" }], "unknown", true, "may have filled it"],
    ["a part alone", [[405], hit, lost], "unknown", true, "says nothing of the rest"],
    ["no answer", [refused], "unknown", true, "The request was refused."],
    ["no answer to HEAD", [lost], "unknown", false, "The request was lost."],
    ["no answer at all", [lost, lost], "unknown", true, "The request was lost."],
    ["no word, then no answer", [plain, lost], "unknown", true, "proves nothing. The request was lost."],
    ["an error to HEAD alone", [[500]], "unknown", false, "No way of asking"],
    ["nothing", [], "unknown", false, "No way of asking"],
  ]);
  expectAll([
    [
      "but an age that begins with this check does tell",
      [plain, plain, plain, { ...kept, age: "1" }],
      "cold",
      true,
      "after this check began",
    ],
    ["and one that is far older does as well", [plain, [200, { ...kept, age: "900" }]], "warm", true, "(stored 900 s ago)"],
  ]);
});

it("nothing is left open when nothing more is asked", () => {
  for (const steps of [[], [miss], [kept], [parentHit]]) expect(judged(steps, { over: true }).isSettled).toBe(true);
});

it("requests that may have filled the cache are told", () => {
  for (const steps of [[miss], [kept], [lost], [parentHit], [miss, [200, hit] as const]]) expect(judged(steps).mayHaveFilled).toBe(true);
  for (const steps of [[hit], [edgeHit], [refused], [bypass], [[404] as const]]) expect(judged(steps).mayHaveFilled).toBe(false);
});

const marks: readonly Headers[] = [
  {},
  { server: "cloudflare" },
  { "x-timer": "S1.1,VS0" },
  { eagleid: "1" },
  { "x-nws-log-uuid": "1" },
  { server: "AkamaiGHost" },
];
const words = [
  "HIT",
  "MISS",
  "EXPIRED",
  "STALE",
  "BYPASS",
  "HIT, MISS",
  "MISS, HIT",
  "TCP_HIT",
  "TCP_MISS",
  "Hit From Upstream",
  "DYNAMIC",
  "E; hit",
  "E; fwd=miss",
];
const names = ["x-cache-status", "x-cache", "cf-cache-status", "x-cache-lookup", "cache-status"];
const someHeaders = fc
  .tuple(
    fc.constantFrom(...marks),
    fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...words), { maxKeys: 2 }),
    fc.option(fc.nat(2_000).map(String), { nil: undefined }),
    fc.constantFrom("max-age=60", "no-store", "private", ""),
  )
  .map(([mark, said, age, control]): Headers => ({ ...mark, ...said, ...(age && { age }), ...(control && { "cache-control": control }) }));
const someSteps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: someHeaders },
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom(200, 206, 302, 304, 404, 405, 416, 500), someHeaders) },
    { weight: 1, arbitrary: fc.constantFrom<Step>(lost, refused, NEXT_ROUND) },
  ),
  { maxLength: 9 },
);

describe("whatever the answers are", () => {
  it("none is called warm that was not served from a store, and none as a whole for a part", () => {
    fc.assert(
      fc.property(someSteps, fc.boolean(), (steps, over) => {
        const observations = observed(steps);
        const { state, by, isSettled } = warmthBy(observations, { url, over });
        const served = observations.some((one) => !isSilence(one) && see(one, { url }).word === "held");
        if (!served) expect(["warm", "warm-parent-only"]).not.toContain(state);
        if (state === "warm" || state === "warm-parent-only") {
          expect(by[0]?.word).toBe("held");
          expect(by[0]?.status).toBeLessThan(400);
        }
        if (over) expect(isSettled).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("what was not from a store at first is never warm without an age that is greater than the check's", () => {
    const first = fc.constantFrom<Headers>(miss, kept, { ...miss, "x-cache-status": "EXPIRED" });
    fc.assert(
      fc.property(first, someSteps, (opening, steps) => {
        const { state, by } = warmthBy(observed([opening, ...steps]), { url, over: true });
        if (state !== "warm" && state !== "warm-parent-only") return;
        const [hit] = by;
        expect(hit?.reading.ageS).toBeGreaterThan((hit?.atMs ?? 0) / 1_000);
      }),
      { numRuns: 300 },
    );
  });

  it("further answers change nothing that is settled", () => {
    fc.assert(
      fc.property(someSteps, someSteps, (steps, more) => {
        const before = judged(steps);
        if (!before.isSettled) return;
        expect(judged([...steps, ...more]).state).toBe(before.state);
      }),
      { numRuns: 300 },
    );
  });
});
