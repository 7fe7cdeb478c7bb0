import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createHostLists, type HostLists } from "../../../src/prefetch/admission/host-lists.ts";
import { createRouter, type Destination } from "../../../src/prefetch/admission/router.ts";
import { chooseProvider, chooseTaker } from "../../../src/prefetch/admission/routing.ts";
import type { Provider, ServedHost } from "../../../src/prefetch/model/provider.ts";
import type { ProviderDirectory, Route } from "../../../src/prefetch/model/provider-directory.ts";
import { fakeCache } from "../../fakes/cache.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeDirectory } from "../../fakes/directory.ts";
import { fakeProvider } from "../../fakes/provider.ts";
import { neverAborted } from "../../fakes/signal.ts";
import { error } from "../calls/service-harness.ts";

const both = fakeProvider({ id: "both-cdn", title: "Both CDN" });
const urlsOnly = fakeProvider({ id: "url-cdn", title: "URL CDN", accepts: ["urls"] });
const assetsOnly = fakeProvider({ id: "asset-cdn", title: "Asset CDN", accepts: ["asset"] });

type Routed = (hostname: string) => Promise<Destination>;
function lists(clock = fakeClock()): HostLists {
  return createHostLists({ clock, lists: fakeCache(clock), stopped: neverAborted, report: () => undefined });
}

async function routerFor(directory: ProviderDirectory, named: string | undefined, hostLists = lists()): Promise<Routed> {
  const route = await createRouter(directory, { named, hostLists, signal: neverAborted });
  return async (hostname) => route(hostname);
}

describe("chooseTaker", () => {
  it("returns the named provider when several accept the kind", async () => {
    expect(await chooseTaker(fakeDirectory([both, urlsOnly]), "url-cdn", "urls")).toBe(urlsOnly);
  });

  it("returns the only configured provider", async () => {
    const directory = fakeDirectory([both], { known: ["both-cdn", "url-cdn"], configured: ["both-cdn"] });
    expect(await chooseTaker(directory, undefined, "asset")).toBe(both);
  });

  it.each(["asset", "urls"] as const)("returns the only provider that accepts %s", async (kind) => {
    expect(await chooseTaker(fakeDirectory([urlsOnly, assetsOnly]), undefined, kind)).toBe(kind === "asset" ? assetsOnly : urlsOnly);
  });

  it.each([
    ["asset", "URL CDN takes no asset ids on this server", urlsOnly, "prefetch_urls"],
    ["urls", "Asset CDN takes no URLs on this server", assetsOnly, "prefetch_asset"],
  ] as const)("throws unsupported when the chosen provider accepts no %s", async (kind, message, provider, tool) => {
    const refused = error("unsupported", { message, provider: provider.id, hint: expect.stringContaining(tool) });
    await expect(chooseTaker(fakeDirectory([both, provider]), provider.id, kind)).rejects.toThrow(refused);
    await expect(chooseTaker(fakeDirectory([provider]), undefined, kind)).rejects.toThrow(refused);
  });

  it("asks for a name when several providers accept the kind", async () => {
    const several = chooseTaker(fakeDirectory([both, assetsOnly]), undefined, "asset");
    await expect(several).rejects.toThrow(error("invalid_argument", { hint: expect.stringContaining("both-cdn, asset-cdn") }));
  });

  it("offers only providers that accept the kind", async () => {
    const unnamed = chooseTaker(fakeDirectory([both, assetsOnly, urlsOnly]), undefined, "asset");
    await expect(unnamed).rejects.toThrow(error("invalid_argument", { hint: "Nothing was sent. Choose one of: both-cdn, asset-cdn." }));
  });

  it("throws unsupported when no configured provider accepts the kind", async () => {
    const alike = fakeProvider({ id: "like-cdn", accepts: ["asset"] });
    const none = chooseTaker(fakeDirectory([assetsOnly, alike]), undefined, "urls");
    await expect(none).rejects.toThrow(error("unsupported", { hint: expect.stringContaining("prefetch_asset") }));
  });

  it("throws not_configured when no provider is configured", async () => {
    const directory = fakeDirectory([], { known: ["both-cdn", "url-cdn"], configured: [] });
    await expect(chooseTaker(directory, undefined, "urls")).rejects.toThrow(error("not_configured"));
    await expect(chooseTaker(directory, "url-cdn", "urls")).rejects.toThrow(error("not_configured", { hint: "Set OTHER_KEY." }));
  });

  it("throws invalid_argument for an unknown name", async () => {
    const unknown = chooseTaker(fakeDirectory([both]), "no-such-cdn", "urls");
    await expect(unknown).rejects.toThrow(error("invalid_argument", { hint: "Choose one of: both-cdn." }));
  });
});

