import { describe, expect, it } from "vitest";
import { chooseTaker, createRouter, type Router } from "../../src/prefetch/directory.ts";
import { fakeDirectory, fakeProvider } from "../fakes.ts";
import { error } from "./house.ts";

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
