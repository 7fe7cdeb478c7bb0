/** Calls so large that a person must agree to them first. */

import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import { ConfirmationNeeded } from "../../../src/prefetch/model/confirmation.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { defaultRequest, type ServiceOptions, startService } from "./service-harness.ts";

const urls = (count: number): string[] => Array.from({ length: count }, (_, index) => `https://media.example.com/${index}.mp4`);

/** A service that asks above 10 URLs, on a quota of 100 a day. */
async function startAsking({ guards, ...options }: ServiceOptions = {}) {
  const harness = await startService({ guards: { confirmAbove: 10, ...guards }, ...options });
  /** A call of a person who has agreed to the plan with this digest. */
  let answers = 0;
  const agreedTo = (digest: string, answer = `answer ${++answers}`) => ({ caller: localCaller, signal, agreedTo: { digest, answer } });
  const question = async (call: Promise<unknown>) => {
    const thrown = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(thrown instanceof ConfirmationNeeded)) throw new Error(`no question, but ${String(thrown)}`);
    const [, reason] = /The server asks because (.*)\.$/.exec(thrown.question.text) ?? [];
    return { ...thrown.question, reason };
  };
  return { ...harness, agreedTo, question };
}

describe("a call is asked about", () => {
  it("when it sends more URLs than PREFETCH_CONFIRM_ABOVE, and nothing is sent meanwhile", async () => {
    const { urls: send, question, used, sent } = await startAsking();
    const { text, reason } = await question(send(urls(11)));
    expect(reason).toBe("11 URLs are more than the 10 that this server sends unasked (PREFETCH_CONFIRM_ABOVE)");
    expect(text).toBe(
      `Prefetch 11 URLs of media.example.com with fake-cdn? That takes 11 units of quota. Today: 11 of the 100 units that fake-cdn has left. The server asks because ${reason}.`,
    );
    expect([await used(), sent()]).toEqual([0, []]);
    await send(urls(10));
    expect(sent()).toHaveLength(10);
  });

  it("when it takes 10 units or more, and more than half of what is left of the day", async () => {
    const { urls: send, question, sent } = await startAsking({ dailyBudget: 31, guards: { confirmAbove: 1_000 } });
    const { reason } = await question(send(urls(16)));
    expect(reason).toBe("16 units are more than half of the 31 that fake-cdn has left today");
    await send(urls(15));
    expect(sent()).toHaveLength(15);
    // 16 are left now.
    await question(send(urls(25)));
    await send(urls(24));
    expect(sent()).toHaveLength(24);
  });

  it("when it takes more than half of what is left of the tenant's day", async () => {
    const { urls: send, question } = await startAsking({ tenantDailyBudget: 15, guards: { confirmAbove: 1_000 } });
    const tenant = { caller: { tenant: "media", seesAll: false }, signal };
    await expect(question(send(urls(10), {}, tenant))).resolves.toMatchObject({
      reason: "10 units are more than half of the 15 that fake-cdn has left today",
    });
  });

  it("when it takes more than half of a later day, although today has room for none of it", async () => {
    const { urls: send, question } = await startAsking({ dailyBudget: 20, guards: { confirmAbove: 1_000 } });
    await send(urls(20), { confirm: true });
    const { text, reason } = await question(send(urls(31).slice(20), { onQuotaExceeded: "defer" }));
    expect(reason).toMatch(/^11 units are more than half of the 20 that fake-cdn has left on 2026-11-\d\d$/);
    expect(text).toMatch(/That takes 11 units of quota\. 11 URLs go out later, as the quota comes back at 2/);
  });

  it("with the days of what is deferred and with what no day has room for", async () => {
    const { urls: send, question } = await startAsking({ dailyBudget: 4, guards: { maxUrlsPerCall: 100 } });
    const { text } = await question(send(urls(70), { onQuotaExceeded: "defer" }));
    expect(text).toMatch(/^Prefetch 60 URLs of media\.example\.com with fake-cdn\? That takes 60 units of quota\. /);
    expect(text).toMatch(/ Today: 4 of the 4 units that fake-cdn has left\. 56 URLs go out later, as the quota comes back from 2\S+ to 2/);
    expect(text).toMatch(/ 10 URLs over the quota will not be sent\. /);
  });

  it("with at most three hosts by name", async () => {
    const { urls: send, question } = await startAsking();
    const { text } = await question(send(urls(11).map((url, nth) => url.replace("media", `m${nth % 5}`))));
    expect(text).toMatch(/^Prefetch 11 URLs of m0\.example\.com, m1\.example\.com, m2\.example\.com and 2 other hosts with fake-cdn\?/);
  });

  it("as the files that its assets have", async () => {
    const { asset, question } = await startAsking({
      script: { resolveAsset: async () => ({ urls: urls(6), cost: 6 }) },
    });
    const { text } = await question(asset(["a", "b"]));
    expect(text).toMatch(/^Prefetch 2 assets of 12 URLs with fake-cdn\? That takes 12 units of quota\./);
  });

  it("when the vendor cannot tell how many files an asset has", async () => {
    const busy = new PrefetchError("rate_limited", "Too many requests");
    const { asset, question, sent } = await startAsking({
      script: {
        resolveAsset: async () => {
          throw busy;
        },
      },
    });
    const { reason } = await question(asset(["a", "b"]));
    expect(reason).toBe("the vendor does not tell now how many files 2 assets have");
    expect(sent()).toEqual([]);
  });

  it("with the quota of the providers that have one, in a list over several", async () => {
    const { urls: send, question } = await startAsking({
      script: { id: "one", account: "one:1" },
      moreProviders: [{ id: "two", account: "two:1", work: async () => undefined, limits: { urlsPerDay: undefined } }],
      routes: [
        { pattern: "a.example.com", provider: "one" },
        { pattern: "b.example.com", provider: "two" },
      ],
    });
    const { text } = await question(send(urls(12).map((url, nth) => url.replace("media", nth % 2 ? "a" : "b"))));
    expect(text).toMatch(/ with two and one\? That takes 6 units of quota\. Today: 6 of the 100 units that one has left\. The server asks/);
  });

  it("without a word of quota when the provider has none", async () => {
    const { urls: send, question } = await startAsking({ script: { work: async () => undefined, limits: { urlsPerDay: undefined } } });
    const { text } = await question(send(urls(11)));
    expect(text).toMatch(
      /^Prefetch 11 URLs of media\.example\.com with fake-cdn\? That takes no quota\. The server asks because 11 URLs are/,
    );
  });

  it("only where something would be sent: not for repeats, dry runs and errors", async () => {
    const { urls: send, sent } = await startAsking();
    await send(urls(11), { confirm: true });
    expect(await send(urls(11))).toMatchObject({ skippedRecent: 11 });
    expect(sent()).toHaveLength(11);
    const { nextStep } = await send(urls(30), { dryRun: true });
    expect(nextStep).toMatch(/to spend 19 units\. It needs the user's word, because 19 URLs are more than the 10 .+: pass confirm true/);
    expect((await send(urls(30), { dryRun: true, confirm: true })).nextStep).not.toMatch(/the user/);
    // The list alone would be asked about, and as a whole it is refused.
    expect((await send(urls(200), { dryRun: true })).nextStep).toMatch(/Nothing is spent until then\. It needs the user's word/);
    await expect(send(urls(200))).rejects.toMatchObject({ code: "quota_exhausted" });
  });

  it("also with confirm true where the client can ask its user", async () => {
    const { urls: send, question, sent } = await startAsking();
    const asking = { caller: localCaller, signal, asksUser: true };
    await question(send(urls(11), { confirm: true }, asking));
    expect((await send(urls(11), { dryRun: true }, asking)).nextStep).toMatch(
      /The server asks the user before it sends them, because 11 URLs/,
    );
    expect(sent()).toEqual([]);
  });

  it("never when PREFETCH_CONFIRM_ABOVE is 0", async () => {
    const { urls: send, sent } = await startAsking({ guards: { confirmAbove: 0 } });
    await send(urls(100));
    expect(sent()).toHaveLength(100);
  });
});

describe("an answer counts", () => {
  it("for the plan that it was given for", async () => {
    const { urls: send, question, agreedTo, sent } = await startAsking();
    const { digest } = await question(send(urls(11)));
    expect(await send(urls(11), {}, agreedTo(digest))).toMatchObject({ cost: 11 });
    expect(sent()).toHaveLength(11);
  });

  it("no more when the list or its schedule has changed", async () => {
    const { urls: send, question, agreedTo, sent } = await startAsking({ dailyBudget: 20 });
    const deferring = { onQuotaExceeded: "defer" } as const;
    const { digest } = await question(send(urls(15), deferring));
    await question(send(urls(16), deferring, agreedTo(digest)));
    await question(send(urls(15).reverse(), deferring, agreedTo(digest)));
    // Another call takes quota, so that a part of the list would have to wait.
    await send(["https://media.example.com/other.mp4", ...urls(20).slice(15)], { confirm: true });
    const { text } = await question(send(urls(15), deferring, agreedTo(digest)));
    expect(text).toContain("1 URL goes out later");
    expect(sent()).toHaveLength(6);
  });

  it("for one task, whatever became of that task and whichever process gets the answer", async () => {
    const { urls: send, question, agreedTo, sent, clock, service, startAnother } = await startAsking({ dailyBudget: 20 });
    const deferring = { onQuotaExceeded: "defer", force: true } as const;
    const { digest } = await question(send(urls(30), deferring));
    const yes = agreedTo(digest);
    const { taskId = "" } = await send(urls(30), deferring, yes);
    expect(sent()).toHaveLength(20);
    await clock.drive(service.cancel(taskId, yes));
    const again = startAnother().prefetchUrls({ urls: urls(30), ...defaultRequest, ...deferring }, yes);
    await expect(clock.drive(again)).rejects.toMatchObject({
      code: "confirmation_required",
      message: expect.stringContaining("let a task through already"),
    });
    // Another answer to the same question is one of a person that was asked again.
    await question(send(urls(30), deferring));
  });

  it("still after calls that sent nothing with it", async () => {
    const { urls: send, question, agreedTo, sent } = await startAsking();
    const { digest } = await question(send(urls(11)));
    const yes = agreedTo(digest);
    await send(urls(11), { dryRun: true }, yes);
    await question(send(urls(12), {}, yes));
    await send(urls(11), {}, yes);
    expect(sent()).toHaveLength(11);
  });
});
