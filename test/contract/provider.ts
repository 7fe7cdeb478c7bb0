/**
 * What every provider must do, whichever vendor it speaks to. One suite for all of them, run against the vendor's
 * emulator over real sockets; what is special about a vendor stands in that provider's own tests.
 */

import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import type {
  BatchContent,
  Call,
  Provider,
  Reconciliation,
  StatusQuery,
  StatusRow,
  Submission,
} from "../../src/prefetch/model/provider.ts";
import type { Fault, FaultRule } from "../../src/sandbox/server/faults.ts";

export interface ProviderHarness {
  readonly provider: Provider;
  /** This many different URLs that the emulated vendor takes and that end well. */
  sampleUrls(count: number): string[];
  /** An asset that the vendor takes, where the provider takes assets or can resolve them, and the URLs it stands for. */
  readonly sampleAsset?: { readonly assetId: string; readonly urls: readonly string[] };
  readonly unknownAssetId?: string;
  /** The vendor refuses the whole batch in which this URL is. Needed of providers that take URLs. */
  readonly foreignUrl?: string;
  /** The vendor refuses this one without saying so, together with the others of its batch; where there are such URLs. */
  readonly badUrl?: string;
  /** `false` for a vendor that gives no request ids. */
  readonly requestIds?: false;
  /** A good status answer for the task of one URL, in a state that nobody has documented; not for vendors without status. */
  readonly unknownState?: (url: string) => Fault;
  /** In the form of the vendor's task ids, but none of them. */
  readonly unknownTaskId: string;
  /** How the vendor answers for it: with an error, or with nothing, as for a task that it does not list yet. */
  readonly unknownTask: "not_found" | "empty";
  /** What must appear in no error: everything that proves who we are. */
  readonly secrets: readonly string[];
  /** From now on: what the provider does beforehand to get in (such as a login) must be over when `start` returns. */
  inject(rule: FaultRule): void;
  /** The vendor's way of refusing a request with this text in the message. */
  refusalSaying(text: string): Fault;
  /** Submits that reached the vendor and were carried out or refused by it. */
  receivedSubmits(): number;
  /** Status queries likewise. */
  receivedQueries(): number;
  /** Lets the vendor finish what it took, and list all that it ever will, by moving the clock. */
  settle(): void;
  /** The time by which the provider goes. */
  now(): number;
  /** Moves that time. */
  pass(ms: number): void;
  /** Takes the vendor off the network: connecting to it is refused from now on. */
  stopVendor(): Promise<void>;
  /** Brings the provider to where it knows that its credentials are refused; only of providers that keep that in mind. */
  readonly lockCredentials?: () => Promise<void>;
  close(): Promise<void>;
}

export interface ContractSubject {
  readonly name: string;
  /** A provider of its own before an emulator of its own. */
  readonly start: () => Promise<ProviderHarness>;
}

/** A call that always gets its turn at once, and counts how often it was asked for. */
export interface CountingCall extends Call {
  readonly turns: number;
}

export function countingCall(signal: AbortSignal = new AbortController().signal): CountingCall {
  let turns = 0;
  return {
    signal,
    turn: async () => {
      turns += 1;
    },
    get turns() {
      return turns;
    },
  };
}