describe("a fallback provider", () => {
  const bare = fakeProvider({ id: "any-cdn", title: "Any CDN", accepts: ["urls"] });
  const known = ["both-cdn", "url-cdn", "asset-cdn", "any-cdn"];
  const among = (providers: readonly Provider[], more: Partial<ProviderDirectory> = {}) =>
    fakeDirectory(providers, { known, configured: providers.map(({ id }) => id), fallbacks: ["any-cdn"], ...more });
  const unfinished = ["url-cdn needs URL_CDN_KEY."];

  it("is chosen when no vendor is configured", async () => {
    expect(await chooseProvider(among([bare]), undefined)).toBe(bare);
    expect(await chooseTaker(among([bare]), undefined, "urls")).toBe(bare);
    expect(await (await routerFor(among([bare]), undefined))("nowhere.test")).toEqual({
      ok: true,
      provider: bare,
      choice: { by: "default" },
    });
  });

  it("is chosen beside a vendor only by its name", async () => {
    const directory = among([urlsOnly, bare]);
    expect(await chooseProvider(directory, undefined)).toBe(urlsOnly);
    expect(await chooseTaker(directory, undefined, "urls")).toBe(urlsOnly);
    expect(await chooseTaker(directory, "any-cdn", "urls")).toBe(bare);
    expect(await (await routerFor(directory, undefined))("nowhere.test")).toEqual({
      ok: true,
      provider: urlsOnly,
      choice: { by: "default" },
    });
    expect(await (await routerFor(directory, "any-cdn"))("nowhere.test")).toEqual({
      ok: true,
      provider: bare,
      choice: { by: "name" },
    });
  });

  it("is chosen for a kind that no vendor accepts", async () => {
    expect(await chooseTaker(among([assetsOnly, bare]), undefined, "urls")).toBe(bare);
    expect(await chooseTaker(among([assetsOnly, bare]), undefined, "asset")).toBe(assetsOnly);
  });

  it("is among the choices when several vendors are configured", async () => {
    const several = chooseProvider(among([urlsOnly, both, bare]), undefined);
    await expect(several).rejects.toThrow(
      error("invalid_argument", { hint: "Nothing was sent. Choose one of: url-cdn, both-cdn, any-cdn." }),
    );
  });

  it("is chosen only by its name when a vendor is half configured", async () => {
    const directory = among([bare], { unfinished, problems: ["both-cdn needs KEY.", ...unfinished] });
    const refused = error("not_configured", {
      message: "The configuration is not finished",
      hint: expect.stringMatching(
        /^url-cdn needs URL_CDN_KEY\. Then restart the server\. Without credentials, provider "any-cdn" works now\./,
      ),
    });
    await expect(chooseProvider(directory, undefined)).rejects.toThrow(refused);
    await expect(chooseTaker(directory, undefined, "urls")).rejects.toThrow(refused);
    await expect(routerFor(directory, undefined)).rejects.toThrow(refused);
    expect(await chooseTaker(directory, "any-cdn", "urls")).toBe(bare);
  });

  it("yields to a configured vendor when a second vendor is half configured", async () => {
    const directory = among([both, bare], { unfinished, problems: unfinished });
    expect(await chooseProvider(directory, undefined)).toBe(both);
  });

  it("is not offered when it does not exist", async () => {
    const nothing = chooseProvider(among([], { fallbacks: [] }), undefined);
    await expect(nothing).rejects.toThrow(
      error("not_configured", { message: "No provider is configured", hint: expect.not.stringContaining("works now") }),
    );
  });

  it("names the vendors to configure for assets when it is the only provider", async () => {
    const problems = ["asset-cdn needs ASSET_CDN_KEY."];
    const hint = "Use prefetch_urls with the media's URLs. Or configure a provider that takes them. asset-cdn needs ASSET_CDN_KEY.";
    await expect(chooseTaker(among([bare], { problems }), undefined, "asset")).rejects.toThrow(error("unsupported", { hint }));
    const others = chooseTaker(among([urlsOnly, bare], { problems }), undefined, "asset");
    await expect(others).rejects.toThrow(error("unsupported", { hint: "Use prefetch_urls with the media's URLs." }));
  });

  it("gets the hosts of its routes, and all hosts only when it is the only provider", async () => {
    const routes = [{ pattern: "bare.test", provider: "any-cdn" }];
    const route = async (...providers: Provider[]) => routerFor(among(providers, { routes }), undefined);
    expect(await (await route(urlsOnly, bare))("bare.test")).toEqual({
      ok: true,
      provider: bare,
      choice: { by: "route", pattern: "bare.test" },
    });
    expect(await (await route(urlsOnly, bare))("nowhere.test")).toEqual({
      ok: true,
      provider: urlsOnly,
      choice: { by: "default" },
    });
    expect(await (await route(bare))("nowhere.test")).toEqual({ ok: true, provider: bare, choice: { by: "default" } });
    expect(await (await route(urlsOnly, both, bare))("nowhere.test")).toMatchObject({ ok: false, code: "invalid_argument" });
    const unfinishedRoute = await routerFor(among([bare], { routes, unfinished }), undefined);
    expect(await unfinishedRoute("bare.test")).toEqual({ ok: true, provider: bare, choice: { by: "route", pattern: "bare.test" } });
    expect(await unfinishedRoute("nowhere.test")).toMatchObject({ ok: false, code: "invalid_argument" });
  });
});

