import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { echoKey, matchUrls } from "../../../src/prefetch/model/match-urls.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { workOf } from "../work-harness.ts";
import { anyUrl, host, name, normalUrl, scheme } from "./url-harness.ts";

describe("echoKey", () => {
  it.each([
    ["decoded", "https://media.example.com/my film 视频.mp4"],
    ["with lower-case escapes", "https://media.example.com/my%20film%20%e8%a7%86%e9%a2%91.mp4"],
    ["without its scheme", "media.example.com/my%20film%20视频.mp4"],
    ["with another scheme", "http://media.example.com/my%20film%20%E8%A7%86%E9%A2%91.mp4"],
    ["with blanks around it", " https://media.example.com/my%20film%20%E8%A7%86%E9%A2%91.mp4 "],
    ["with its host in upper case", "https://MEDIA.example.com/my%20film%20%E8%A7%86%E9%A2%91.mp4"],
  ])("is equal for a URL and its echo %s", (_, echo) => {
    expect(echoKey(echo)).toBe(echoKey("https://media.example.com/my%20film%20%E8%A7%86%E9%A2%91.mp4"));
  });

  it("is equal for the raw and the encoded spelling of a stray percent sign", () => {
    const sent = normalUrl("https://media.example.com/100%.mp4");
    expect(echoKey("https://media.example.com/100%.mp4")).toBe(echoKey(sent));
    expect(echoKey("media.example.com/100%25.mp4")).toBe(echoKey(sent));
  });

  it("is equal for the raw and the encoded spelling of a percent sign before an escape that is not UTF-8", () => {
    expect(echoKey("https://media.example.com/%%ff.mp4")).toBe(echoKey("https://media.example.com/%25%FF.mp4"));
  });

  it("ignores the case of escapes that are not UTF-8", () => {
    expect(echoKey("https://media.example.com/%ff%c3.mp4")).toBe(echoKey("media.example.com/%FF%C3.mp4"));
  });

  it.each([
    ["https://media.example.com/a.mp4", "https://media.example.com/b.mp4"],
    ["https://media.example.com/a.mp4", "https://media.example.com/A.mp4"],
    ["https://media.example.com/a.mp4", "https://other.example.com/a.mp4"],
  ])("differs for %s and %s", (one, other) => {
    expect(echoKey(one)).not.toBe(echoKey(other));
  });

  it("is equal for the raw, the encoded and the scheme-less spelling of any URL", () => {
    const target = fc.record({ host, path: fc.array(name, { minLength: 1, maxLength: 3 }), query: fc.option(name, { nil: undefined }) });
    fc.assert(
      fc.property(scheme, target, (scheme, { host, path, query }) => {
        const sent = normalUrl(
          `${scheme}://${host}/${path.map((part) => encodeURIComponent(part)).join("/")}${query === undefined ? "" : `?${encodeURIComponent(query)}`}`,
        );
        const withoutScheme = sent.replace(/^https?:\/\//, "");
        const raw = decodeURIComponent(sent);
        for (const echo of [
          raw,
          withoutScheme,
          decodeURIComponent(withoutScheme),
          sent.replace(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase()),
          encodeURI(raw),
        ]) {
          expect(echoKey(echo)).toBe(echoKey(sent));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("returns a string for any input", () => {
    fc.assert(
      fc.property(fc.oneof(anyUrl, fc.string({ unit: "binary" })), (input) => {
        expect(typeof echoKey(input)).toBe("string");
      }),
    );
  });
});

describe("matchUrls", () => {
  const matches = (targets: readonly string[], url: string) => matchUrls(workOf(targets).items)(url).map(({ index }) => index);
  const [plain, secure] = ["http://a.example/%E8%A7%86.mp4", "https://a.example/%E8%A7%86.mp4"] as const;

  it("finds the item of a URL in the vendor's spelling", () => {
    expect(matches([...manyUrls(2), secure], "a.example/视.mp4")).toEqual([2]);
  });

  it("finds no item when the URL is none of the batch's", () => {
    expect(matches(manyUrls(2), "https://other.example/0.mp4")).toEqual([]);
  });

  it.each([
    ["one item when the URL has its scheme", "http://a.example/视.mp4", [0]],
    ["the other item when the URL has the other scheme", "https://a.example/视.mp4", [1]],
    ["one item when the URL has its scheme in upper case", "HTTPS://a.example/视.mp4", [1]],
    ["both items when the URL has no scheme", "a.example/视.mp4", [0, 1]],
  ])("finds %s, among items that differ in their scheme alone", (_, url, expected) => {
    expect(matches([plain, secure], url)).toEqual(expected);
  });

  it("finds the only item when the vendor changed its scheme", () => {
    expect(matches([plain], "https://a.example/视.mp4")).toEqual([0]);
  });

  it.each([
    ["the item that is spelt just so", "https://a.example/x%2Fy", [1]],
    ["both items when the vendor's spelling is neither", "a.example/x%2Fy", [0, 1]],
  ])("finds %s, among items that differ in the case of an escape alone", (_, url, expected) => {
    expect(matches(["https://a.example/x%2fy", "https://a.example/x%2Fy"], url)).toEqual(expected);
  });

  it("finds every item by its own target, and no other item", () => {
    const target = fc
      .tuple(scheme, host, name)
      .map(([first, second, third]) => `${first}://${second}/${encodeURIComponent(third)}`)
      .chain((url) =>
        fc.boolean().map((lower) => normalUrl(lower ? url.replace(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase()) : url)),
      );
    fc.assert(
      fc.property(fc.uniqueArray(target, { minLength: 1, maxLength: 10 }), (targets) => {
        const find = matchUrls(workOf(targets).items);
        for (const [index, url] of targets.entries()) expect(find(url).map((item) => item.index)).toEqual([index]);
      }),
    );
  });
});
