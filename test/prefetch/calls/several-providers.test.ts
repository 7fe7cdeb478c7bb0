import { describe, expect, it } from "vitest";
import { type ErrorCode, PrefetchError } from "../../../src/base/errors.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import { manyUrls, type ProviderScript } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { error, startService } from "./service-harness.ts";

describe("prefetchUrls and prefetchAssets, by provider", () => {
  it("need no name when one provider is configured", async () => {
    const { urls } = await startService({ known: ["fake-cdn", "other-cdn"], configured: ["fake-cdn"] });
    expect(await urls(manyUrls(1))).toMatchObject({ providers: ["fake-cdn"] });
  });

  it.each([
    ["an unknown provider", { known: ["fake-cdn", "other-cdn"] }, "no-such-cdn", "invalid_argument", "Choose one of: fake-cdn, other-cdn."],
    [
      "no provider when several are configured",
      { moreProviders: [{ id: "other-cdn" }] },
      undefined,
      "invalid_argument",
      "Choose one of: fake-cdn, other-cdn.",
    ],
    [
      "no provider when none is configured",
      { known: ["fake-cdn", "other-cdn"], configured: [] },
      undefined,
      "not_configured",
      "fake-cdn needs OTHER_KEY. Or other-cdn needs OTHER_KEY. Then restart the server.",
    ],
    [
      "a provider that is not configured",
      { known: ["fake-cdn", "other-cdn"], configured: ["fake-cdn"] },
      "other-cdn",
      "not_configured",
      "Set OTHER_KEY.",
    ],
    [
      "no provider when the only one lacks credentials",
      { known: ["other-cdn"], configured: [] },
      undefined,
      "not_configured",
      "other-cdn needs OTHER_KEY.",
    ],
  ])("give the remedy when the call names %s", async (_, options, provider, code, hint) => {
    const { urls, asset } = await startService(options);
    const refused = error(code, { hint: expect.stringContaining(hint) });
    await expect(urls(manyUrls(1), { provider })).rejects.toThrow(refused);
    await expect(asset("asset1", { provider })).rejects.toThrow(refused);
  });

  it("name the other tool when the provider accepts no URLs, or no assets", async () => {
    const idOnly = await startService({ script: { accepts: ["asset"] } });
    await expect(idOnly.urls(manyUrls(1))).rejects.toThrow(error("unsupported", { hint: expect.stringContaining("prefetch_asset") }));
    const urlOnly = await startService({ script: { accepts: ["urls"] } });
    await expect(urlOnly.asset("asset1")).rejects.toThrow(error("unsupported", { hint: expect.stringContaining("prefetch_urls") }));
  });
});

