import { describe, expect, it } from "vitest";
import { headersFor, isRedirect, redirectTarget } from "../../../../src/providers/http/net/redirect.ts";

const requested = new URL("https://media.example/a");
const headers = {
  "user-agent": "mine",
  accept: "*/*",
  "accept-encoding": "br",
  "accept-language": "de",
  "x-api-key": "k",
  referer: "https://player.example/",
  origin: "https://player.example",
};

describe("headersFor", () => {
  it("passes all headers to the requested origin", () => {
    expect(headersFor(new URL("https://media.example:443/b?c"), requested, headers)).toEqual(headers);
  });

  it.each([
    ["another host", "https://other.example/a"],
    ["a subdomain", "https://a.media.example/a"],
    ["the same name with a dot", "https://media.example./a"],
    ["another scheme", "http://media.example/a"],
    ["another port", "https://media.example:8443/a"],
  ])("passes only public headers to %s", (_, url) => {
    const { "user-agent": agent, accept, "accept-encoding": encoding, "accept-language": language } = headers;
    const expected = { "user-agent": agent, accept, "accept-encoding": encoding, "accept-language": language };
    expect(headersFor(new URL(url), requested, headers)).toEqual(expected);
  });
});

describe("a redirect", () => {
  it("has one of five statuses", () => {
    const statuses = Array.from({ length: 500 }, (_, index) => index + 100);
    expect(statuses.filter((status) => isRedirect({ status }))).toEqual([301, 302, 303, 307, 308]);
  });

  it.each([
    ["b/../c?x=1", "https://media.example/c?x=1"],
    ["//other.example/", "https://other.example/"],
    ["http://", undefined],
    [undefined, undefined],
  ])("with the location %j leads to %s", (location, target) => {
    const lines = new Map(location === undefined ? [] : [["location", [location]]]);
    expect(redirectTarget({ headers: lines }, requested)?.href).toBe(target);
  });
});
