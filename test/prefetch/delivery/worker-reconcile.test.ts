import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { BatchContent, Call, Provider, Reconciliation } from "../../../src/prefetch/model/provider.ts";
import { TODAY } from "../../fakes/clock.ts";
import { manyUrls, neverAnswered, type ProviderScript, urlsOf } from "../../fakes/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { setUp, taken, throwing } from "./worker-harness.ts";

const FIVE_MINUTES = 300_000;
const noAnswer = throwing("timeout", { delivery: "unknown", retryable: true });

const foundAs = (urls: readonly string[], ...vendorTaskIds: string[]): Reconciliation => ({ state: "found", vendorTaskIds, urls });

interface Question {
  readonly batch: BatchContent;
  readonly sentAt: number;
  readonly at: number;
}

/** A vendor that loses its first answers and answers look-ups with `trace`. */
async function losingAnswers(
  trace: (nth: number, batch: BatchContent, call: Call) => Reconciliation | Promise<Reconciliation>,
  { lost = 1, ...script }: ProviderScript & { readonly lost?: number } = {},
) {
  const questions: Question[] = [];
  const harness = await setUp({
    answer: (_, nth) => (nth < lost ? noAnswer() : taken),
    findSubmitted: async (batch, { notBefore: sentAt }, call) => {
      questions.push({ batch, sentAt, at: harness.clock.now() });
      return trace(questions.length - 1, batch, call);
    },
    ...script,
  });
  const states = async () => (await harness.items()).map((item) => item.state);
  return { ...harness, questions, states };
}

