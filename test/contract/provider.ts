/**
 * The tests that every provider of a vendor passes, against the vendor's emulator over real sockets. Behaviour of one vendor
 * has tests in that provider's folder.
 */

import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import type {
  BatchContent,
  Call,
  Provider,
  Reconciliation,
  ServedHost,
  StatusQuery,
  StatusRow,
  Submission,
} from "../../src/prefetch/model/provider.ts";
import { hostMatches } from "../../src/prefetch/model/url.ts";
import type { Fault, FaultRule } from "../../src/sandbox/server/faults.ts";

export interface ProviderHarness {
  readonly provider: Provider;
  /** Returns `count` different URLs that the emulated vendor accepts and warms. */
  sampleUrls(count: number): string[];
  /** An asset that the vendor accepts, and its URLs. Needed for providers that accept or resolve assets. */
  readonly sampleAsset?: { readonly assetId: string; readonly urls: readonly string[] };
  readonly unknownAssetId?: string;
  /** The vendor refuses every batch with this URL. Needed for providers that accept URLs. */
  readonly foreignUrl?: string;
  /** The vendor refuses every batch with this URL, and does not name the URL. Absent for vendors without such URLs. */
  readonly badUrl?: string;
  /** `false` for a vendor without request ids. */
  readonly requestIds?: false;
  /** A status answer for one URL with an undocumented state. Absent for vendors without status. */
  readonly unknownState?: (url: string) => Fault;
  /** Has the form of a vendor task id, but belongs to no task. */
  readonly unknownTaskId: string;
  /** The vendor's answer for `unknownTaskId`: an error, or no rows. */
  readonly unknownTask: "not_found" | "empty";
  /** Credentials, which no error may contain. */
  readonly secrets: readonly string[];
  /** Injects a fault for the next requests. `start` has finished every login, so the fault meets no login. */
  inject(rule: FaultRule): void;
  /** A refusal in the vendor's form, with this text as its message. */
  refusalSaying(text: string): Fault;
  /** Number of submits that the vendor has done or refused. */
  receivedSubmits(): number;
  /** Number of status queries that the vendor has answered. */
  receivedQueries(): number;
  /** Moves the clock until the vendor has finished and listed every accepted batch. */
  settle(): void;
  /** The provider's time, in milliseconds since the epoch. */
  now(): number;
  /** Moves the provider's time. */
  pass(ms: number): void;
  /** Closes the vendor's port, so that connections are refused. */
  stopVendor(): Promise<void>;
  /** Makes the vendor refuse the credentials once. Only for providers with a breaker for credentials. */
  readonly lockCredentials?: () => Promise<void>;
  close(): Promise<void>;
}

export interface ContractSubject {
  readonly name: string;
  /** Starts a provider with an emulator of its own. */
  readonly start: () => Promise<ProviderHarness>;
}

/** A call that gets every turn at once and counts its turns. */
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