describe("prefetchUrls, over several providers", () => {
  const other = {
    id: "other-cdn",
    account: "other-cdn:1",
    reach: "They are warm in the mid-tier.",
    purging: "Other CDN purges by call.",
    limits: { urlsPerRequest: 3 },
  };
  const routes = [
    { pattern: "media.example.com", provider: "fake-cdn" },
    { pattern: "*.other.example", provider: "other-cdn" },
  ];
  const otherUrls = manyUrls(4, "https://vod.other.example/");
  const both = [otherUrls[0], ...manyUrls(3), ...otherUrls.slice(1)];

  it("makes one task with batches of each provider", async () => {
    const { clock, urls, status, sent, providers, used, outcomes, storage } = await startService({ moreProviders: [other], routes });
    const [first, second] = providers;
    const view = await urls(both);
    expect(view).toMatchObject({
      taskId: "pf_0001",
      providers: ["other-cdn", "fake-cdn"],
      state: "running",
      counts: { processing: 7 },
      batches: 4,
      problems: [],
    });
    expect(sent(first)).toEqual(manyUrls(3));
    expect(sent(second)).toEqual(otherUrls);
    expect([await used(first), await used(second)]).toEqual([3, 4]);
    expect(new Set((await storage.following("pf_0001")).map(({ batch }) => `${batch.provider} ${batch.account}`))).toEqual(
      new Set(["fake-cdn fake-cdn:1", "other-cdn other-cdn:1"]),
    );

    for (const url of both) outcomes.set(url ?? "", "succeeded");
    await clock.advance(30_000);
    expect(await status("pf_0001")).toMatchObject({
      state: "succeeded",
      nextStep: expect.stringMatching(
        /^Nothing is left to send\. They are warm in the mid-tier\. They are warm at the edge\. verify_prefetch with /,
      ),
    });
    expect((await status("pf_0001", "all")).items?.map((row) => row.url)).toEqual(both);
  });

  it("says with force, also in a dry run, that valid copies stay and how each provider purges", async () => {
    const { urls } = await startService({ moreProviders: [other], routes });
    const advice =
      /^A prefetch does not replace a copy that is still valid: .* call again with force true\. Other CDN purges by call\. Fake CDN purges in its console\. \S/;
    expect((await urls(both)).nextStep).not.toContain("purge");
    expect((await urls(both, { force: true, dryRun: true })).nextStep).toMatch(advice);
    expect((await urls(both, { force: true })).nextStep).toMatch(advice);
    expect((await urls(manyUrls(3), { force: true })).nextStep).not.toContain("Other CDN");
  });

  it("plans in a dry run what the real call does, and sends nothing", async () => {
    const { urls, sent, providers, used } = await startService({ moreProviders: [other], routes });
    const plan = await urls(both, { dryRun: true });
    expect(plan).toMatchObject({
      providers: ["other-cdn", "fake-cdn"],
      dryRun: true,
      cost: 7,
      batches: 4,
      counts: { queued: 7 },
      // Both accounts have 100 units left.
      quota: { used: 0, remaining: 100 },
    });
    for (const provider of providers) expect([sent(provider), await used(provider)]).toEqual([[], 0]);
    expect(await urls(both)).toMatchObject({ batches: plan.batches, providers: plan.providers });
  });

  it("shows the quota with least left, from a vendor's count or the ledger", async () => {
    const quota = { provider: "other-cdn", limit: 500, used: 494, remaining: 6, source: "vendor" };
    const rich = await startService({ moreProviders: [{ ...other, quota: async () => ({ limit: 500, remaining: 10 }) }], routes });
    expect(await rich.urls(both)).toMatchObject({ quota });
    expect((await rich.status("pf_0001")).quota).toMatchObject(quota);
    const unlimited = await startService({ moreProviders: [{ ...other, limits: { urlsPerDay: undefined } }], routes });
    expect(await unlimited.urls(both, { dryRun: true })).toMatchObject({ quota: { provider: "fake-cdn", remaining: 100 } });
  });

  it("sends the whole list to a named provider", async () => {
    const { urls, sent, providers } = await startService({ moreProviders: [other], routes });
    expect(await urls(both, { provider: "other-cdn" })).toMatchObject({ providers: ["other-cdn"] });
    expect(sent(providers[0])).toEqual([]);
    expect(sent(providers[1])).toHaveLength(7);
  });

  it("stores nothing, and names the account, when one account is short", async () => {
    const { urls, status, providers, used } = await startService({ moreProviders: [{ ...other, limits: { urlsPerDay: 3 } }], routes });
    const short = error("quota_exhausted", { provider: "other-cdn", message: expect.stringContaining("needs 4 units of other-cdn's") });
    await expect(urls(both)).rejects.toThrow(short);
    expect(await urls(both, { dryRun: true })).toMatchObject({ state: "planned", plan: { fitsToday: false } });
    for (const provider of providers) expect(await used(provider)).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });

  it("names every account that is short, each with its own numbers", async () => {
    const tight = { script: { limits: { urlsPerDay: 2 } }, moreProviders: [{ ...other, limits: { urlsPerDay: 3 } }], routes };
    const { urls } = await startService(tight);
    const failure = await urls(both).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      code: "quota_exhausted",
      provider: undefined,
      message: expect.stringMatching(/needs 3 units of fake-cdn's .* needs 4 units of other-cdn's/),
    });
  });

  it("gives the cost at each provider, in a plan and after sending", async () => {
    const { urls } = await startService({ moreProviders: [other], routes });
    const costs = [
      { provider: "other-cdn", cost: 4 },
      { provider: "fake-cdn", cost: 3 },
    ];
    expect((await urls(both, { dryRun: true })).byProvider).toMatchObject(costs);
    expect([...((await urls(both)).byProvider ?? [])].reverse()).toMatchObject(costs);
  });

  it("gives counts and quota for each provider, and names the provider of each problem", async () => {
    const { clock, urls, status, outcomes } = await startService({ moreProviders: [other], routes });
    await urls([...both, "not a url"]);
    for (const url of both) outcomes.set(url ?? "", url === otherUrls[0] ? "failed" : "succeeded");
    await clock.advance(30_000);
    const view = await status("pf_0001", "problems");
    expect(view.byProvider).toMatchObject([
      { provider: "fake-cdn", counts: { succeeded: 3, failed: 0 }, quota: { provider: "fake-cdn", used: 3 } },
      { provider: "other-cdn", counts: { succeeded: 3, failed: 1 }, quota: { provider: "other-cdn", used: 4 } },
    ]);
    expect(view.problems).toMatchObject([{ url: otherUrls[0], provider: "other-cdn" }, { url: "not a url" }]);
    expect(view.items).toEqual(view.problems);
    expect(await urls(manyUrls(1, "https://media.example.com/one"))).not.toHaveProperty("byProvider");
  });

  it("cuts the list of the short account only, under partial", async () => {
    const { urls, sent, providers } = await startService({ moreProviders: [{ ...other, limits: { urlsPerDay: 3 } }], routes });
    const view = await urls(both, { onQuotaExceeded: "partial" });
    expect(view).toMatchObject({ counts: { processing: 6, rejected: 1 }, quota: { provider: "other-cdn", remaining: 0 } });
    expect(view.problems).toMatchObject([
      { url: otherUrls[3], code: "quota_exhausted", reason: expect.stringContaining("the quota of other-cdn today") },
    ]);
    expect(sent(providers[0])).toEqual(manyUrls(3));
    expect(sent(providers[1])).toEqual(otherUrls.slice(0, 3));
  });

  it("rejects a URL without a route, with the choices, and sends the rest", async () => {
    const { urls } = await startService({ moreProviders: [other], routes });
    const view = await urls(["https://nowhere.test/1", ...manyUrls(1)]);
    expect(view).toMatchObject({ providers: ["fake-cdn"], counts: { processing: 1, rejected: 1 } });
    expect(view.problems).toEqual([
      {
        url: "https://nowhere.test/1",
        state: "rejected",
        code: "invalid_argument",
        reason: "The URL is on nowhere.test, for which PREFETCH_ROUTES names no provider; pass provider: fake-cdn, other-cdn.",
      },
    ]);
  });

  it.each([
    ["without a route", "https://nowhere.test/1", "invalid_argument", "pass provider: fake-cdn, other-cdn"],
    ["whose provider has no credentials", "https://gone.test/1", "not_configured", "sends to gone-cdn"],
    ["whose provider takes no URLs", "https://assets.test/1", "unsupported", "whose provider asset-cdn takes no URLs"],
  ])("fails when the only URL is one %s", async (_, url, code, message) => {
    const { urls, status } = await startService({
      moreProviders: [other, { id: "asset-cdn", account: "asset-cdn:1", accepts: ["asset"] }],
      routes: [...routes, { pattern: "gone.test", provider: "gone-cdn" }, { pattern: "assets.test", provider: "asset-cdn" }],
      known: ["fake-cdn", "other-cdn", "asset-cdn", "gone-cdn"],
      configured: ["fake-cdn", "other-cdn", "asset-cdn"],
    });
    const expected = message.replace("fake-cdn, other-cdn", "fake-cdn, other-cdn, asset-cdn");
    await expect(urls([url])).rejects.toThrow(error(code, { message: expect.stringContaining(expected) }));
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });

  it("sends only the new URLs, to their provider, when a call is repeated", async () => {
    const { urls, sent, providers } = await startService({ moreProviders: [other], routes });
    await urls(both);
    expect(await urls(both)).toMatchObject({ taskId: "pf_0001", skippedRecent: 7 });
    expect(await urls([...both, "https://vod.other.example/new.mp4"])).toMatchObject({ taskId: "pf_0002", skippedRecent: 7 });
    expect(sent(providers[0])).toHaveLength(3);
    expect(sent(providers[1])).toEqual([...otherUrls, "https://vod.other.example/new.mp4"]);
    // Another provider has not sent the same URL.
    expect(await urls(manyUrls(1), { provider: "other-cdn" })).toMatchObject({ taskId: "pf_0003", skippedRecent: 0 });
  });

  const refusing = (code: ErrorCode): Pick<ProviderScript, "answer"> => ({
    answer: () => {
      throw new PrefetchError(code, "Not your domain", { delivery: "refused" });
    },
  });

  it("goes on at one vendor when the second one refuses everything", async () => {
    const { urls } = await startService({ moreProviders: [{ ...other, ...refusing("forbidden_domain") }], routes });
    expect(await urls(both)).toMatchObject({ state: "running", counts: { processing: 3, rejected: 4 } });
  });

  it("fails without a provider when both vendors refuse everything for one reason", async () => {
    const { urls } = await startService({
      script: refusing("forbidden_domain"),
      moreProviders: [{ ...other, ...refusing("forbidden_domain") }],
      routes,
    });
    await expect(urls(both)).rejects.toThrow(error("forbidden_domain", { provider: undefined, hint: expect.stringContaining("All 7") }));
  });

  const unanswering = (retryable: boolean): ProviderScript => ({
    ...other,
    status: async () => {
      throw new PrefetchError(retryable ? "vendor_unavailable" : "auth_failed", "It cannot be asked", { retryable });
    },
  });

  it("gives one vendor's states, and the problem, when the second vendor cannot be asked", async () => {
    const { clock, urls, status, outcomes } = await startService({ moreProviders: [unanswering(true)], routes });
    await urls(both);
    for (const url of both) outcomes.set(url ?? "", "succeeded");
    await clock.advance(30_000);
    expect(await status("pf_0001")).toMatchObject({
      counts: { succeeded: 3, processing: 4 },
      nextStep: expect.stringContaining("It cannot be asked"),
    });
  });

  it.each([
    ["for now", true],
    ["for good", false],
  ])("waits for one vendor when the second one cannot be asked %s", async (_, retryable) => {
    const { clock, urls, outcomes } = await startService({ moreProviders: [unanswering(retryable)], routes });
    const start = clock.now();
    for (const url of manyUrls(3)) outcomes.set(url, () => (clock.now() >= start + 30_000 ? "succeeded" : "processing"));
    expect(await urls(both, { waitSeconds: 50 })).toMatchObject({ counts: { succeeded: 3, processing: 4 } });
  });

  it("has a quota for each provider", async () => {
    const { service, urls } = await startService({
      moreProviders: [{ ...other, quota: async () => ({ limit: 500, remaining: 10 }) }],
      routes,
    });
    await urls(both);
    expect(await service.quota(undefined, { caller: localCaller, signal })).toMatchObject([
      { provider: "fake-cdn", limit: 100, used: 3, remaining: 97, source: "ledger" },
      { provider: "other-cdn", limit: 500, used: 494, remaining: 6, source: "vendor" },
    ]);
    expect(await service.quota("other-cdn", { caller: localCaller, signal })).toMatchObject([{ provider: "other-cdn" }]);
  });
});

