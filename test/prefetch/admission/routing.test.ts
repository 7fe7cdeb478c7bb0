import { describe, expect, it } from "vitest";
import { chooseProvider, chooseTaker, createRouter, type Router } from "../../../src/prefetch/admission/routing.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import type { ProviderDirectory } from "../../../src/prefetch/model/provider-directory.ts";
import { fakeDirectory } from "../../fakes/directory.ts";
import { fakeProvider } from "../../fakes/provider.ts";
import { error } from "../calls/service-harness.ts";

const both = fakeProvider({ id: "both-cdn", title: "Both CDN" });
const urlsOnly = fakeProvider({ id: "url-cdn", title: "URL CDN", accepts: ["urls"] });
const assetsOnly = fakeProvider({ id: "asset-cdn", title: "Asset CDN", accepts: ["asset"] });

describe("chooseTaker", () => {
  it("is the provider that is named, though others take it too", async () => {
    expect(await chooseTaker(fakeDirectory([both, urlsOnly]), "url-cdn", "urls")).toBe(urlsOnly);
  });

  it("is the only one that is configured", async () => {
    const directory = fakeDirectory([both], { known: ["both-cdn", "url-cdn"], configured: ["both-cdn"] });
    expect(await chooseTaker(directory, undefined, "asset")).toBe(both);
  });

  it.each(["asset", "urls"] as const)("is the only one that takes %s", async (kind) => {
    expect(await chooseTaker(fakeDirectory([urlsOnly, assetsOnly]), undefined, kind)).toBe(kind === "asset" ? assetsOnly : urlsOnly);
  });

  it.each([
    ["asset", "URL CDN does not take asset ids as it is configured", urlsOnly, "prefetch_urls"],
    ["urls", "Asset CDN does not take URLs as it is configured", assetsOnly, "prefetch_asset"],
  ] as const)("says that the one that is meant takes no %s", async (kind, message, provider, tool) => {
    const refused = error("unsupported", { message, provider: provider.id, hint: expect.stringContaining(tool) });
    await expect(chooseTaker(fakeDirectory([both, provider]), provider.id, kind)).rejects.toThrow(refused);
    await expect(chooseTaker(fakeDirectory([provider]), undefined, kind)).rejects.toThrow(refused);
  });

  it("asks for a name where several take it", async () => {
    const several = chooseTaker(fakeDirectory([both, assetsOnly]), undefined, "asset");
    await expect(several).rejects.toThrow(error("invalid_argument", { hint: expect.stringContaining("both-cdn, asset-cdn") }));
  });

  it("offers only those that take it", async () => {
    const unnamed = chooseTaker(fakeDirectory([both, assetsOnly, urlsOnly]), undefined, "asset");
    await expect(unnamed).rejects.toThrow(error("invalid_argument", { hint: "Nothing was sent. Choose one of: both-cdn, asset-cdn." }));
  });

  it("does not ask for a name where none of several takes it", async () => {
    const alike = fakeProvider({ id: "like-cdn", accepts: ["asset"] });
    const none = chooseTaker(fakeDirectory([assetsOnly, alike]), undefined, "urls");
    await expect(none).rejects.toThrow(error("unsupported", { hint: expect.stringContaining("prefetch_asset") }));
  });

  it("says what is missing where nothing is configured", async () => {
    const directory = fakeDirectory([], { known: ["both-cdn", "url-cdn"], configured: [] });
    await expect(chooseTaker(directory, undefined, "urls")).rejects.toThrow(error("not_configured"));
    await expect(chooseTaker(directory, "url-cdn", "urls")).rejects.toThrow(error("not_configured", { hint: "Set OTHER_KEY." }));
  });

  it("does not know a name that nobody has", async () => {
    const unknown = chooseTaker(fakeDirectory([both]), "no-such-cdn", "urls");
    await expect(unknown).rejects.toThrow(error("invalid_argument", { hint: "Choose one of: both-cdn." }));
  });
});