/** The error of work that must fail. */
export async function failureOf(work: Promise<unknown>): Promise<PrefetchError> {
  const error = await work.then(
    (value) => new Error(`The work did not fail, but returned ${inspect(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrefetchError)) throw error;
  return error;
}

/** Every text of an error that users, models, files or logs can show. */
export function shownOf(error: PrefetchError): string {
  return [error.message, error.hint, JSON.stringify(error), inspect(error, { depth: 10 })].join("\n");
}

/** The id in errors: a refresh is a call of the vendor that prefetches. */
function vendorOf({ id }: Provider): string {
  return id.replace(/-refresh$/, "");
}

/** Longer than a test, so that only the abort ends the request. */
const NEVER_MS = 60_000;

/** The tests of a provider's static members. They hold for direct providers, too. */
export function selfDescription(subject: () => Pick<ProviderHarness, "provider" | "secrets">): void {
  describe("its description", () => {
    it("names itself and its account", () => {
      const { provider, secrets } = subject();
      expect(provider.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(provider.title).toMatch(/\S/);
      expect(new URL(provider.docs).protocol).toBe("https:");
      expect(provider.account.startsWith(provider.id)).toBe(true);
      for (const secret of secrets) expect(provider.account).not.toContain(secret);
    });

    it("has limits that fit at least one URL of any kind", () => {
      const { limits, tracking } = subject().provider;
      const { urlsPerRequest, bytesPerRequest, bytesOf, requestsPerMinute = 1, urlsPerDay = 1, urlLength, timeZone, pollSeconds } = limits;
      const { hostIntervalMs = 1, recordDays = 1, batchesAtOnce = 1 } = limits;
      const all = [urlsPerRequest, bytesPerRequest, requestsPerMinute, urlLength, urlsPerDay, hostIntervalMs, recordDays, batchesAtOnce];
      for (const limit of all) {
        expect(limit).toBeGreaterThan(0);
        expect(Number.isSafeInteger(limit)).toBe(true);
      }
      // A URL of the longest length must fit into a request, even when it consists of escapes.
      const longest = "https://a.example/".padEnd(urlLength, "%E8");
      expect(longest.length).toBe(urlLength);
      expect(bytesOf(longest)).toBeGreaterThanOrEqual(urlLength);
      expect(bytesPerRequest).toBeGreaterThanOrEqual(bytesOf(longest));
      // A direct provider reports outcomes itself, so the server does not poll.
      if (tracking === "direct") expect(pollSeconds).toBe(0);
      else expect(pollSeconds).toBeGreaterThan(0);
      expect(() => new Intl.DateTimeFormat("en", { timeZone })).not.toThrow();
    });

    it("has exactly the members of its capabilities", () => {
      const { provider } = subject();
      expect(provider.accepts.length).toBeGreaterThan(0);
      expect(new Set(provider.accepts).size).toBe(provider.accepts.length);
      expect(provider.status !== undefined).toBe(provider.tracking === "task");
      // A found submit needs status queries to follow it.
      if (provider.findSubmitted) expect(provider.tracking).toBe("task");
      // The doctor reaches each endpoint and then checks the credentials.
      expect(provider.checkLogin !== undefined).toBe(provider.endpoints.length > 0);
      for (const endpoint of provider.endpoints) expect(new URL(endpoint).pathname).toBe("/");
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

    /** The error of work that must fail. `afterEach` searches it for secrets. */
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
      it("hands over a batch of the largest size", async () => {
        const { urlsPerRequest } = provider.limits;
        const batch = provider.accepts.includes("urls") ? ({ kind: "urls", urls: harness.sampleUrls(urlsPerRequest) } as const) : content();
        const { vendorTaskIds, refused } = await provider.submit(batch, countingCall());
        expect(refused).toEqual([]);
        expect(vendorTaskIds.length > 0).toBe(provider.tracking === "task");
        for (const id of vendorTaskIds) expect(id).toMatch(/^\S+$/);
        expect(harness.receivedSubmits()).toBe(1);
      });

      it("hands over an asset", async ({ skip }) => {
        if (!provider.accepts.includes("asset") || !harness.sampleAsset) return skip();
        const { vendorTaskIds, refused } = await provider.submit({ kind: "asset", assetId: harness.sampleAsset.assetId }, countingCall());
        expect(refused).toEqual([]);
        expect(vendorTaskIds.length > 0).toBe(provider.tracking === "task");
        expect(harness.receivedSubmits()).toBe(1);
      });

      it("takes one turn before it sends anything", async () => {
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

      it("sends nothing when it gets no turn", async () => {
        const stopped = new PrefetchError("cancelled", "No turn for you");
        const error = await failing(submit({ signal: new AbortController().signal, turn: () => Promise.reject(stopped) }));
        expect(error).toBe(stopped);
        expect(harness.receivedSubmits()).toBe(0);
      });
    });

    describe("a status query", () => {
      it("has a row for every URL, first processing and finally succeeded", async ({ skip }) => {
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

      it("covers several vendor tasks by their ids alone", async ({ skip }) => {
        if (!provider.status) return skip();
        const first = await submit();
        const second = await submit();
        const vendorTaskIds = [...first.vendorTaskIds, ...second.vendorTaskIds];
        const call = countingCall();
        const rows = await ask({ vendorTaskIds }, call);
        const each = content();
        const one = each.kind === "urls" ? each.urls : (harness.sampleAsset?.urls ?? []);
        expect(new Set(urlsOf(rows))).toEqual(new Set(one));
        // Every status request takes a turn.
        expect(harness.receivedQueries()).toBeGreaterThan(0);
        expect(call.turns).toBe(harness.receivedQueries());
      });

      it("sends nothing when it gets no turn", async ({ skip }) => {
        if (!provider.status) return skip();
        const { vendorTaskIds } = await submit();
        const stopped = new PrefetchError("cancelled", "No turn for you");
        const error = await failing(ask({ vendorTaskIds }, { signal: new AbortController().signal, turn: () => Promise.reject(stopped) }));
        expect(error).toBe(stopped);
        expect(harness.receivedQueries()).toBe(0);
      });

      it("is not_found, or has no rows, for an unknown task", async ({ skip }) => {
        if (!provider.status) return skip();
        if (harness.unknownTask === "empty") {
          expect(await ask({ vendorTaskIds: [harness.unknownTaskId] })).toEqual([]);
          return;
        }
        const error = await failing(ask({ vendorTaskIds: [harness.unknownTaskId] }));
        expect(error).toMatchObject({ code: "not_found", retryable: false, provider: vendorOf(provider) });
        expect(error.hint).toMatch(/\S/);
      });

      it("is retryable after a vendor fault", async ({ skip }) => {
        if (!provider.status) return skip();
        const { vendorTaskIds } = await submit();
        harness.inject({ fault: { kind: "answer", status: 503, body: "" } });
        expect(await failing(ask({ vendorTaskIds }))).toMatchObject({
          code: "vendor_unavailable",
          retryable: true,
          provider: vendorOf(provider),
        });
        harness.inject({ fault: { kind: "reset", when: "before" } });
        expect(await failing(ask({ vendorTaskIds }))).toMatchObject({
          code: "vendor_unavailable",
          retryable: true,
          provider: vendorOf(provider),
        });
        harness.inject({ fault: { kind: "garble", body: "<html><body>Welcome to the hotel</body></html>" } });
        expect(await failing(ask({ vendorTaskIds }))).toMatchObject({ code: "vendor_unavailable", provider: vendorOf(provider) });
        expect((await ask({ vendorTaskIds })).length).toBeGreaterThan(0);
      });

      it("reads an undocumented state as processing", async ({ skip }) => {
        if (!provider.status || !harness.unknownState) return skip();
        const [url = ""] = harness.sampleUrls(1);
        const { vendorTaskIds } = await provider.submit({ kind: "urls", urls: [url] }, countingCall());
        harness.inject({ fault: harness.unknownState(url) });
        expect(await ask({ vendorTaskIds })).toMatchObject([{ state: "processing" }]);
      });

      it("reaches no other operation with an invented id", async ({ skip }) => {
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

      it("ends in cancelled when it is stopped", async ({ skip }) => {
        if (!provider.status) return skip();
        const { vendorTaskIds } = await submit();
        const stop = new AbortController();
        harness.inject({ fault: { kind: "delay", ms: NEVER_MS } });
        const asked = failing(ask({ vendorTaskIds }, countingCall(stop.signal)));
        setTimeout(() => stop.abort(), 20);
        expect(await asked).toMatchObject({ code: "cancelled", retryable: false, provider: vendorOf(provider) });
      });
    });

    describe("the error of a failed submit", () => {
      it("has the delivery refused, the vendor's code and the request id when the vendor refuses the batch", async ({ skip }) => {
        if (!provider.accepts.includes("urls")) return skip();
        if (!harness.foreignUrl) throw new Error("A provider that takes URLs needs a foreign one");
        const error = await failing(provider.submit({ kind: "urls", urls: [harness.foreignUrl] }, countingCall()));
        expect(error).toMatchObject({ code: "forbidden_domain", delivery: "refused", retryable: false, provider: vendorOf(provider) });
        expect(error.vendorCode).toMatch(/\S/);
        if (harness.requestIds !== false) expect(error.requestId).toMatch(/\S/);
        expect(error.hint).toMatch(/\S/);
        // A smaller batch with this URL would be refused, too.
        expect(error.divisible).toBe(false);
        expect(harness.receivedSubmits()).toBe(1);
      });

      it("is divisible when the vendor refuses the batch without naming the URL", async ({ skip }) => {
        if (!harness.badUrl) return skip();
        const error = await failing(provider.submit({ kind: "urls", urls: [...harness.sampleUrls(2), harness.badUrl] }, countingCall()));
        expect(error).toMatchObject({ delivery: "refused", divisible: true, retryable: false, provider: vendorOf(provider) });
      });

      it("is not_found with the delivery refused for an unknown asset", async ({ skip }) => {
        if (!provider.accepts.includes("asset") || !harness.unknownAssetId) return skip();
        const error = await failing(provider.submit({ kind: "asset", assetId: harness.unknownAssetId }, countingCall()));
        expect(error).toMatchObject({ code: "not_found", delivery: "refused", retryable: false, provider: vendorOf(provider) });
      });

      it("has the delivery not_sent when the connection is refused", async () => {
        await harness.stopVendor();
        const error = await failing(submit());
        expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent", retryable: true, provider: vendorOf(provider) });
      });

      it("sends nothing when its turn is stale by the time the connection is made", async () => {
        let asked = 0;
        const isFresh = (): boolean => {
          asked += 1;
          return false;
        };
        const error = await failing(submit({ ...countingCall(), isFresh }));
        expect(error).toMatchObject({ delivery: "not_sent", retryable: true, provider: vendorOf(provider) });
        expect(harness.receivedSubmits()).toBe(0);
        expect(asked).toBe(1);
      });

      it("has the delivery unknown when the connection breaks before the vendor acts", async () => {
        harness.inject({ fault: { kind: "reset", when: "before" } });
        expect(await failing(submit())).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", provider: vendorOf(provider) });
        // The fault is used up, so a repetition would have arrived.
        expect(harness.receivedSubmits()).toBe(0);
      });

      const lost: readonly (readonly [string, Fault])[] = [
        ["the connection breaks instead of an answer", { kind: "reset", when: "after" }],
        ["the answer ends in the middle", { kind: "truncate" }],
        ["the answer is endless", { kind: "huge", bytes: 5_000_000 }],
        ["the answer is HTML", { kind: "garble", body: "<html><body>Welcome to the hotel</body></html>" }],
        ["the answer has the wrong shape", { kind: "garble", body: "[7]" }],
      ];

      it.each(lost)("has the delivery unknown, without a repetition, when %s", async (_, fault) => {
        const call = countingCall();
        harness.inject({ fault });
        expect(await failing(submit(call))).toMatchObject({
          code: "vendor_unavailable",
          delivery: "unknown",
          provider: vendorOf(provider),
        });
        expect([harness.receivedSubmits(), call.turns]).toEqual([1, 1]);
      });

      it.each([500, 502, 503])("is vendor_unavailable for HTTP %i without a body", async (status) => {
        harness.inject({ fault: { kind: "answer", status, body: "" } });
        const error = await failing(submit());
        // HTTP 503 claims that nothing was done. With `findSubmitted`, the vendor's records decide instead.
        const delivery = status === 503 && !provider.findSubmitted ? "refused" : "unknown";
        expect(error).toMatchObject({ code: "vendor_unavailable", delivery, retryable: true, provider: vendorOf(provider) });
        expect(harness.receivedSubmits()).toBe(0);
        expect((await submit()).refused).toEqual([]);
      });

      it("has the delivery unknown for HTTP 504", async () => {
        harness.inject({ fault: { kind: "answer", status: 504, body: "<html>Gateway Time-out</html>" } });
        expect(await failing(submit())).toMatchObject({ code: "timeout", delivery: "unknown", provider: vendorOf(provider) });
      });

      it("is rate_limited with the vendor's wait for HTTP 429", async () => {
        harness.inject({ fault: { kind: "answer", status: 429, body: "", headers: { "retry-after": "7" } } });
        const error = await failing(submit());
        expect(error).toMatchObject({
          code: "rate_limited",
          delivery: "refused",
          retryable: true,
          retryAfterMs: 7_000,
          provider: vendorOf(provider),
        });
        expect(harness.receivedSubmits()).toBe(0);
      });

      it("is cancelled when the call is stopped during the request", async () => {
        const stop = new AbortController();
        harness.inject({ fault: { kind: "delay", ms: NEVER_MS } });
        const sent = failing(submit(countingCall(stop.signal)));
        setTimeout(() => stop.abort(), 20);
        expect(await sent).toMatchObject({ code: "cancelled", retryable: false, provider: vendorOf(provider) });
      });

      it("is cancelled with the delivery not_sent when the call is stopped during the wait for a turn", async () => {
        const stop = new AbortController();
        const turn = () => {
          setImmediate(() => stop.abort());
          return new Promise<void>((_, reject) => stop.signal.addEventListener("abort", () => reject(stop.signal.reason)));
        };
        expect(await failing(submit({ signal: stop.signal, turn }))).toMatchObject({
          code: "cancelled",
          delivery: "not_sent",
          retryable: false,
          provider: vendorOf(provider),
        });
        expect(harness.receivedSubmits()).toBe(0);
      });

      it("is auth_failed without a request or a turn when the credentials were refused before", async ({ skip }) => {
        if (!harness.lockCredentials) return skip();
        await harness.lockCredentials();
        const before = harness.receivedSubmits();
        const call = countingCall();
        const error = await failing(submit(call));
        expect(error).toMatchObject({ code: "auth_failed", delivery: "not_sent", retryable: false, provider: vendorOf(provider) });
        expect(error.hint).toMatch(/\S/);
        expect([harness.receivedSubmits(), call.turns]).toEqual([before, 0]);
      });

      it("contains no secret that the vendor echoes", async () => {
        const text = harness.secrets.join(" and ");
        harness.inject({ fault: harness.refusalSaying(`Refused: ${text} again ${text}`) });
        const error = await failing(submit());
        expect(error.message).toContain("Refused");
        for (const secret of harness.secrets) expect(shownOf(error)).not.toContain(secret);
      });
    });

    describe("the vendor's quota", () => {
      it("falls by the sent units, and not by quota queries", async ({ skip }) => {
        if (!provider.quota) return skip();
        const before = await provider.quota(countingCall());
        expect(before.remaining).toBeLessThanOrEqual(before.limit);
        await submit();
        const after = await provider.quota(countingCall());
        const sent = content();
        const units = sent.kind === "urls" ? sent.urls.length : (harness.sampleAsset?.urls.length ?? 0);
        expect(after).toEqual({ ...before, remaining: before.remaining - units });
        expect(await provider.quota(countingCall())).toEqual(after);
      });

      it("is an error when the answer is unreadable", async ({ skip }) => {
        if (!provider.quota) return skip();
        for (const body of ["[7]", "<html></html>", "{}"]) {
          harness.inject({ fault: { kind: "garble", body } });
          expect(await failing(provider.quota(countingCall()))).toMatchObject({ code: "vendor_unavailable", provider: vendorOf(provider) });
        }
      });
    });

    // The provider that prefetches checks the credentials of its refresh, too.
    describe.skipIf(name.endsWith("-refresh"))("the check of the credentials", () => {
      const check = async (call: Call = countingCall()): Promise<void> => {
        if (!provider.checkLogin) throw new Error("A provider of a vendor has a check of its credentials");
        await provider.checkLogin(call);
      };

      it("passes with good credentials and submits nothing", async () => {
        await check();
        expect(harness.receivedSubmits()).toBe(0);
      });

      it("is auth_failed when the vendor refuses the credentials", async () => {
        // A login with a password tries a new token.
        harness.inject({ fault: { kind: "answer", status: 401, body: "" }, times: 2 });
        const error = await failing(check());
        expect(error).toMatchObject({ code: "auth_failed", retryable: false, provider: provider.id });
        expect(error.hint).toMatch(/\S/);
      });

      it.each<readonly [string, Fault]>([
        ["another server says that it has no such page", { kind: "answer", status: 404, body: "<html>Not Found</html>" }],
        ["the answer is HTML", { kind: "garble", body: "<html><body>Welcome to the hotel</body></html>" }],
      ])("is vendor_unavailable when %s", async (_, fault) => {
        harness.inject({ fault });
        const error = await failing(check());
        expect(error).toMatchObject({ code: "vendor_unavailable", provider: provider.id });
        expect(error.hint).toMatch(/\S/);
      });

      it("asks the vendor itself", async () => {
        await harness.stopVendor();
        expect(await failing(check())).toMatchObject({ code: "vendor_unavailable", retryable: true, provider: provider.id });
      });

      it("contains no secret that the vendor echoes", async () => {
        harness.inject({ fault: harness.refusalSaying(`Refused: ${harness.secrets.join(" and ")}`) });
        // A vendor may answer the refused id of the look-up, which proves the credentials.
        const error = await check().catch((reason: unknown) => reason);
        for (const secret of harness.secrets) expect(inspect(error, { depth: 10 })).not.toContain(secret);
      });
    });

    describe("the served hosts", () => {
      const hosts = (call: Call = countingCall()): Promise<readonly ServedHost[]> => {
        if (!provider.hosts) throw new Error("This provider has no hosts");
        return provider.hosts(call);
      };
      const serves = (found: readonly ServedHost[], url = "https://foreign.invalid/"): boolean =>
        found.some(({ pattern, active }) => active !== false && hostMatches(new URL(url).hostname, pattern));

      it("match the URLs that the vendor takes and no other ones, and cost neither a turn nor a submit", async ({ skip }) => {
        if (!provider.hosts) return skip();
        const call = countingCall();
        const found = await hosts(call);
        for (const url of harness.sampleUrls(2)) expect(serves(found, url)).toBe(true);
        expect(serves(found, harness.foreignUrl)).toBe(false);
        for (const { pattern } of found) expect(pattern).toMatch(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/);
        expect(new Set(found.map(({ pattern }) => pattern)).size).toBe(found.length);
        expect([call.turns, harness.receivedSubmits()]).toEqual([0, 0]);
      });

      it("are an error when the answer is unreadable, and a retryable one when the vendor is down", async ({ skip }) => {
        if (!provider.hosts) return skip();
        for (const body of ["[7]", "<html></html>", "{}"]) {
          harness.inject({ fault: { kind: "garble", body } });
          expect(await failing(hosts())).toMatchObject({ code: "vendor_unavailable", provider: provider.id });
        }
        harness.inject({ fault: { kind: "answer", status: 503, body: "" } });
        expect(await failing(hosts())).toMatchObject({ code: "vendor_unavailable", retryable: true, provider: provider.id });
      });

      it("end in cancelled when the call is stopped", async ({ skip }) => {
        if (!provider.hosts) return skip();
        const stop = new AbortController();
        harness.inject({ fault: { kind: "delay", ms: NEVER_MS } });
        const asked = failing(hosts(countingCall(stop.signal)));
        setTimeout(() => stop.abort(), 20);
        expect(await asked).toMatchObject({ code: "cancelled", retryable: false, provider: provider.id });
      });
    });

    describe("a submit whose answer was lost", () => {
      const find = (since: number): Promise<Reconciliation> => {
        if (!provider.findSubmitted) throw new Error("This provider has no findSubmitted");
        return provider.findSubmitted(content(), { notBefore: since, elapsedMs: harness.now() - since }, countingCall());
      };

      it("is found with its task ids when the vendor has done it", async ({ skip }) => {
        if (!provider.findSubmitted) return skip();
        const sentAt = harness.now();
        harness.inject({ fault: { kind: "reset", when: "after" } });
        await failing(submit());
        const found = await find(sentAt);
        if (found.state !== "found") throw new Error(`The vendor has done the submit, but its state is ${found.state}`);
        const batch = content();
        expect([...found.urls].sort()).toEqual([...(batch.kind === "urls" ? batch.urls : (harness.sampleAsset?.urls ?? []))].sort());
        harness.settle();
        expect(statesOf(await ask({ vendorTaskIds: found.vendorTaskIds, content: batch }))).toEqual(["succeeded"]);
      });

      it("is absent when the vendor has not done it, and unclear while the vendor may still list it", async ({ skip }) => {
        if (!provider.findSubmitted) return skip();
        const sentAt = harness.now();
        harness.inject({ fault: { kind: "reset", when: "before" } });
        await failing(submit());
        expect(await find(sentAt)).toEqual({ state: "unclear" });
        // The worker gives up after five minutes.
        harness.pass(290_000);
        expect(await find(sentAt)).toEqual({ state: "absent" });
      });

      it("is not taken for an earlier submit of the same URLs", async ({ skip }) => {
        if (!provider.findSubmitted) return skip();
        await submit();
        harness.settle();
        const sentAt = harness.now();
        harness.inject({ fault: { kind: "reset", when: "before" } });
        await failing(submit());
        harness.settle();
        expect(await find(sentAt)).toEqual({ state: "absent" });
      });

      it("is a retryable error when the records are unreadable", async ({ skip }) => {
        if (!provider.findSubmitted) return skip();
        harness.inject({ fault: { kind: "answer", status: 503, body: "" } });
        expect(await failing(find(harness.now()))).toMatchObject({ retryable: true, provider: vendorOf(provider) });
      });
    });

    describe("an asset", () => {
      it("resolves to its URLs without a submit", async ({ skip }) => {
        if (!provider.resolveAsset || !harness.sampleAsset) return skip();
        const { urls, cost } = await provider.resolveAsset(harness.sampleAsset.assetId, countingCall());
        expect([...urls].sort()).toEqual([...harness.sampleAsset.urls].sort());
        expect(cost).toBeGreaterThanOrEqual(urls.length);
        expect(harness.receivedSubmits()).toBe(0);
      });

      it("is not_found when it is unknown", async ({ skip }) => {
        if (!provider.resolveAsset || !harness.unknownAssetId) return skip();
        const error = await failing(provider.resolveAsset(harness.unknownAssetId, countingCall()));
        expect(error).toMatchObject({ code: "not_found", retryable: false, provider: vendorOf(provider) });
      });
    });
  });
}
