import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import type { Warmth } from "../../../../src/prefetch/model/edge.ts";
import { obstacleOf } from "../../../../src/providers/http/cache/why-not-cached.ts";
import { interpret, isFailed, type Observation, type RequestKind, requestKinds } from "../../../../src/providers/http/probe/observation.ts";
import { assessWarmth } from "../../../../src/providers/http/probe/warmth.ts";
import type { Check } from "../../../../src/providers/http/probe/warmth-rules.ts";
import { runs } from "../../../fakes/runs.ts";
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
 * Builds observations from steps: each step answers the next request of the round, one second after the step before.
 * `NEXT_ROUND` ends a round early. Ranges are answered with 206.
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
    const kind: RequestKind = requestKinds[at] ?? "whole";
    at += 1;
    if (step instanceof Error) {
      const error = new PrefetchError("vendor_unavailable", `The request was ${step.message}`);
      observations.push({ kind, round, error, sent: step === lost });
    } else {
      const [status, headers] = isPair(step) ? [step[0], step[1] ?? {}] : [kind === "range" ? 206 : 200, step];
      observations.push({ kind, round, atMs: index * everyMs, status, headers: lines(headers), firstByteMs: 10 * (index + 1) });
    }
    if (at === requestKinds.length) {
      at = 0;
      round += 1;
    }
  }
  return observations;
}

const isPair = (step: Headers | readonly [number, Headers?]): step is readonly [number, Headers?] => Array.isArray(step);

const judged = (steps: readonly Step[], check: Partial<Check> = {}) => assessWarmth(observed(steps), { url, isOver: false, ...check });

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

describe("assessWarmth, when the first answer is a hit,", () => {
  expectAll([
    ["says warm for a hit at the edge", [edgeHit], "warm", true, "The CDN served it from the edge's cache (stored 50 s ago)."],
    ["says warm for a hit of unknown layer", [hit], "warm", true, "do not say which tier"],
    ["recognises a hit by its age alone", [{ ...kept, age: "3" }], "warm", true, "(stored 3 s ago)"],
    ["says warm for a revalidated copy", [{ ...cf, "cf-cache-status": "REVALIDATED" }], "warm", true, "confirmed that it has not changed"],
    ["says warm for a stale copy", [{ ...cf, "cf-cache-status": "STALE", age: "90" }], "warm", true, "lifetime has expired (stale)"],
    [
      "says warm for a copy that is being updated",
      [{ ...cf, "cf-cache-status": "UPDATING", age: "90" }],
      "warm",
      true,
      "lifetime has expired (stale)",
    ],
    ["says warm although the origin forbids storing", [{ ...hit, "cache-control": "no-store" }], "warm", true, "from a cache"],
    ["ignores a declined HEAD", [[405], [200, hit]], "warm", true, "from a cache"],
    [
      "ignores an error to HEAD",
      [
        [403, miss],
        [200, hit],
      ],
      "warm",
      true,
      "from a cache",
    ],
    ["ignores a bypassed HEAD", [bypass, [200, hit]], "warm", true, "from a cache"],
    ["says warm when a whole GET follows a stored part", [[405], hit, hit], "warm", true, "from a cache"],
    ["says warm when the server knows no ranges", [[405], [416], hit], "warm", true, "from a cache"],
    ["ignores a bypassed range", [bypass, bypass, hit], "warm", true, "from a cache"],
  ]);
  expectAll(
    [
      [
        "says warm when its age is older than another variant's request",
        [{ ...cf, "cf-cache-status": "HIT", age: "50" }],
        "warm",
        true,
        "(stored 50 s ago).",
      ],
      [
        "says unknown when the request for another variant may have filled the cache",
        [hit],
        "unknown",
        true,
        "request for another variant may have put it there",
      ],
      [
        "says unknown when its age is younger than another variant's request",
        [{ ...hit, age: "5" }],
        "unknown",
        true,
        "request for another variant may have put it there",
      ],
    ],
    { msSinceOtherFill: 8_000 },
  );
});

