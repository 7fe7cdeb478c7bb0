/** Calls so large that a person must agree to them first. */

import { describe, expect, it } from "vitest";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import { ConfirmationNeeded } from "../../../src/prefetch/model/confirmation.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { type ServiceOptions, startService } from "./service-harness.ts";

const urls = (count: number): string[] => Array.from({ length: count }, (_, index) => `https://media.example.com/${index}.mp4`);

/** A service that asks above 10 URLs, on a quota of 100 a day. */
async function startAsking({ guards, ...options }: ServiceOptions = {}) {
  const harness = await startService({ guards: { confirmAbove: 10, ...guards }, ...options });
  /** A call of a person who has agreed to the plan with this digest. */
  const agreedTo = (digest: string) => ({ caller: localCaller, signal, agreedTo: digest });
  const question = async (call: Promise<unknown>) => {
    const thrown = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(thrown instanceof ConfirmationNeeded)) throw new Error(`no question, but ${String(thrown)}`);
    return { ...thrown.question, reason: thrown.message };
  };
  return { ...harness, agreedTo, question };
}

describe("a call is asked about", () => {
  it("when it sends more URLs than PREFETCH_CONFIRM_ABOVE, and nothing is sent meanwhile", async () => {
    const { urls: send, question, used, sent } = await startAsking();
    const { text, reason } = await question(send(urls(11)));
    expect(reason).toBe("11 URLs are more than the 10 that this server sends unasked (PREFETCH_CONFIRM_ABOVE)");
    expect(text).toBe(
      `Prefetch 11 URLs with fake-cdn? That takes 11 units of quota. Today: 11 of the 100 units that fake-cdn has left. The server asks because ${reason}.`,
    );
    expect([await used(), sent()]).toEqual([0, []]);
    await send(urls(10));
    expect(sent()).toHaveLength(10);
  });

  it("when it takes more than half of what is left of the day", async () => {
    const { urls: send, question, sent } = await startAsking({ dailyBudget: 12 });
    const { reason } = await question(send(urls(7)));
    expect(reason).toBe("7 units are more than half of the 12 that fake-cdn has left today");
    await send(urls(6));
    expect(sent()).toHaveLength(6);
    // 6 are left now.
    await question(send(urls(10).slice(6)));
  });

  it("when it takes more than half of what is left of the tenant's day", async () => {
    const { urls: send, question } = await startAsking({ tenantDailyBudget: 5 });
    const tenant = { caller: { tenant: "media", seesAll: false }, signal };
    await expect(question(send(urls(3), {}, tenant))).resolves.toMatchObject({
      reason: expect.stringMatching(/^3 units are more than half of the 5 /),
    });
  });

  it("with the days of what is deferred and with what no day has room for", async () => {
    const { urls: send, question } = await startAsking({ dailyBudget: 4, guards: { maxUrlsPerCall: 100 } });
    const { text } = await question(send(urls(70), { onQuotaExceeded: "defer" }));
    expect(text).toMatch(
      /^Prefetch 60 URLs with fake-cdn\? That takes 60 units of quota\. Today: 4 of the 4 units that fake-cdn has left\. /,
    );
    expect(text).toMatch(
      / 56 of them go out later, as the quota comes back from 2\S+ to 2\S+\. 10 URLs over the quota will not be sent\. /,
    );
  });

  it("as the files that its assets have", async () => {
    const { asset, question } = await startAsking({
      script: { resolveAsset: async () => ({ urls: urls(6), cost: 6 }) },
    });
    const { text } = await question(asset(["a", "b"]));
    expect(text).toMatch(/^Prefetch 2 assets of 12 URLs with fake-cdn\? That takes 12 units of quota\./);
  });

  it("without a word of quota when the provider has none", async () => {
    const { urls: send, question } = await startAsking({ script: { work: async () => undefined, limits: { urlsPerDay: undefined } } });
    const { text } = await question(send(urls(11)));
    expect(text).toMatch(/^Prefetch 11 URLs with fake-cdn\? That takes no quota\. The server asks because 11 URLs are/);
  });

  it("only where something would be sent: not for repeats, dry runs and errors", async () => {
    const { urls: send, sent } = await startAsking();
    await send(urls(11), { confirm: true });
    expect(await send(urls(11))).toMatchObject({ skippedRecent: 11 });
    expect(sent()).toHaveLength(11);
    const { nextStep } = await send(urls(30), { dryRun: true });
    expect(nextStep).toMatch(
      /to spend 19 units\. The server asks the user first, because 19 URLs are more than the 10 .+pass confirm true/,
    );
    expect((await send(urls(30), { dryRun: true, confirm: true })).nextStep).not.toMatch(/asks the user/);
    // The list alone would be asked about, and as a whole it is refused.
    expect((await send(urls(200), { dryRun: true })).nextStep).toMatch(/Nothing is spent until then\. The server asks the user first/);
    await expect(send(urls(200))).rejects.toMatchObject({ code: "quota_exhausted" });
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
    expect(text).toContain("1 of them goes out later");
    expect(sent()).toHaveLength(6);
  });

  it("no second time, even with force", async () => {
    const { urls: send, question, agreedTo, sent } = await startAsking();
    const { digest } = await question(send(urls(11), { force: true }));
    await send(urls(11), { force: true }, agreedTo(digest));
    await question(send(urls(11), { force: true }, agreedTo(digest)));
    expect(sent()).toHaveLength(11);
  });
});
