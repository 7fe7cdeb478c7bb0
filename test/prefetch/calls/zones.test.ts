/** Vendors that count quota by zone: each zone has an account, a quota and batches of its own. */

import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import { type Provider, type ServedHost, zoneAccount } from "../../../src/prefetch/model/provider.ts";
import { TODAY } from "../../fakes/clock.ts";
import { type FakeProvider, fakeProvider, type ProviderScript, urlsOf } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { type ServiceOptions, startService } from "./service-harness.ts";

const hosts: readonly ServedHost[] = [
  { pattern: "a.example.com", zone: "zone-a" },
  { pattern: "*.b.example.com", zone: "zone-b" },
  { pattern: "c.example.com" },
];
const urlsOn = (host: string, count: number) => Array.from({ length: count }, (_, index) => `https://${host}/${index}.mp4`);

/** A vendor with 3 units a day in each zone. */
interface Setup extends ServiceOptions {
  readonly listed?: Provider["hosts"];
  /** Members of each zone. */
  readonly inZone?: ProviderScript;
}

async function startZoned({ listed = async () => hosts, inZone, ...options }: Setup = {}) {
  const zones = new Map<string, FakeProvider>();
  const parent = { account: "fake-cdn:1" };
  const zone = (zoneId: string): FakeProvider => {
    const made =
      zones.get(zoneId) ??
      fakeProvider({
        zoneId,
        account: zoneAccount(parent, zoneId),
        limits: { urlsPerDay: 3 },
        answer: (_, nth) => ({ vendorTaskIds: [`${zoneId}/${nth}`], refused: [] }),
        ...inZone,
      });
    zones.set(zoneId, made);
    return made;
  };
  const harness = await startService({ ...options, script: { ...parent, zone, hosts: listed, ...options.script } });
  const sentIn = (zoneId: string) => (zones.get(zoneId)?.received ?? []).flatMap(urlsOf);
  const usedIn = async (zoneId: string) => (await harness.storage.ledger(zoneAccount(parent, zoneId), TODAY)).used;
  return { ...harness, sentIn, usedIn };
}

describe("prefetchUrls, for a vendor that counts by zone", () => {
  it("sends each URL in the zone of its host, and takes the units from the zone's quota", async () => {
    const { urls, outcomes, status, provider, sentIn, usedIn } = await startZoned();
    const list = [...urlsOn("a.example.com", 3), ...urlsOn("x.b.example.com", 2)];
    const view = await urls(list);
    expect(view).toMatchObject({ providers: ["fake-cdn"], cost: 5, batches: 3, quota: { zone: "zone-a", remaining: 0, limit: 3 } });
    expect([sentIn("zone-a"), sentIn("zone-b"), provider.received]).toEqual([list.slice(0, 3), list.slice(3), []]);
    expect([await usedIn("zone-a"), await usedIn("zone-b")]).toEqual([3, 2]);
    for (const url of list) outcomes.set(url, "succeeded");
    expect(await status(view.taskId)).toMatchObject({ state: "succeeded", quota: { zone: "zone-a" } });
  });

  it("sends no more URLs in one request than the vendor told for the zone", async () => {
    const { urls } = await startZoned({ inZone: { quota: async () => ({ limit: 9, remaining: 9, urlsPerRequest: 1 }) } });
    expect(await urls(urlsOn("a.example.com", 3))).toMatchObject({ batches: 3, quota: { limit: 9, source: "vendor" } });
  });

  it("names the zone that is short of quota when the list does not fit, and sends nothing", async () => {
    const { urls, sentIn } = await startZoned();
    const list = [...urlsOn("a.example.com", 4), ...urlsOn("x.b.example.com", 1)];
    await expect(urls(list)).rejects.toMatchObject({
      code: "quota_exhausted",
      message: expect.stringContaining("This call needs 4 units of fake-cdn/zone-a's quota"),
    });
    expect(sentIn("zone-b")).toEqual([]);
  });

  it("plans by zone in a dry run", async () => {
    const { urls } = await startZoned();
    const view = await urls([...urlsOn("a.example.com", 2), ...urlsOn("x.b.example.com", 1)], { dryRun: true });
    expect(view.nextStep).toContain("fake-cdn/zone-a: 2 units today, and then 1 left. fake-cdn/zone-b: 1 units today, and then 2 left.");
    expect(view.plan).toEqual({ fitsToday: true, leftToday: 1 });
  });

  it("rejects the URLs of a host without a zone, names the setting, and sends the rest", async () => {
    const { urls, sentIn } = await startZoned();
    const view = await urls(["https://c.example.com/1.mp4", "https://other.example.com/1.mp4", ...urlsOn("a.example.com", 1)]);
    expect(view.problems.map(({ url, code }) => [url, code])).toEqual([
      ["https://c.example.com/1.mp4", "forbidden_domain"],
      ["https://other.example.com/1.mp4", "forbidden_domain"],
    ]);
    expect(view.problems[1]?.reason).toBe(
      "The URL is on other.example.com, which is in no known zone of fake-cdn. Add it to PREFETCH_FAKE_CDN_HOSTS.",
    );
    expect(sentIn("zone-a")).toEqual(urlsOn("a.example.com", 1));
  });

  it("rejects only the vendor's own URLs when its zones cannot be looked up", async () => {
    const listed = async () => {
      throw new PrefetchError("auth_failed", "Access denied", { hint: "Grant teo:DescribeZones." });
    };
    const other = { id: "other-cdn", account: "other-cdn:1" };
    const routes = [
      { pattern: "o.example.com", provider: "other-cdn" },
      { pattern: "*.example.com", provider: "fake-cdn" },
    ];
    const { urls, providers, sent } = await startZoned({ listed, moreProviders: [other], routes });
    const view = await urls(["https://a.example.com/1.mp4", "https://o.example.com/1.mp4"]);
    expect(view.problems).toMatchObject([{ code: "auth_failed", reason: expect.stringContaining("Grant teo:DescribeZones.") }]);
    expect(sent(providers[1])).toEqual(["https://o.example.com/1.mp4"]);
  });

  it("sends the batches of a zone after a restart, from the stored account alone", async () => {
    const first = await startZoned({ script: { limits: { requestsPerMinute: 6_000 } } });
    const { storage, clock } = first;
    await first.stop();
    const view = await first.urls(urlsOn("a.example.com", 2));
    expect(first.sentIn("zone-a")).toEqual([]);
    first.die();
    first.startAnother();
    first.resume();
    await clock.advance(30_000);
    expect(first.sentIn("zone-a")).toEqual(urlsOn("a.example.com", 2));
    expect(await storage.task(view.taskId ?? "")).toMatchObject({ accounts: ["fake-cdn:1/zone-a"], waitingAccounts: [] });
  });
});

it("status of a vendor's own task shows no quota when the vendor counts by zone", async () => {
  const { status } = await startZoned();
  const view = await status("zone-a/7", "summary", { provider: "fake-cdn" });
  expect(view).toMatchObject({ state: "running", quota: undefined });
});

it("quota answers for every zone of a vendor that counts by zone", async () => {
  const { service, urls, clock } = await startZoned();
  await urls(urlsOn("a.example.com", 1));
  const quotas = await clock.drive(service.quota("fake-cdn", { caller: localCaller, signal }));
  expect(quotas).toMatchObject([
    { provider: "fake-cdn", zone: "zone-a", used: 1, remaining: 2 },
    { provider: "fake-cdn", zone: "zone-b", used: 0, remaining: 3 },
  ]);
});