describe("createRouter", () => {
  const routes = [
    { pattern: "media.example.com", provider: "url-cdn" },
    { pattern: "*.example.com", provider: "both-cdn" },
    { pattern: "media.example.com", provider: "both-cdn" },
    { pattern: "vod.test", provider: "asset-cdn" },
    { pattern: "gone.test", provider: "gone-cdn" },
  ];
  const known = ["both-cdn", "url-cdn", "asset-cdn", "gone-cdn"];
  const directory = fakeDirectory([both, urlsOnly, assetsOnly], { known, configured: ["both-cdn", "url-cdn", "asset-cdn"], routes });
  const providerFor = async (route: Routed, hostname: string): Promise<string> => {
    const destination = await route(hostname);
    return destination.ok ? destination.provider.id : `${destination.code}: ${destination.reason}`;
  };

  it("routes every host to a named provider, whatever the routes say", async () => {
    const route = await routerFor(directory, "both-cdn");
    for (const host of ["media.example.com", "vod.test", "nowhere.test"]) expect(await providerFor(route, host)).toBe("both-cdn");
  });

  it("routes every host to the only provider for URLs when there are no routes", async () => {
    expect(await providerFor(await routerFor(fakeDirectory([both]), undefined), "nowhere.test")).toBe("both-cdn");
    expect(await providerFor(await routerFor(fakeDirectory([assetsOnly, urlsOnly]), undefined), "nowhere.test")).toBe("url-cdn");
  });

  it.each([
    ["a named provider that accepts no URLs", directory, "asset-cdn", "unsupported"],
    ["an unknown name", directory, "no-such-cdn", "invalid_argument"],
    ["a named provider without credentials", directory, "gone-cdn", "not_configured"],
    ["several providers without a name and routes", fakeDirectory([both, urlsOnly]), undefined, "invalid_argument"],
    ["routes without any credentials", fakeDirectory([], { known, configured: [], routes }), undefined, "not_configured"],
  ])("refuses the whole list for %s", async (_, where, named, code) => {
    await expect(routerFor(where, named)).rejects.toThrow(error(code));
  });

  it("follows the first matching route", async () => {
    const route = await routerFor(directory, undefined);
    expect(await providerFor(route, "media.example.com")).toBe("url-cdn");
    expect(await providerFor(route, "live.example.com")).toBe("both-cdn");
    expect(await providerFor(route, "a.b.example.com")).toBe("both-cdn");
  });

  it("refuses a host without a route and names the choices", async () => {
    const reason = "is on example.com, for which PREFETCH_ROUTES names no provider; pass provider: both-cdn, url-cdn, asset-cdn";
    expect(await providerFor(await routerFor(directory, undefined), "example.com")).toBe(`invalid_argument: ${reason}`);
  });

  it("routes hosts without a route to the only configured provider, and refuses hosts of a missing provider", async () => {
    const route = await routerFor(fakeDirectory([urlsOnly], { known, routes, configured: ["url-cdn"] }), undefined);
    expect(await providerFor(route, "nowhere.test")).toBe("url-cdn");
    expect(await providerFor(route, "media.example.com")).toBe("url-cdn");
    expect(await providerFor(route, "live.example.com")).toMatch(/^not_configured: is on live\.example\.com, which .* to both-cdn/);
  });

  it("refuses a host whose provider has no credentials, or accepts no URLs", async () => {
    const route = await routerFor(directory, undefined);
    expect(await providerFor(route, "gone.test")).toBe(
      "not_configured: is on gone.test, which PREFETCH_ROUTES sends to gone-cdn, and that has no credentials; read prefetch://providers",
    );
    expect(await providerFor(route, "vod.test")).toBe("unsupported: is on vod.test, whose provider asset-cdn takes no URLs on this server");
  });

  it("routes every host when the last route is *", async () => {
    const everything = fakeDirectory([both, urlsOnly], { routes: [...routes.slice(0, 1), { pattern: "*", provider: "both-cdn" }] });
    const route = await routerFor(everything, undefined);
    expect(await providerFor(route, "media.example.com")).toBe("url-cdn");
    expect(await providerFor(route, "nowhere.test")).toBe("both-cdn");
  });
});

