import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { BatchContent, Call, Provider, Reconciliation } from "../../../src/prefetch/model/provider.ts";
import { manyUrls, neverAnswered, type ProviderScript, TODAY, urlsOf } from "../../fakes.ts";
import { setUp, taken, throwing } from "../bench-harness.ts";

const FIVE_MINUTES = 300_000;
const noAnswer = throwing("timeout", { delivery: "unknown", retryable: true });

const foundAs = (urls: readonly string[], ...vendorTaskIds: string[]): Reconciliation => ({ state: "found", vendorTaskIds, urls });

interface Question {
  readonly batch: BatchContent;
  readonly sentAt: number;
  readonly at: number;
}

/** A vendor that loses its first answers, and answers `trace` when it is asked for one. */
async function losing(
  trace: (nth: number, batch: BatchContent, call: Call) => Reconciliation | Promise<Reconciliation>,
  { lost = 1, ...script }: ProviderScript & { readonly lost?: number } = {},
) {
  const questions: Question[] = [];
  const bench = await setUp({
    answer: (_, nth) => (nth < lost ? noAnswer() : taken),
    findSubmitted: async (batch, { notBefore: sentAt }, call) => {
      questions.push({ batch, sentAt, at: bench.clock.now() });
      return trace(questions.length - 1, batch, call);
    },
    ...script,
  });
  const states = async () => (await bench.items()).map((item) => item.state);
  return { ...bench, questions, states };
}