describe("prefetchAssets, over several providers", () => {
  const other = { id: "other-cdn", account: "other-cdn:1" };

  it("sends the asset to the named provider, at its cost", async () => {
    const { asset, providers, used } = await startService({
      moreProviders: [{ ...other, resolveAsset: async () => ({ urls: manyUrls(2), cost: 5 }) }],
    });
    const [first, second] = providers;
    expect(await asset("asset1", { provider: "other-cdn" })).toMatchObject({ providers: ["other-cdn"], counts: { processing: 1 } });
    expect(first?.received).toEqual([]);
    expect(second?.received).toEqual([{ kind: "asset", assetId: "asset1" }]);
    expect([await used(first), await used(second)]).toEqual([0, 5]);
  });

  it("sends the asset to the only provider that accepts assets, whatever the routes say", async () => {
    const { asset, providers } = await startService({
      script: { accepts: ["urls"] },
      moreProviders: [other],
      routes: [{ pattern: "*", provider: "fake-cdn" }],
    });
    expect(await asset("asset1")).toMatchObject({ providers: ["other-cdn"] });
    expect(providers[1]?.received).toHaveLength(1);
  });

  it("asks for a name when several providers accept assets", async () => {
    const { asset, providers } = await startService({ moreProviders: [other], routes: [{ pattern: "*", provider: "fake-cdn" }] });
    await expect(asset("asset1")).rejects.toThrow(error("invalid_argument", { hint: expect.stringContaining("fake-cdn, other-cdn") }));
    for (const provider of providers) expect(provider.received).toEqual([]);
  });

  const missing = async (): Promise<never> => {
    throw new PrefetchError("not_found", "No such asset");
  };

  it.each([
    ["published there", async () => ({ urls: manyUrls(2), cost: 2 })],
    [
      "not published there",
      async () => {
        throw new PrefetchError("not_published", "Not published");
      },
    ],
  ])("asks the only provider that knows the asset when none is named and it is %s", async (_, resolveAsset) => {
    const { asset, providers, used } = await startService({
      script: { resolveAsset: missing },
      moreProviders: [{ ...other, resolveAsset }],
    });
    await asset("asset1").catch((thrown: unknown) => expect(thrown).toMatchObject({ code: "not_published" }));
    expect(providers[0]?.received).toEqual([]);
    expect(await used(providers[0])).toBe(0);
  });

  it("asks for a name when one of the vendors cannot be asked about the asset", async () => {
    const { asset } = await startService({
      script: {
        resolveAsset: async () => {
          throw new PrefetchError("vendor_unavailable", "Down", { retryable: true });
        },
      },
      moreProviders: [{ ...other, resolveAsset: async () => ({ urls: manyUrls(2), cost: 2 }) }],
    });
    await expect(asset("asset1")).rejects.toThrow(error("invalid_argument", { message: expect.stringContaining("none was named") }));
  });
});