describe("auto in the routes", () => {
  const denied = async (): Promise<never> => {
    throw new PrefetchError("auth_failed", "The vendor refused the list of domains", { hint: "Grant the user cdn:List." });
  };
  const serving = (id: string, hosts: readonly ServedHost[]) =>
    fakeProvider({ id, account: id, accepts: ["urls"], hosts: async () => hosts });
  const one = serving("one-cdn", [
    { pattern: "a.example" },
    { pattern: "*.wild.example" },
    { pattern: "both.example" },
    { pattern: "old.example", active: false },
  ]);
  const two = serving("two-cdn", [
    { pattern: "b.example", active: true },
    { pattern: "x.wild.example" },
    { pattern: "*.deep.wild.example" },
    { pattern: "both.example" },
  ]);
  const bare = fakeProvider({ id: "any-cdn", account: "any-cdn", accepts: ["urls"] });
  const providers = [one, two, bare];
  const routed = async (host: string, routes: readonly Route[], among: readonly Provider[] = providers): Promise<string> => {
    const destination = await (await routerFor(fakeDirectory(among, { routes, fallbacks: ["any-cdn"] }), undefined))(host);
    if (!destination.ok) return `${destination.code}: ${destination.reason}`;
    const { provider, choice, notes = [] } = destination;
    return [provider.id, choice.by, ...("pattern" in choice ? [choice.pattern] : []), ...notes].join(" ");
  };
  const rest = { pattern: "*", provider: "any-cdn" };

  it("sends each host to the provider whose vendor lists it, by the most specific entry", async () => {
    expect(await routed("a.example", ["auto"])).toBe("one-cdn list a.example");
    expect(await routed("b.example", ["auto"])).toBe("two-cdn list b.example");
    expect(await routed("y.wild.example", ["auto"])).toBe("one-cdn list *.wild.example");
    expect(await routed("x.wild.example", ["auto"])).toBe("two-cdn list x.wild.example");
    expect(await routed("p.q.deep.wild.example", ["auto"])).toBe("two-cdn list *.deep.wild.example");
    expect(await routed("wild.example", ["auto", rest])).toBe("any-cdn route *");
  });

  it("yields to the written routes before it, and comes before those after it", async () => {
    expect(await routed("a.example", [{ pattern: "a.example", provider: "two-cdn" }, "auto"])).toBe("two-cdn route a.example");
    expect(await routed("a.example", ["auto", { pattern: "a.example", provider: "two-cdn" }])).toBe("one-cdn list a.example");
    expect(await routed("nowhere.test", ["auto", rest])).toBe("any-cdn route *");
  });

  it("leaves what no vendor lists to the default, and refuses it when there is none", async () => {
    expect(await routed("nowhere.test", ["auto"], [one, bare])).toBe("one-cdn default");
    expect(await routed("nowhere.test", ["auto"])).toBe(
      "invalid_argument: is on nowhere.test, which no domain list has, and for which PREFETCH_ROUTES names no provider; pass provider: one-cdn, two-cdn, any-cdn",
    );
  });

  it("refuses a host that two vendors list alike, and names both", async () => {
    expect(await routed("both.example", ["auto", rest])).toBe(
      "invalid_argument: is on both.example, which the domain lists of one-cdn and two-cdn both have; pass provider, or write both.example=one-cdn before auto in PREFETCH_ROUTES",
    );
    expect(await routed("both.example", [{ pattern: "both.example", provider: "two-cdn" }, "auto"])).toBe("two-cdn route both.example");
  });

  it("does not send to a domain that is out of service, unless a written route does", async () => {
    for (const among of [providers, [one]]) {
      expect(await routed("old.example", ["auto"], among)).toBe(
        "forbidden_domain: is on old.example, which the domain list of one-cdn has as out of service; enable the domain at the vendor, or pass provider",
      );
    }
    expect(await routed("old.example", ["auto", rest])).toBe("any-cdn route *");
    const moved = serving("new-cdn", [{ pattern: "old.example", active: true }]);
    expect(await routed("old.example", ["auto"], [one, moved])).toBe("new-cdn list old.example");
  });

  it("goes on without a vendor that cannot be asked, and says which right is missing", async () => {
    const closed = fakeProvider({ id: "closed-cdn", account: "closed-cdn", accepts: ["urls"], hosts: denied });
    const note = "closed-cdn could not be asked for its list of domains: The vendor refused the list of domains. Grant the user cdn:List.";
    expect(await routed("a.example", ["auto"], [one, closed])).toBe(`one-cdn list a.example ${note}`);
    expect(await routed("nowhere.test", ["auto", rest], [closed, bare])).toBe(`any-cdn route * ${note}`);
    expect(await routed("nowhere.test", ["auto"], [closed, bare])).toBe(`closed-cdn default ${note}`);
    expect(await routed("nowhere.test", ["auto"], [one, closed])).toBe(
      `invalid_argument: is on nowhere.test, which no domain list has, and for which PREFETCH_ROUTES names no provider; pass provider: one-cdn, closed-cdn; ${note.slice(0, -1)}`,
    );
  });

  it("asks no vendor for a call that names its provider, or for hosts of written routes alone", async () => {
    let asked = 0;
    const hosts = async () => {
      asked += 1;
      return [{ pattern: "h.example" }];
    };
    const counting = fakeProvider({ id: "one-cdn", accepts: ["urls"], hosts });
    const directory = fakeDirectory([counting, bare], { routes: [{ pattern: "a.example", provider: "any-cdn" }, "auto"] });
    expect(await (await routerFor(directory, "one-cdn"))("h.example")).toMatchObject({ choice: { by: "name" } });
    const route = await routerFor(directory, undefined);
    expect(await route("a.example")).toMatchObject({ choice: { by: "route" } });
    expect(asked).toBe(0);
    expect(await route("h.example")).toMatchObject({ choice: { by: "list" } });
    // A second host that no list has is not asked about again in the same minute.
    await route("nowhere.test");
    await route("elsewhere.test");
    expect(asked).toBe(1);
  });
});