describe("a lost answer, at a vendor that can be asked for it", () => {
  it("is asked for after two seconds, until when the batch counts as being sent, and is found with its ids", async () => {
    const { clock, provider, worker, admit, items, states, questions, storage, used } = await losing(() =>
      foundAs(manyUrls(2), "vendor-7", "vendor-8"),
    );
    await admit({ urls: manyUrls(2) });
    const sentAt = clock.now();
    worker.kick(provider);
    await clock.advance(1_999);
    expect(questions).toEqual([]);
    expect(await storage.task("pf_1")).toMatchObject({ sending: 2, openBatches: 1 });
    const waiting = { state: "queued", code: "timeout", reason: expect.stringContaining("own records are being asked") };
    expect(await items()).toMatchObject([waiting, waiting]);

    await clock.advance(1);
    expect(questions).toEqual([{ batch: { kind: "urls", urls: manyUrls(2) }, sentAt, at: sentAt + 2_000 }]);
    expect(await states()).toEqual(["processing", "processing"]);
    expect((await storage.following("pf_1")).map((work) => work.batch)).toMatchObject([
      { state: "sent", vendorTaskIds: ["vendor-7", "vendor-8"], leaseUntil: undefined, sentAt },
    ]);
    // The reason for asking is not one for anything that comes after.
    expect(await items()).toMatchObject([{ code: undefined, reason: undefined }, { code: undefined }]);
    await clock.advance(3_600_000);
    expect(provider.received).toHaveLength(1);
    expect(questions).toHaveLength(1);
    expect(await used()).toBe(2);
  });

  it.each([
    ["after ten seconds", 0, 10_000, 12_000],
    ["at once, of a request that waited for a minute before", 60_000, 0, 2_000],
  ])("that is lost %s is asked for that long again and two seconds later", async (_, before, silence, asked) => {
    let requests = 0;
    const { clock, provider, worker, admit, questions } = await losing(() => foundAs(manyUrls(2), "vendor-7"), {
      answer: async () => {
        requests += 1;
        if (requests === 1 && before > 0) {
          return throwing("queue_full", { delivery: "refused", retryable: true, retryAfterMs: before })();
        }
        await clock.sleep(silence);
        return noAnswer();
      },
    });
    await admit({ urls: manyUrls(2) });
    const start = clock.now();
    worker.kick(provider);
    await clock.advance(before + asked + 60_000);
    expect(questions).toMatchObject([{ sentAt: start + before, at: start + before + silence + asked }]);
  });

  it("of a request that was not carried out lets it be sent again, exactly once", async () => {
    const { clock, provider, worker, another, admit, states, questions, used } = await losing(() => ({ state: "absent" }));
    await admit({ urls: manyUrls(2) });
    const workers = [worker, another(), another()];
    for (let time = 0; time < 20; time += 1) {
      for (const each of workers) each.kick(provider);
      await clock.advance(1_000);
    }
    await clock.advance(3_600_000);
    expect(provider.received.map(urlsOf)).toEqual([manyUrls(2), manyUrls(2)]);
    expect(questions).toHaveLength(1);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(await used()).toBe(2);
  });

  it("is given up after twelve requests that were never carried out, which then cost nothing", async () => {
    const { clock, provider, worker, admit, items, questions, used } = await losing(() => ({ state: "absent" }), { lost: 99 });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(24 * 3_600_000);
    expect(provider.received).toHaveLength(12);
    expect(questions).toHaveLength(12);
    expect(await items()).toMatchObject([{ state: "rejected", code: "timeout" }, { state: "rejected" }]);
    expect(await used()).toBe(0);
  });

  it("that nobody ever tells of is unknown after five minutes, and never sent again", async () => {
    const { clock, provider, worker, admit, items, states, questions, used, storage } = await losing(() => ({ state: "unclear" }));
    await admit({ urls: manyUrls(2) });
    const sentAt = clock.now();
    worker.kick(provider);
    await clock.advance(FIVE_MINUTES);
    expect(await states()).toEqual(["queued", "queued"]);
    // Often at first, then every minute.
    const pauses = questions.map((question, index) => question.at - (questions[index - 1]?.at ?? sentAt));
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    await clock.advance(60_000);
    expect(await items()).toMatchObject([
      { state: "unknown", code: "timeout", reason: expect.stringContaining("records do not say") },
      { state: "unknown" },
    ]);
    await clock.advance(86_400_000);
    expect(provider.received).toHaveLength(1);
    expect(await used()).toBe(2);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0, sending: 0 });
  });

  it("can turn up late", async () => {
    const { clock, provider, worker, admit, states } = await losing((nth) =>
      nth < 7 ? { state: "unclear" } : foundAs(manyUrls(2), "vendor-7"),
    );
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(FIVE_MINUTES);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(provider.received).toHaveLength(1);
  });

  it("of which only a part turns up leaves the rest unknown, and goes on with what was found", async () => {
    const { clock, provider, worker, admit, states, storage, used } = await losing(() => foundAs(manyUrls(1), "vendor-7"));
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(10_000);
    expect(await states()).toEqual(["processing", "unknown"]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 1 });
    expect(await used()).toBe(2);
  });

  it("is an asset's, too", async () => {
    const { clock, provider, worker, admit, states, questions } = await losing(() => foundAs([], "job-1"));
    await admit({ assetId: "asset1" });
    worker.kick(provider);
    await clock.advance(10_000);
    expect(questions.map((question) => question.batch)).toEqual([{ kind: "asset", assetId: "asset1" }]);
    expect(await states()).toEqual(["processing"]);
  });

  it("may be lost through an error that nobody foresaw", async () => {
    const { clock, provider, worker, admit, states, reports } = await losing(() => foundAs(manyUrls(2), "vendor-7"), {
      answer: () => {
        throw new TypeError("answer.data is undefined");
      },
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(10_000);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(reports).toEqual([expect.stringContaining("answer.data is undefined")]);
  });

  it("is asked for on when asking fails, which is told of", async () => {
    const { clock, provider, worker, admit, states, questions, reports } = await losing((nth) => {
      if (nth < 2) throw new PrefetchError("vendor_unavailable", "Down", { retryable: true });
      return foundAs(manyUrls(2), "vendor-7");
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(10_000);
    expect(await states()).toEqual(["queued", "queued"]);
    await clock.advance(10_000);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(questions).toHaveLength(3);
    const report = "asking fake-cdn for a batch whose answer was lost: PrefetchError: Down";
    expect(reports).toEqual([report, report]);
    expect(provider.received).toHaveLength(1);
  });

  it("is found after an outage that was longer than any patience with the records themselves", async () => {
    const { clock, provider, worker, admit, states } = await losing(() => {
      if (clock.now() < sentAt + 3_600_000) throw new PrefetchError("vendor_unavailable", "Down", { retryable: true });
      return foundAs(manyUrls(2), "vendor-7");
    });
    await admit({ urls: manyUrls(2) });
    const sentAt = clock.now();
    worker.kick(provider);
    await clock.advance(3_600_000 - 1);
    expect(await states()).toEqual(["queued", "queued"]);
    await clock.advance(FIVE_MINUTES);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(provider.received).toHaveLength(1);
  });

  it("is unknown when the records cannot be read for a reason that will not pass", async () => {
    const { clock, provider, worker, admit, states, reports, questions } = await losing(() => {
      throw new TypeError("answer.data is undefined");
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(3_600_000);
    expect(await states()).toEqual(["unknown", "unknown"]);
    expect(reports).toEqual([expect.stringContaining("answer.data is undefined")]);
    expect(questions).toHaveLength(1);
    expect(provider.received).toHaveLength(1);
  });

  it("is asked for under the account's pace, and by one process at a time", async () => {
    const { clock, provider, worker, another, admit, questions, states } = await losing(
      async (_nth, _batch, { turn }) => {
        await turn();
        return foundAs(manyUrls(2), "vendor-7");
      },
      { limits: { requestsPerMinute: 1 } },
    );
    await admit({ urls: manyUrls(2) });
    const start = clock.now();
    worker.kick(provider);
    await clock.advance(2_000);
    another().kick(provider);
    await clock.advance(57_999);
    expect(await states()).toEqual(["queued", "queued"]);
    expect(questions).toHaveLength(1);
    await clock.advance(1);
    expect(clock.now() - start).toBe(60_000);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(questions).toHaveLength(1);
  });
});

describe("a process that died while it was sending", () => {
  const dying = async (trace: Reconciliation) => {
    const house = await losing(() => trace, { lost: 0 });
    const { clock, storage, provider, admit } = house;
    await admit({ urls: manyUrls(2) });
    const dead = await storage.claim(provider.account, clock.now(), clock.now() + 300_000);
    if (!dead) throw new Error("Nothing to claim.");
    await clock.advance(1_000);
    const start = { now: clock.now(), leaseUntil: clock.now() + 90_000, day: TODAY, allowance: undefined };
    expect(await storage.startSending(dead.batch, start)).toBe("started");
    return { ...house, sentAt: clock.now() };
  };

  it("leaves a batch that the next one asks for, once its lease has run out", async () => {
    const { clock, worker, provider, questions, states, sentAt } = await dying(foundAs(manyUrls(2), "vendor-7"));
    worker.kick(provider);
    await clock.advance(89_999);
    expect(questions).toEqual([]);
    await clock.advance(1);
    expect(questions).toMatchObject([{ sentAt, batch: { urls: manyUrls(2) } }]);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(provider.received).toEqual([]);
  });

  it("leaves one that is sent if it never left", async () => {
    const { clock, worker, provider, states, used } = await dying({ state: "absent" });
    worker.kick(provider);
    await clock.advance(95_000);
    expect(provider.received).toHaveLength(1);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(await used()).toBe(2);
  });
});

describe("a process that stops", () => {
  it("in the middle of a question lets go of the batch, and tells of nothing; the next one asks again soon", async () => {
    const { clock, provider, worker, another, admit, items, states, questions, storage, reports } = await losing(
      (nth, _batch, { signal }) => (nth === 0 ? neverAnswered(signal) : foundAs(manyUrls(2), "vendor-7")),
    );
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(2_000);
    expect(questions).toHaveLength(1);
    const all = async () => [{ ...(await storage.task("pf_1")), delay: "", held: [] }, (await items()).map(({ reason, ...item }) => item)];
    const before = await all();
    await worker.stop(500);
    expect(await all()).toEqual(before);
    expect(reports).toEqual([]);

    another().kick(provider);
    await clock.advance(10_000);
    expect(questions).toHaveLength(2);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(provider.received).toHaveLength(1);
  });

  it("while a request is on the wire leaves it to the next one to ask for", async () => {
    const { clock, provider, worker, another, admit, states, questions } = await losing(() => foundAs(manyUrls(2), "vendor-7"), {
      answer: (_batch, _nth, signal) => neverAnswered(signal),
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    const stopping = worker.stop(500);
    await clock.advance(500);
    await stopping;
    expect(await states()).toEqual(["queued", "queued"]);
    expect(questions).toEqual([]);
    another().kick(provider);
    await clock.advance(10_000);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(provider.received).toHaveLength(1);
  });
});

describe("whatever is lost", () => {
  interface Fate {
    readonly carriedOut: boolean;
    readonly answered: boolean;
  }
  const fate: fc.Arbitrary<Fate> = fc.record({ carriedOut: fc.boolean(), answered: fc.boolean() });
  const silence = fc.constantFrom("tells" as const, "unclear" as const, "fails" as const);

  it("nothing is carried out twice, and what is told is true", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 12 }),
        fc.array(silence, { maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        async (fates, silences, count) => {
          const carriedOut = new Map<string, string>();
          let asked = 0;
          const findSubmitted: Provider["findSubmitted"] = async (batch) => {
            const manner = silences[asked++] ?? "tells";
            if (manner === "fails") throw new PrefetchError("vendor_unavailable", "Down", { retryable: true });
            if (manner === "unclear") return { state: "unclear" };
            const urls = urlsOf(batch).filter((url) => carriedOut.has(url));
            return urls.length > 0 ? foundAs(urls, ...new Set(urls.map((url) => carriedOut.get(url) ?? ""))) : { state: "absent" };
          };
          const { clock, storage, provider, worker, another, admit, items, used } = await setUp({
            answer: (batch, nth) => {
              const { carriedOut: taken, answered } = fates[nth] ?? { carriedOut: true, answered: true };
              for (const url of urlsOf(batch)) {
                if (!taken) continue;
                if (carriedOut.has(url)) throw new Error(`${url} was carried out twice`);
                carriedOut.set(url, `vendor-${nth}`);
              }
              if (!answered) return noAnswer();
              if (taken) return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
              throw new PrefetchError("forbidden_domain", "No", { delivery: "refused" });
            },
            findSubmitted,
          });
          await admit({ urls: manyUrls(count) });
          worker.kick(provider);
          another().kick(provider);
          await clock.advance(3_600_000);

          let spent = 0;
          for (const item of await items()) {
            expect(["processing", "rejected", "unknown"]).toContain(item.state);
            if (item.state !== "unknown") expect(item.state === "processing").toBe(carriedOut.has(item.target));
            if (item.state !== "rejected") spent += 1;
          }
          expect(await used()).toBe(spent);
          for (const { batch, items } of await storage.following("pf_1")) {
            expect(new Set(batch.vendorTaskIds)).toEqual(new Set(items.map((item) => carriedOut.get(item.target))));
          }
          expect((await storage.ledger(provider.account, TODAY)).pending).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});