describe("prefetchUrls, with auto in the routes", () => {
  const listing = (id: string, hosts: () => readonly string[], more: ProviderScript = {}): ProviderScript => ({
    id,
    account: `${id}:1`,
    accepts: ["urls"],
    hosts: async () => hosts().map((pattern) => ({ pattern })),
    ...more,
  });
  const three = ["https://a.example/1", "https://b.example/1", "https://c.example/1"];

  it("plans and sends each host by the vendors' lists, and says why", async () => {
    const { urls, sent, providers } = await startService({
      script: listing("one-cdn", () => ["a.example"]),
      moreProviders: [listing("two-cdn", () => ["*.example"]), listing("any-cdn", () => [])],
      routes: ["auto", { pattern: "*", provider: "any-cdn" }],
    });
    const routed =
      "Routed: a.example to one-cdn by the domain list of one-cdn. b.example, c.example to two-cdn by the domain list of two-cdn. d.test to any-cdn by the route *.";
    const list = [...three, "https://d.test/1"];
    const plan = await urls(list, { dryRun: true });
    expect(plan.nextStep).toMatch(/^Nothing was sent\./);
    expect(plan.nextStep.endsWith(routed)).toBe(true);
    expect((await urls(list)).nextStep.endsWith(routed)).toBe(true);
    expect(providers.map(sent)).toEqual([[list[0]], [list[1], list[2]], [list[3]]]);
    // A call that names its provider needs no reason.
    expect((await urls(three, { provider: "two-cdn", dryRun: true })).nextStep).not.toContain("Routed");
  });

  it("names three of many hosts, and the right that a vendor's list needs", async () => {
    const denied = async (): Promise<never> => {
      throw new PrefetchError("auth_failed", "The vendor refused the list of domains", { hint: "Grant the user cdn:List." });
    };
    const { urls } = await startService({
      script: listing("one-cdn", () => ["*.example"]),
      moreProviders: [listing("two-cdn", () => [], { hosts: denied })],
      routes: ["auto"],
    });
    const many = Array.from({ length: 50 }, (_, index) => `https://h${index}.example/`);
    expect((await urls(many, { dryRun: true })).nextStep).toMatch(
      /Routed: h0\.example, h1\.example, h2\.example and 47 more to one-cdn by the domain list of one-cdn\. two-cdn could not be asked for its list of domains: The vendor refused the list of domains\. Grant the user cdn:List\.$/,
    );
  });

  it("finds a domain that moved to another product at the first call after its refusal", async () => {
    let home: "one-cdn" | "two-cdn" = "one-cdn";
    const product = (id: typeof home) =>
      listing(id, () => (home === id ? ["a.example"] : []), {
        answer: () => {
          if (home === id) return { vendorTaskIds: ["1"], refused: [] };
          throw new PrefetchError("forbidden_domain", "The domain is of another account", { delivery: "refused" });
        },
      });
    const { urls } = await startService({ script: product("one-cdn"), moreProviders: [product("two-cdn")], routes: ["auto"] });
    expect(await urls(["https://a.example/1"])).toMatchObject({ providers: ["one-cdn"] });
    home = "two-cdn";
    await expect(urls(["https://a.example/2"])).rejects.toThrow(
      error("forbidden_domain", { hint: expect.stringMatching(/Sent to one-cdn .* The next call reads the vendors' domain lists again/) }),
    );
    expect(await urls(["https://a.example/2"])).toMatchObject({ providers: ["two-cdn"] });
  });

  it("takes upper-case and IDN hosts in the spelling of the URL that is sent", async () => {
    const { urls } = await startService({
      script: listing("one-cdn", () => ["cdn.example.com", "xn--bcher-kva.example"]),
      moreProviders: [listing("two-cdn", () => ["*.wild.example"])],
      routes: ["auto"],
    });
    const view = await urls(["https://CDN.Example.com/a", "https://bücher.example/a", "https://A.B.Wild.Example/a"], { dryRun: true });
    expect(view.nextStep).toMatch(/Routed: cdn\.example\.com, xn--bcher-kva\.example to one-cdn .* a\.b\.wild\.example to two-cdn/);
  });
});