describe("assessWarmth, when a tier behind the edge has a hit,", () => {
  expectAll([
    ["wants another round", [parentHit], "warm-parent-only", false, "from a cache behind the edge"],
    [
      "says warm-parent-only when the edge has it in the next round",
      [parentHit, NEXT_ROUND, edgeHit],
      "warm-parent-only",
      true,
      "The edge has had it since",
    ],
    [
      "says warm-parent-only when the edge still lacks it in the next round",
      [parentHit, NEXT_ROUND, parentHit],
      "warm-parent-only",
      true,
      "still did not have it",
    ],
    [
      "says warm-parent-only when the next round fails",
      [parentHit, NEXT_ROUND, [405], [503]],
      "warm-parent-only",
      true,
      "still did not have it",
    ],
    ["tells when the edge keeps no copy", [{ "cache-status": "O; hit, E; fwd=bypass" }], "warm-parent-only", false, "did not keep a copy"],
    [
      "says cold when a miss came before",
      [{ ...cf, "cf-cache-status": "MISS" }, [200, parentHit]],
      "cold",
      true,
      "a cache behind the edge has it now",
    ],
  ]);
});

describe("assessWarmth, when the first answer is a miss,", () => {
  const young = { ...hit, age: "1" };
  const old = { ...hit, age: "500" };
  expectAll([
    ["wants further requests", [miss], "cold", false, "no later answer shows", "stays-a-miss"],
    ["says cold when a hit without an age follows", [miss, [200, hit]], "cold", true, /^The first answer did not .* it is warm now\.$/],
    ["says cold when a stored part follows", [miss, hit], "cold", true, "a part of it is in the cache now"],
    ["says cold when a younger hit follows", [miss, [200, young]], "cold", true, "it is warm now"],
    ["says cold when the age of a hit is within the tolerance", [miss, [200, { ...hit, age: "3" }]], "cold", true, "it is warm now"],
    ["says warm when a clearly older hit follows", [miss, [200, old]], "warm", true, "another server at the same place held it"],
    ["draws no conclusion from a clearly older part", [miss, old], "cold", false, "no later answer shows", "stays-a-miss"],
    [
      "says warm when an older part and then the whole object follow",
      [miss, old, old],
      "warm",
      true,
      "another server at the same place held it",
    ],
    [
      "says cold when an older part follows, but the whole object is a miss",
      [miss, old, miss],
      "cold",
      true,
      "not the whole object",
      "partly-stored",
    ],
    ["says cold when the miss already carried the age of the hit", [{ ...miss, age: "499" }, [200, old]], "cold", true, "it is warm now"],
    ["says cold when a hit follows in the next round", [miss, miss, miss, hit], "cold", true, "it is warm now"],
    [
      "says cold when the copy had expired",
      [{ ...miss, "x-cache-status": "EXPIRED" }, [200, hit]],
      "cold",
      true,
      "The cached copy had expired",
    ],
    [
      "settles on cold when the CDN reports that it stored the answer",
      [{ ...kept, "cache-status": "E; fwd=miss; stored" }],
      "cold",
      true,
      "reports that it has stored it",
    ],
    ["counts the misses", [miss, miss, miss, miss, miss, miss], "cold", false, "stayed a miss in 6 requests", "stays-a-miss"],
    ["lists hints beside the miss", [{ "x-cache-status": "MISS" }], "cold", false, "no later answer shows", "stays-a-miss", "no-lifetime"],
    [
      "warns when the CDN's word for a miss also covers a bypass",
      [{ ...kept, "x-timer": "S1.1,VS0", "x-cache": "MISS" }],
      "cold",
      false,
      "without storing them",
      "stays-a-miss",
    ],
    ["settles on cold when the next request fails", [miss, lost], "cold", true, "no later answer shows", "stays-a-miss"],
  ]);
});