export async function failureOf(work: Promise<unknown>): Promise<PrefetchError> {
  const error = await work.then(
    (value) => new Error(`It should have failed, but gave ${inspect(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrefetchError)) throw error;
  return error;
}

/** Everything of an error that people, models, files and logs get to see. */
export function shownOf(error: PrefetchError): string {
  return [error.message, error.hint, JSON.stringify(error), inspect(error, { depth: 10 })].join("\n");
}

/** Long enough that nothing but being stopped ends the wait. */
const NEVER_MS = 60_000;

/** What holds of every provider, whether it asks a vendor or does the work itself. */
export function selfDescription(subject: () => Pick<ProviderHarness, "provider" | "secrets">): void {
  describe("what it says of itself", () => {
    it("names itself and its account", () => {
      const { provider, secrets } = subject();
      expect(provider.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(provider.title).toMatch(/\S/);
      expect(new URL(provider.docs).protocol).toBe("https:");
      expect(provider.account.startsWith(provider.id)).toBe(true);
      for (const secret of secrets) expect(provider.account).not.toContain(secret);
    });

    it("has limits that can be kept", () => {
      const { limits, tracking } = subject().provider;
      const { urlsPerRequest, bytesPerRequest, bytesOf, requestsPerMinute = 1, urlsPerDay = 1, urlLength, timeZone, pollSeconds } = limits;
      const { hostIntervalMs = 1, recordDays = 1, batchesAtOnce = 1 } = limits;
      const all = [urlsPerRequest, bytesPerRequest, requestsPerMinute, urlLength, urlsPerDay, hostIntervalMs, recordDays, batchesAtOnce];
      for (const limit of all) {
        expect(limit).toBeGreaterThan(0);
        expect(Number.isSafeInteger(limit)).toBe(true);
      }
      // Else a single URL could fit into no request, even one of nothing but escapes.
      const longest = "https://a.example/".padEnd(urlLength, "%E8");
      expect(longest.length).toBe(urlLength);
      expect(bytesOf(longest)).toBeGreaterThanOrEqual(urlLength);
      expect(bytesPerRequest).toBeGreaterThanOrEqual(bytesOf(longest));
      // Nobody asks again for what is known at once.
      if (tracking === "direct") expect(pollSeconds).toBe(0);
      else expect(pollSeconds).toBeGreaterThan(0);
      expect(() => new Intl.DateTimeFormat("en", { timeZone })).not.toThrow();
    });

    it("has the members that its capabilities promise, and no others", () => {
      const { provider } = subject();
      expect(provider.accepts.length).toBeGreaterThan(0);
      expect(new Set(provider.accepts).size).toBe(provider.accepts.length);
      expect(provider.status !== undefined).toBe(provider.tracking === "task");
      // What is found must be followed; and what it does itself, only it knows not to have been done.
      if (provider.findSubmitted) expect(provider.tracking).toBe("task");
      expect(["edge", "mid-tier", "unknown"]).toContain(provider.depth);
      expect(provider.reach).toMatch(/^[A-Z].{10,200}\.$/);
    });
  });
}

export function providerContract({ name, start }: ContractSubject): void {
  describe(`${name} keeps the provider contract`, () => {
    let harness: ProviderHarness;
    let provider: Provider;
    let thrown: PrefetchError[];

    beforeEach(async () => {
      harness = await start();
      provider = harness.provider;
      thrown = [];
    });

    afterEach(async () => {
      await harness.close();
      for (const error of thrown) for (const secret of harness.secrets) expect(shownOf(error)).not.toContain(secret);
    });

    /** The error that the work ends in; it is searched for secrets when the test is over. */
    const failing = async (work: Promise<unknown>): Promise<PrefetchError> => {
      const error = await failureOf(work);
      thrown.push(error);
      return error;
    };

    const content = (): BatchContent => {
      if (provider.accepts.includes("urls")) return { kind: "urls", urls: harness.sampleUrls(2) };
      if (!harness.sampleAsset) throw new Error("A provider that takes no URLs needs a sample asset");
      return { kind: "asset", assetId: harness.sampleAsset.assetId };
    };
    const submit = (call: Call = countingCall()): Promise<Submission> => provider.submit(content(), call);
    const ask = (query: StatusQuery, call: Call = countingCall()): Promise<StatusRow[]> => {
      if (!provider.status) throw new Error("This provider has no status");
      return provider.status(query, call);
    };
    const urlsOf = (rows: readonly StatusRow[]): string[] => rows.map((row) => row.url).sort();
    const statesOf = (rows: readonly StatusRow[]): string[] => [...new Set(rows.map((row) => row.state))];

    selfDescription(() => harness);

    describe("a submit", () => {
      it("hands a batch over, as large as the vendor takes it", async () => {
        const { urlsPerRequest } = provider.limits;
        const batch = provider.accepts.includes("urls") ? ({ kind: "urls", urls: harness.sampleUrls(urlsPerRequest) } as const) : content();
        const { vendorTaskIds, refused } = await provider.submit(batch, countingCall());
        expect(refused).toEqual([]);
        expect(vendorTaskIds.length > 0).toBe(provider.tracking === "task");
        for (const id of vendorTaskIds) expect(id).toMatch(/^\S+$/);
        expect(harness.receivedSubmits()).toBe(1);
      });

      it("hands an asset over, where it takes assets", async ({ skip }) => {
        if (!provider.accepts.includes("asset") || !harness.sampleAsset) return skip();
        const { vendorTaskIds, refused } = await provider.submit({ kind: "asset", assetId: harness.sampleAsset.assetId }, countingCall());
        expect(refused).toEqual([]);
        expect(vendorTaskIds.length > 0).toBe(provider.tracking === "task");
        expect(harness.receivedSubmits()).toBe(1);
      });

      it("waits for its turn, once, before anything is sent", async () => {
        let before: number | undefined;
        const signal = new AbortController().signal;
        await submit({
          signal,
          turn: async () => {
            expect(before).toBeUndefined();
            before = harness.receivedSubmits();
          },
        });
        expect(before).toBe(0);
        expect(harness.receivedSubmits()).toBe(1);
      });

      it("sends nothing when it does not get its turn", async () => {
        const stopped = new PrefetchError("cancelled", "No turn for you");
        const error = await failing(submit({ signal: new AbortController().signal, turn: () => Promise.reject(stopped) }));
        expect(error).toBe(stopped);
        expect(harness.receivedSubmits()).toBe(0);
      });
    });

    describe("a status query", () => {
      it("has a row for every URL, first processing and in the end final", async ({ skip }) => {
        if (!provider.status) return skip();
        const batch = content();
        const { vendorTaskIds } = await provider.submit(batch, countingCall());
        const expected = [...(batch.kind === "urls" ? batch.urls : (harness.sampleAsset?.urls ?? []))].sort();

        const early = await ask({ vendorTaskIds, content: batch });
        expect(urlsOf(early)).toEqual(expected);
        expect(statesOf(early)).toEqual(["processing"]);

        harness.settle();
        const late = await ask({ vendorTaskIds, content: batch });
        expect(urlsOf(late)).toEqual(expected);
        expect(statesOf(late)).toEqual(["succeeded"]);
        for (const row of [...early, ...late]) expect(row.vendorState).toMatch(/\S/);
      });

      it("has a row for every URL of an asset", async ({ skip }) => {
        const { sampleAsset } = harness;
        if (!provider.status || !provider.accepts.includes("asset") || !sampleAsset) return skip();
        const batch = { kind: "asset", assetId: sampleAsset.assetId } as const;
        const { vendorTaskIds } = await provider.submit(batch, countingCall());
        harness.settle();
        const rows = await ask({ vendorTaskIds, content: batch });
        expect(urlsOf(rows)).toEqual([...sampleAsset.urls].sort());
        expect(statesOf(rows)).toEqual(["succeeded"]);
      });

      it("covers several tasks of the vendor, by their ids alone", async ({ skip }) => {
        if (!provider.status) return skip();
        const first = await submit();
        const second = await submit();
        const vendorTaskIds = [...first.vendorTaskIds, ...second.vendorTaskIds];
        const call = countingCall();
        const rows = await ask({ vendorTaskIds }, call);
        const each = content();
        const one = each.kind === "urls" ? each.urls : (harness.sampleAsset?.urls ?? []);
        expect(new Set(urlsOf(rows))).toEqual(new Set(one));
        // A turn for each of its requests, however many the vendor needs.
        expect(harness.receivedQueries()).toBeGreaterThan(0);
        expect(call.turns).toBe(harness.receivedQueries());
      });

      it("sends nothing when it does not get its turn", async ({ skip }) => {
        if (!provider.status) return skip();
        const { vendorTaskIds } = await submit();
        const stopped = new PrefetchError("cancelled", "No turn for you");
        const error = await failing(ask({ vendorTaskIds }, { signal: new AbortController().signal, turn: () => Promise.reject(stopped) }));
        expect(error).toBe(stopped);
        expect(harness.receivedQueries()).toBe(0);
      });

      it("of an unknown task is not_found, or says nothing", async ({ skip }) => {
        if (!provider.status) return skip();
        if (harness.unknownTask === "empty") {
          expect(await ask({ vendorTaskIds: [harness.unknownTaskId] })).toEqual([]);
          return;
        }
        const error = await failing(ask({ vendorTaskIds: [harness.unknownTaskId] }));
        expect(error).toMatchObject({ code: "not_found", retryable: false, provider: provider.id });
        expect(error.hint).toMatch(/\S/);
      });

      it("that meets a fault of the vendor's may be repeated", async ({ skip }) => {
        if (!provider.status) return skip();
        const { vendorTaskIds } = await submit();
        harness.inject({ fault: { kind: "answer", status: 503, body: "" } });
        expect(await failing(ask({ vendorTaskIds }))).toMatchObject({ code: "vendor_unavailable", retryable: true, provider: provider.id });
        harness.inject({ fault: { kind: "reset", when: "before" } });
        expect(await failing(ask({ vendorTaskIds }))).toMatchObject({ code: "vendor_unavailable", retryable: true, provider: provider.id });
        harness.inject({ fault: { kind: "garble", body: "<html><body>Welcome to the hotel</body></html>" } });
        expect(await failing(ask({ vendorTaskIds }))).toMatchObject({ code: "vendor_unavailable", provider: provider.id });
        expect((await ask({ vendorTaskIds })).length).toBeGreaterThan(0);
      });

      it("takes a state that nobody documented for one that goes on", async ({ skip }) => {
        if (!provider.status || !harness.unknownState) return skip();
        const [url = ""] = harness.sampleUrls(1);
        const { vendorTaskIds } = await provider.submit({ kind: "urls", urls: [url] }, countingCall());
        harness.inject({ fault: harness.unknownState(url) });
        expect(await ask({ vendorTaskIds })).toMatchObject([{ state: "processing" }]);
      });

      it("by an id that somebody made up reaches no other operation", async ({ skip }) => {
        if (!provider.status) return skip();
        for (const id of ["..", ".", "a/b", "../quota", "x?y=z", "x#y", "%2e%2e", "a,b", "0", "\u20ac"]) {
          const rows = await ask({ vendorTaskIds: [id] }).catch((error: unknown) => {
            if (!(error instanceof PrefetchError)) throw error;
            expect(error).toMatchObject({ code: "not_found", retryable: false });
            return [];
          });
          expect(rows).toEqual([]);
        }
        expect(harness.receivedSubmits()).toBe(0);
      });

      it("ends when it is stopped", async ({ skip }) => {
        if (!provider.status) return skip();
        const { vendorTaskIds } = await submit();
        const stop = new AbortController();
        harness.inject({ fault: { kind: "delay", ms: NEVER_MS } });
        const asked = failing(ask({ vendorTaskIds }, countingCall(stop.signal)));
        setTimeout(() => stop.abort(), 20);
        expect(await asked).toMatchObject({ code: "cancelled", retryable: false, provider: provider.id });
      });
    });

    describe("when a submit fails, it is honest about what the vendor may have got", () => {
      it("a batch that the vendor refuses was refused, under the vendor's own code and request id", async ({ skip }) => {
        if (!provider.accepts.includes("urls")) return skip();
        if (!harness.foreignUrl) throw new Error("A provider that takes URLs needs a foreign one");
        const error = await failing(provider.submit({ kind: "urls", urls: [harness.foreignUrl] }, countingCall()));
        expect(error).toMatchObject({ code: "forbidden_domain", delivery: "refused", retryable: false, provider: provider.id });
        expect(error.vendorCode).toMatch(/\S/);
        if (harness.requestIds !== false) expect(error.requestId).toMatch(/\S/);
        expect(error.hint).toMatch(/\S/);
        // All of them would be refused, so there is nothing to look for.
        expect(error.divisible).toBe(false);
        expect(harness.receivedSubmits()).toBe(1);
      });

      it("a batch that is refused because of one URL, but without its name, may be divided", async ({ skip }) => {
        if (!harness.badUrl) return skip();
        const error = await failing(provider.submit({ kind: "urls", urls: [...harness.sampleUrls(2), harness.badUrl] }, countingCall()));
        expect(error).toMatchObject({ delivery: "refused", divisible: true, retryable: false, provider: provider.id });
      });

      it("an unknown asset is not_found and was refused", async ({ skip }) => {
        if (!provider.accepts.includes("asset") || !harness.unknownAssetId) return skip();
        const error = await failing(provider.submit({ kind: "asset", assetId: harness.unknownAssetId }, countingCall()));
        expect(error).toMatchObject({ code: "not_found", delivery: "refused", retryable: false, provider: provider.id });
      });

      it("a refused connection means that nothing was sent", async () => {
        await harness.stopVendor();
        const error = await failing(submit());
        expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent", retryable: true, provider: provider.id });
      });

      it("a connection that breaks before any answer leaves it unknown, although nothing was done", async () => {
        harness.inject({ fault: { kind: "reset", when: "before" } });
        expect(await failing(submit())).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", provider: provider.id });
        // The fault is used up: anything that arrived here would be a repetition.
        expect(harness.receivedSubmits()).toBe(0);
      });

      const lost: readonly (readonly [string, Fault])[] = [
        ["a connection that breaks instead of an answer", { kind: "reset", when: "after" }],
        ["an answer that ends in the middle", { kind: "truncate" }],
        ["an answer without end", { kind: "huge", bytes: 5_000_000 }],
        ["an answer in another language", { kind: "garble", body: "<html><body>Welcome to the hotel</body></html>" }],
        ["an answer of the wrong shape", { kind: "garble", body: "[7]" }],
      ];

      it.each(lost)("%s leaves it unknown, and it is not repeated", async (_, fault) => {
        const call = countingCall();
        harness.inject({ fault });
        expect(await failing(submit(call))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", provider: provider.id });
        expect([harness.receivedSubmits(), call.turns]).toEqual([1, 1]);
      });

      it.each([500, 502, 503])("HTTP %i without a word is the vendor's fault, and no proof that nothing was done", async (status) => {
        harness.inject({ fault: { kind: "answer", status, body: "" } });
        const error = await failing(submit());
        // 503 says that nothing was begun; a vendor that can be asked what became of it need not be believed.
        const delivery = status === 503 && !provider.findSubmitted ? "refused" : "unknown";
        expect(error).toMatchObject({ code: "vendor_unavailable", delivery, retryable: true, provider: provider.id });
        expect(harness.receivedSubmits()).toBe(0);
        expect((await submit()).refused).toEqual([]);
      });

      it("HTTP 504 leaves it unknown: what is behind the gateway may have done it", async () => {
        harness.inject({ fault: { kind: "answer", status: 504, body: "<html>Gateway Time-out</html>" } });
        expect(await failing(submit())).toMatchObject({ code: "timeout", delivery: "unknown", provider: provider.id });
      });

      it("HTTP 429 means too fast, with the time to wait where the vendor says it", async () => {
        harness.inject({ fault: { kind: "answer", status: 429, body: "", headers: { "retry-after": "7" } } });
        const error = await failing(submit());
        expect(error).toMatchObject({
          code: "rate_limited",
          delivery: "refused",
          retryable: true,
          retryAfterMs: 7_000,
          provider: provider.id,
        });
        expect(harness.receivedSubmits()).toBe(0);
      });

      it("being stopped is no failure of the vendor's", async () => {
        const stop = new AbortController();
        harness.inject({ fault: { kind: "delay", ms: NEVER_MS } });
        const sent = failing(submit(countingCall(stop.signal)));
        setTimeout(() => stop.abort(), 20);
        expect(await sent).toMatchObject({ code: "cancelled", retryable: false, provider: provider.id });
      });

      it("being stopped while it waits for its turn is none either, and nothing was sent", async () => {
        const stop = new AbortController();
        const turn = () => new Promise<void>((_, reject) => stop.signal.addEventListener("abort", () => reject(stop.signal.reason)));
        const sent = failing(submit({ signal: stop.signal, turn }));
        setTimeout(() => stop.abort(), 20);
        expect(await sent).toMatchObject({ code: "cancelled", delivery: "not_sent", retryable: false, provider: provider.id });
        expect(harness.receivedSubmits()).toBe(0);
      });

      it("credentials that are known to be refused are not tried, and take no turn", async ({ skip }) => {
        if (!harness.lockCredentials) return skip();
        await harness.lockCredentials();
        const before = harness.receivedSubmits();
        const call = countingCall();
        const error = await failing(submit(call));
        expect(error).toMatchObject({ code: "auth_failed", delivery: "not_sent", retryable: false, provider: provider.id });
        expect(error.hint).toMatch(/\S/);
        expect([harness.receivedSubmits(), call.turns]).toEqual([before, 0]);
      });

      it("secrets that the vendor echoes go no further", async () => {
        const text = harness.secrets.join(" and ");
        harness.inject({ fault: harness.refusalSaying(`Refused: ${text} again ${text}`) });
        const error = await failing(submit());
        expect(error.message).toContain("Refused");
        for (const secret of harness.secrets) expect(shownOf(error)).not.toContain(secret);
      });
    });

    describe("the vendor's own count", () => {
      it("falls by what is sent, and asking costs nothing", async ({ skip }) => {
        if (!provider.quota) return skip();
        const before = await provider.quota(countingCall());
        expect(before.remaining).toBeLessThanOrEqual(before.limit);
        await submit();
        const after = await provider.quota(countingCall());
        const sent = content();
        const units = sent.kind === "urls" ? sent.urls.length : (harness.sampleAsset?.urls.length ?? 0);
        expect(after).toEqual({ limit: before.limit, remaining: before.remaining - units });
        expect(await provider.quota(countingCall())).toEqual(after);
      });

      it("that cannot be read is an error, not a number", async ({ skip }) => {
        if (!provider.quota) return skip();
        for (const body of ["[7]", "<html></html>", "{}"]) {
          harness.inject({ fault: { kind: "garble", body } });
          expect(await failing(provider.quota(countingCall()))).toMatchObject({ code: "vendor_unavailable", provider: provider.id });
        }
      });
    });

    describe("a submit whose answer was lost", () => {
      const trace = (since: number): Promise<Reconciliation> => {
        if (!provider.findSubmitted) throw new Error("This provider has no findSubmitted");
        return provider.findSubmitted(content(), since, countingCall());
      };

      it("is found in the vendor's records, with its ids, if it was carried out", async ({ skip }) => {
        if (!provider.findSubmitted) return skip();
        const sentAt = harness.now();
        harness.inject({ fault: { kind: "reset", when: "after" } });
        await failing(submit());
        const found = await trace(sentAt);
        if (found.state !== "found") throw new Error(`It was carried out, but is ${found.state}`);
        const batch = content();
        expect([...found.urls].sort()).toEqual([...(batch.kind === "urls" ? batch.urls : (harness.sampleAsset?.urls ?? []))].sort());
        harness.settle();
        expect(statesOf(await ask({ vendorTaskIds: found.vendorTaskIds, content: batch }))).toEqual(["succeeded"]);
      });

      it("is absent if it was not carried out, but only when the vendor has had the time to list it", async ({ skip }) => {
        if (!provider.findSubmitted) return skip();
        const sentAt = harness.now();
        harness.inject({ fault: { kind: "reset", when: "before" } });
        await failing(submit());
        expect(await trace(sentAt)).toEqual({ state: "unclear" });
        // Whoever asks gives up after five minutes.
        harness.pass(290_000);
        expect(await trace(sentAt)).toEqual({ state: "absent" });
      });

      it("is not mistaken for an earlier one of the same URLs", async ({ skip }) => {
        if (!provider.findSubmitted) return skip();
        await submit();
        harness.settle();
        const sentAt = harness.now();
        harness.inject({ fault: { kind: "reset", when: "before" } });
        await failing(submit());
        harness.settle();
        expect(await trace(sentAt)).toEqual({ state: "absent" });
      });

      it("is not settled by records that cannot be read", async ({ skip }) => {
        if (!provider.findSubmitted) return skip();
        harness.inject({ fault: { kind: "answer", status: 503, body: "" } });
        expect(await failing(trace(harness.now()))).toMatchObject({ retryable: true, provider: provider.id });
      });
    });

    describe("an asset", () => {
      it("resolves to its URLs without spending anything", async ({ skip }) => {
        if (!provider.resolveAsset || !harness.sampleAsset) return skip();
        const { urls, cost } = await provider.resolveAsset(harness.sampleAsset.assetId, countingCall());
        expect([...urls].sort()).toEqual([...harness.sampleAsset.urls].sort());
        expect(cost).toBeGreaterThanOrEqual(urls.length);
        expect(harness.receivedSubmits()).toBe(0);
      });

      it("that is unknown is not_found", async ({ skip }) => {
        if (!provider.resolveAsset || !harness.unknownAssetId) return skip();
        const error = await failing(provider.resolveAsset(harness.unknownAssetId, countingCall()));
        expect(error).toMatchObject({ code: "not_found", retryable: false, provider: provider.id });
      });
    });
  });
}