describe("worker, when an answer is lost and the vendor keeps records", () => {
  it("keeps the batch in flight, looks it up after two seconds, and follows it under the ids found", async () => {
    const { clock, provider, worker, admit, items, states, questions, storage, used } = await losingAnswers(() =>
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
    // The reason for the look-up is gone.
    expect(await items()).toMatchObject([{ code: undefined, reason: undefined }, { code: undefined }]);
    await clock.advance(3_600_000);
    expect(provider.received).toHaveLength(1);
    expect(questions).toHaveLength(1);
    expect(await used()).toBe(2);
  });

  it.each([
    ["twelve seconds after an answer that was lost after ten", 0, 10_000, 12_000],
    ["two seconds after an answer that was lost at once, when the request had waited for a minute", 60_000, 0, 2_000],
  ])("looks the batch up %s", async (_, before, silence, lookedUp) => {
    let requests = 0;
    const { clock, provider, worker, admit, questions } = await losingAnswers(() => foundAs(manyUrls(2), "vendor-7"), {
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
    await clock.advance(before + lookedUp + 60_000);
    expect(questions).toMatchObject([{ sentAt: start + before, at: start + before + silence + lookedUp }]);
  });

  it("sends the batch again, exactly once, when the vendor never got it", async () => {
    const { clock, provider, worker, another, admit, states, questions, used } = await losingAnswers(() => ({ state: "absent" }));
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

  it("rejects the batch with a full refund when the vendor never got any of twelve requests", async () => {
    const { clock, provider, worker, admit, items, questions, used } = await losingAnswers(() => ({ state: "absent" }), { lost: 99 });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(24 * 3_600_000);
    expect(provider.received).toHaveLength(12);
    expect(questions).toHaveLength(12);
    expect(await items()).toMatchObject([{ state: "rejected", code: "timeout" }, { state: "rejected" }]);
    expect(await used()).toBe(0);
  });

  it("ends the batch as unknown after five minutes when the records never say", async () => {
    const { clock, provider, worker, admit, items, states, questions, used, storage } = await losingAnswers(() => ({ state: "unclear" }));
    await admit({ urls: manyUrls(2) });
    const sentAt = clock.now();
    worker.kick(provider);
    await clock.advance(FIVE_MINUTES);
    expect(await states()).toEqual(["queued", "queued"]);
    // The pauses double up to a minute.
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

  it("follows a batch that the vendor lists late", async () => {
    const { clock, provider, worker, admit, states } = await losingAnswers((nth) =>
      nth < 7 ? { state: "unclear" } : foundAs(manyUrls(2), "vendor-7"),
    );
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(FIVE_MINUTES);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(provider.received).toHaveLength(1);
  });

  it("follows the URLs that the vendor lists and ends the rest as unknown", async () => {
    const { clock, provider, worker, admit, states, storage, used } = await losingAnswers(() => foundAs(manyUrls(1), "vendor-7"));
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(10_000);
    expect(await states()).toEqual(["processing", "unknown"]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 1 });
    expect(await used()).toBe(2);
  });

  it("looks up an asset", async () => {
    const { clock, provider, worker, admit, states, questions } = await losingAnswers(() => foundAs([], "job-1"));
    await admit({ assetId: "asset1" });
    worker.kick(provider);
    await clock.advance(10_000);
    expect(questions.map((question) => question.batch)).toEqual([{ kind: "asset", assetId: "asset1" }]);
    expect(await states()).toEqual(["processing"]);
  });

  it("looks the batch up after an unforeseen error", async () => {
    const { clock, provider, worker, admit, states, reports } = await losingAnswers(() => foundAs(manyUrls(2), "vendor-7"), {
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

  it("reports a failed look-up and looks the batch up again", async () => {
    const { clock, provider, worker, admit, states, questions, reports } = await losingAnswers((nth) => {
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

  it("finds the batch after an outage of an hour", async () => {
    const { clock, provider, worker, admit, states } = await losingAnswers(() => {
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

  it("ends the batch as unknown when the look-up fails for good", async () => {
    const { clock, provider, worker, admit, states, reports, questions } = await losingAnswers(() => {
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

  it("looks the batch up within the account's rate limit, in one process at a time", async () => {
    const { clock, provider, worker, another, admit, questions, states } = await losingAnswers(
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

describe("worker, when a process died while it sent a batch", () => {
  const setUpDead = async (trace: Reconciliation) => {
    const harness = await losingAnswers(() => trace, { lost: 0 });
    await harness.admit({ urls: manyUrls(2) });
    await harness.clock.advance(1_000);
    await harness.dieWhileSending(90_000);
    return { ...harness, sentAt: harness.clock.now() };
  };

  it("looks the batch up after the lease runs out", async () => {
    const { clock, worker, provider, questions, states, sentAt } = await setUpDead(foundAs(manyUrls(2), "vendor-7"));
    worker.kick(provider);
    await clock.advance(89_999);
    expect(questions).toEqual([]);
    await clock.advance(1);
    expect(questions).toMatchObject([{ sentAt, batch: { urls: manyUrls(2) } }]);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(provider.received).toEqual([]);
  });

  it("sends the batch again when the vendor never got it", async () => {
    const { clock, worker, provider, states, used } = await setUpDead({ state: "absent" });
    worker.kick(provider);
    await clock.advance(95_000);
    expect(provider.received).toHaveLength(1);
    expect(await states()).toEqual(["processing", "processing"]);
    expect(await used()).toBe(2);
  });
});

describe("worker, when it stops", () => {
  it("leaves a look-up to the next process, without a report", async () => {
    const { clock, provider, worker, another, admit, items, states, questions, storage, reports } = await losingAnswers(
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

  it("leaves a request in flight to the next process, which looks it up", async () => {
    const { clock, provider, worker, another, admit, states, questions } = await losingAnswers(() => foundAs(manyUrls(2), "vendor-7"), {
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

describe("worker, with any loss of requests and answers", () => {
  interface Fate {
    readonly carriedOut: boolean;
    readonly answered: boolean;
  }
  const fate: fc.Arbitrary<Fate> = fc.record({ carriedOut: fc.boolean(), answered: fc.boolean() });
  const lookup = fc.constantFrom("answers" as const, "unclear" as const, "fails" as const);

  it("has no URL carried out twice, and stores true states", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 12 }),
        fc.array(lookup, { maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        async (fates, lookups, count) => {
          const carriedOut = new Map<string, string>();
          let asked = 0;
          const findSubmitted: Provider["findSubmitted"] = async (batch) => {
            const manner = lookups[asked++] ?? "answers";
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
      { numRuns: runs(20) },
    );
  });
});