describe("a provider that needs no credentials", () => {
  const bare = fakeProvider({ id: "any-cdn", title: "Any CDN", accepts: ["urls"] });
  const known = ["both-cdn", "url-cdn", "asset-cdn", "any-cdn"];
  const among = (providers: readonly Provider[], more: Partial<ProviderDirectory> = {}) =>
    fakeDirectory(providers, { known, configured: providers.map(({ id }) => id), fallbacks: ["any-cdn"], ...more });
  const unfinished = ["url-cdn needs URL_CDN_KEY."];

  it("is meant where no other one is configured", async () => {
    expect(await chooseProvider(among([bare]), undefined)).toBe(bare);
    expect(await chooseTaker(among([bare]), undefined, "urls")).toBe(bare);
    expect((await createRouter(among([bare]), undefined))("nowhere.test")).toEqual({ ok: true, provider: bare });
  });

  it("is not meant where there is another one, unless it is named", async () => {
    const directory = among([urlsOnly, bare]);
    expect(await chooseProvider(directory, undefined)).toBe(urlsOnly);
    expect(await chooseTaker(directory, undefined, "urls")).toBe(urlsOnly);
    expect(await chooseTaker(directory, "any-cdn", "urls")).toBe(bare);
    expect((await createRouter(directory, undefined))("nowhere.test")).toEqual({ ok: true, provider: urlsOnly });
    expect((await createRouter(directory, "any-cdn"))("nowhere.test")).toEqual({ ok: true, provider: bare });
  });

  it("is meant for what no other one takes", async () => {
    expect(await chooseTaker(among([assetsOnly, bare]), undefined, "urls")).toBe(bare);
    expect(await chooseTaker(among([assetsOnly, bare]), undefined, "asset")).toBe(assetsOnly);
  });

  it("is among those that can be named where several others are configured", async () => {
    const several = chooseProvider(among([urlsOnly, both, bare]), undefined);
    await expect(several).rejects.toThrow(
      error("invalid_argument", { hint: "Nothing was sent. Choose one of: url-cdn, both-cdn, any-cdn." }),
    );
  });

  it("is not meant by somebody who has begun to configure another one, but works when it is named", async () => {
    const directory = among([bare], { unfinished, problems: ["both-cdn needs KEY.", ...unfinished] });
    const refused = error("not_configured", {
      message: "The configuration is not finished",
      hint: expect.stringMatching(
        /^url-cdn needs URL_CDN_KEY\. Then restart the server\. Without credentials, provider "any-cdn" works now\./,
      ),
    });
    await expect(chooseProvider(directory, undefined)).rejects.toThrow(refused);
    await expect(chooseTaker(directory, undefined, "urls")).rejects.toThrow(refused);
    await expect(createRouter(directory, undefined)).rejects.toThrow(refused);
    expect(await chooseTaker(directory, "any-cdn", "urls")).toBe(bare);
  });

  it("leaves what is configured whole to be meant, whatever else is begun", async () => {
    const directory = among([both, bare], { unfinished, problems: unfinished });
    expect(await chooseProvider(directory, undefined)).toBe(both);
  });

  it("is told of as the way to go on where nothing else works", async () => {
    const nothing = chooseProvider(among([], { fallbacks: [] }), undefined);
    await expect(nothing).rejects.toThrow(
      error("not_configured", { message: "No provider is configured", hint: expect.not.stringContaining("works now") }),
    );
  });

  it("says what would take an asset, where it is all there is", async () => {
    const problems = ["asset-cdn needs ASSET_CDN_KEY."];
    const hint = "Use prefetch_urls with the media's URLs. Or configure a provider that takes them. asset-cdn needs ASSET_CDN_KEY.";
    await expect(chooseTaker(among([bare], { problems }), undefined, "asset")).rejects.toThrow(error("unsupported", { hint }));
    const others = chooseTaker(among([urlsOnly, bare], { problems }), undefined, "asset");
    await expect(others).rejects.toThrow(error("unsupported", { hint: "Use prefetch_urls with the media's URLs." }));
  });

  it("gets the hosts that routes send to it, and the rest only where it is all there is", async () => {
    const routes = [{ pattern: "bare.test", provider: "any-cdn" }];
    const route = async (...providers: Provider[]) => createRouter(among(providers, { routes }), undefined);
    expect((await route(urlsOnly, bare))("bare.test")).toEqual({ ok: true, provider: bare });
    expect((await route(urlsOnly, bare))("nowhere.test")).toEqual({ ok: true, provider: urlsOnly });
    expect((await route(bare))("nowhere.test")).toEqual({ ok: true, provider: bare });
    expect((await route(urlsOnly, both, bare))("nowhere.test")).toMatchObject({ ok: false, code: "invalid_argument" });
    const begun = await createRouter(among([bare], { routes, unfinished }), undefined);
    expect(begun("bare.test")).toEqual({ ok: true, provider: bare });
    expect(begun("nowhere.test")).toMatchObject({ ok: false, code: "invalid_argument" });
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
  const providerFor = (route: Router, hostname: string): string => {
    const destination = route(hostname);
    return destination.ok ? destination.provider.id : `${destination.code}: ${destination.reason}`;
  };

  it("sends everything to the provider that is named, whatever the routes say", async () => {
    const route = await createRouter(directory, "both-cdn");
    for (const host of ["media.example.com", "vod.test", "nowhere.test"]) expect(providerFor(route, host)).toBe("both-cdn");
  });

  it("sends everything to the only provider there is to mean, where there are no routes", async () => {
    expect(providerFor(await createRouter(fakeDirectory([both]), undefined), "nowhere.test")).toBe("both-cdn");
    expect(providerFor(await createRouter(fakeDirectory([assetsOnly, urlsOnly]), undefined), "nowhere.test")).toBe("url-cdn");
  });

  it.each([
    ["a name that takes no URLs", directory, "asset-cdn", "unsupported"],
    ["an unknown name", directory, "no-such-cdn", "invalid_argument"],
    ["a name without credentials", directory, "gone-cdn", "not_configured"],
    ["several providers and neither name nor routes", fakeDirectory([both, urlsOnly]), undefined, "invalid_argument"],
    ["routes but no credentials at all", fakeDirectory([], { known, configured: [], routes }), undefined, "not_configured"],
  ])("refuses the whole list for %s", async (_, where, named, code) => {
    await expect(createRouter(where, named)).rejects.toThrow(error(code));
  });

  it("follows the first route that matches", async () => {
    const route = await createRouter(directory, undefined);
    expect(providerFor(route, "media.example.com")).toBe("url-cdn");
    expect(providerFor(route, "live.example.com")).toBe("both-cdn");
    expect(providerFor(route, "a.b.example.com")).toBe("both-cdn");
  });

  it("names the choices for a host without a route", async () => {
    const reason = "is on example.com, for which PREFETCH_ROUTES names no provider; pass provider: both-cdn, url-cdn, asset-cdn";
    expect(providerFor(await createRouter(directory, undefined), "example.com")).toBe(`invalid_argument: ${reason}`);
  });

  it("takes the only configured provider for hosts without a route, but not for those that belong to another", async () => {
    const route = await createRouter(fakeDirectory([urlsOnly], { known, routes, configured: ["url-cdn"] }), undefined);
    expect(providerFor(route, "nowhere.test")).toBe("url-cdn");
    expect(providerFor(route, "media.example.com")).toBe("url-cdn");
    expect(providerFor(route, "live.example.com")).toMatch(/^not_configured: is on live\.example\.com, which .* to both-cdn/);
  });

  it("says of a route that its provider has no credentials, or takes no URLs", async () => {
    const route = await createRouter(directory, undefined);
    expect(providerFor(route, "gone.test")).toBe(
      "not_configured: is on gone.test, which PREFETCH_ROUTES sends to gone-cdn, and that has no credentials; read prefetch://providers",
    );
    expect(providerFor(route, "vod.test")).toBe("unsupported: is on vod.test, whose provider asset-cdn takes no URLs as it is configured");
  });

  it("knows a route for every host", async () => {
    const everything = fakeDirectory([both, urlsOnly], { routes: [...routes.slice(0, 1), { pattern: "*", provider: "both-cdn" }] });
    const route = await createRouter(everything, undefined);
    expect(providerFor(route, "media.example.com")).toBe("url-cdn");
    expect(providerFor(route, "nowhere.test")).toBe("both-cdn");
  });
});