describe("assessWarmth, when the CDN does not keep the object,", () => {
  const forbidden = { ...miss, "cache-control": "no-store" };
  const wide = { "x-cache-status": "MISS", vary: "Cookie", "cache-control": "private" };
  const dynamic = { ...cf, "cf-cache-status": "DYNAMIC" };
  expectAll([
    [
      "says uncacheable for an error, even from the cache",
      [
        [404, miss],
        [404, hit],
      ],
      "uncacheable",
      true,
      "The CDN answers with status 404, from its cache.",
      "error-status",
    ],
    ["says uncacheable for status 416 to a whole GET", [[405], [416], [416]], "uncacheable", true, "status 416", "error-status"],
    ["says uncacheable for an error after a miss", [miss, [503]], "uncacheable", true, "The CDN answers with status 503.", "error-status"],
    [
      "says uncacheable when the CDN's header reports an error",
      [[405], [200, { "x-cache": "TCP_DENIED" }]],
      "uncacheable",
      true,
      "The CDN answers with status 200.",
      "vendor-says-error",
    ],
    ["says uncacheable for a redirect", [[302, { location: "/b" }]], "uncacheable", true, "The CDN answers with status 302.", "redirect"],
    ["says uncacheable for a redirect from the cache", [[301, hit]], "uncacheable", true, "The CDN answers with status 301.", "redirect"],
    [
      "settles when the CDN bypasses the whole GET",
      [bypass, bypass, bypass],
      "uncacheable",
      true,
      "reports that it does not store this",
      "vendor-says-no",
    ],
    [
      "does not settle when the CDN bypasses HEAD and range only",
      [bypass, bypass],
      "uncacheable",
      false,
      "None of 2 answers",
      "vendor-says-no",
    ],
    [
      "settles on no-store with the GET after the whole one",
      [forbidden, forbidden, forbidden, forbidden, forbidden],
      "uncacheable",
      true,
      "None of 5 answers",
      "no-store",
    ],
    [
      "does not settle on no-store before that GET",
      [forbidden, forbidden, forbidden, forbidden],
      "uncacheable",
      false,
      "None of 4 answers",
      "no-store",
    ],
    ["says cold when the CDN stores despite no-store", [forbidden, forbidden, forbidden, NEXT_ROUND, hit], "cold", true, "it is warm now"],
    [
      "reports no-store when no header mentions a cache",
      [[200, { "cache-control": "no-store" }]],
      "uncacheable",
      false,
      "did not come from a cache",
      "no-store",
    ],
    ["lists decisive obstacles before hints", [wide], "uncacheable", false, obstacleOf("private").reason, "private", "vary-wide"],
    [
      "settles when the CDN reports a lifetime of zero",
      [
        { ...kept, eagleid: "1", "x-cache": "MISS", "x-swift-cachetime": "0" },
        { ...kept, eagleid: "1", "x-cache": "MISS", "x-swift-cachetime": "0" },
        { ...kept, eagleid: "1", "x-cache": "MISS", "x-swift-cachetime": "0" },
      ],
      "uncacheable",
      true,
      "reports that it did not store it",
      "not-stored",
    ],
    [
      "does not settle on Cloudflare's DYNAMIC for a cacheable file type",
      [dynamic],
      "uncacheable",
      false,
      "did not come from a cache",
      "cloudflare-rule",
    ],
  ]);
  it("settles on Cloudflare's first DYNAMIC for a file type that it never caches", () => {
    expect(judged([dynamic], { url: "https://media.example/v/a.m3u8" })).toMatchObject({
      state: "uncacheable",
      isSettled: true,
      obstacles: [{ code: "cloudflare-type" }],
    });
  });
});

describe("assessWarmth, when no answer is conclusive,", () => {
  const plain = kept;
  expectAll([
    [
      "says unknown when no header mentions a cache",
      [plain],
      "unknown",
      false,
      "No header says whether it came from a cache. The first byte arrived after 10 ms, which proves nothing.",
    ],
    ["shows the first-byte times of two answers", [plain, plain], "unknown", false, "after 10 ms, then after 20 ms, which proves nothing"],
    ["draws no conclusion from an age of zero", [{ ...kept, age: "0" }], "unknown", false, "No header"],
    ["says unknown for a hit after a silent answer", [plain, [200, hit]], "unknown", true, "may have put it there"],
    ["draws no conclusion from a stored part after a silent answer", [plain, hit], "unknown", false, "No header says"],
    ["says unknown for a hit after a lost answer", [lost, [200, hit]], "unknown", true, "may have put it there"],
    [
      "says unknown for a hit after an age of zero",
      [{ ...kept, age: "0" }, plain, plain, { ...kept, age: "1" }],
      "unknown",
      true,
      "may have put it there",
    ],
    ["says unknown when only a part is known", [[405], hit, lost], "unknown", true, "says nothing about the rest"],
    ["settles on unknown when the connection failed", [refused], "unknown", true, "The request was refused."],
    ["does not settle when only HEAD was lost", [lost], "unknown", false, "The request was lost."],
    ["settles on unknown when HEAD and GET were lost", [lost, lost], "unknown", true, "The request was lost."],
    ["adds the failure to a silent answer", [plain, lost], "unknown", true, "proves nothing. The request was lost."],
    ["says unknown after a declined HEAD", [[500]], "unknown", false, "No request got a usable answer"],
    ["says unknown without any answer", [], "unknown", false, "No request got a usable answer"],
  ]);
  expectAll([
    ["says cold when an age starts with this check", [plain, plain, plain, { ...kept, age: "1" }], "cold", true, "after this check began"],
    ["says warm when a later age is far older than the check", [plain, [200, { ...kept, age: "900" }]], "warm", true, "(stored 900 s ago)"],
  ]);
});

it("assessWarmth settles every state when the check is over", () => {
  for (const steps of [[], [miss], [kept], [parentHit]]) expect(judged(steps, { isOver: true }).isSettled).toBe(true);
});

it("assessWarmth reports whether a request may have filled the cache", () => {
  for (const steps of [[miss], [kept], [lost], [parentHit], [miss, [200, hit] as const]])
    expect(judged(steps).mayHaveFilledCache).toBe(true);
  for (const steps of [[hit], [edgeHit], [refused], [bypass], [[404] as const]]) expect(judged(steps).mayHaveFilledCache).toBe(false);
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

describe("assessWarmth, for any answers,", () => {
  it("says warm only if a whole answer came from a cache", () => {
    fc.assert(
      fc.property(someSteps, fc.boolean(), (steps, over) => {
        const observations = observed(steps);
        const { state, decidedBy, isSettled } = assessWarmth(observations, { url, isOver: over });
        const served = observations.some((one) => !isFailed(one) && interpret(one, { url }).meaning === "stored");
        if (!served) expect(["warm", "warm-parent-only"]).not.toContain(state);
        if (state === "warm" || state === "warm-parent-only") {
          expect(decidedBy[0]?.meaning).toBe("stored");
          expect(decidedBy[0]?.status).toBeLessThan(400);
        }
        if (over) expect(isSettled).toBe(true);
      }),
      { numRuns: runs(100) },
    );
  });

  it("says warm after a miss only if the age is greater than the check's", () => {
    const first = fc.constantFrom<Headers>(miss, kept, { ...miss, "x-cache-status": "EXPIRED" });
    fc.assert(
      fc.property(first, someSteps, (opening, steps) => {
        const { state, decidedBy } = assessWarmth(observed([opening, ...steps]), { url, isOver: true });
        if (state !== "warm" && state !== "warm-parent-only") return;
        const [hit] = decidedBy;
        expect(hit?.reading.ageS).toBeGreaterThan((hit?.atMs ?? 0) / 1_000);
      }),
      { numRuns: runs(100) },
    );
  });

  it("keeps a settled state when further answers follow", () => {
    fc.assert(
      fc.property(someSteps, someSteps, (steps, more) => {
        const before = judged(steps);
        if (!before.isSettled) return;
        expect(judged([...steps, ...more]).state).toBe(before.state);
      }),
      { numRuns: runs(100) },
    );
  });
});
