import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostAllowed, hostMatches, type ParsedUrl, parseUrl, tooLong } from "../../../src/prefetch/model/url.ts";
import { anyUrl, normalUrl } from "./url-harness.ts";

const rules = { maxLength: 10_240 };

function refusal(input: unknown, more: { maxLength?: number; allowedDomains?: readonly string[] } = {}): Extract<ParsedUrl, { ok: false }> {
  const parsed = parseUrl(input, { ...rules, ...more });
  if (parsed.ok) throw new Error(`accepted as ${parsed.url}`);
  return parsed;
}

describe("parseUrl", () => {
  it.each([
    ["nothing to change", "https://media.example.com/a.mp4", "https://media.example.com/a.mp4"],
    ["blanks around it", "  https://media.example.com/a.mp4 ", "https://media.example.com/a.mp4"],
    ["scheme and host in upper case", "HTTPS://Media.Example.COM/Path/A.MP4", "https://media.example.com/Path/A.MP4"],
    ["no path", "https://media.example.com", "https://media.example.com/"],
    ["a default port", "http://media.example.com:80/a", "http://media.example.com/a"],
    ["a port that is not the default", "https://media.example.com:8443/a", "https://media.example.com:8443/a"],
    ["dot segments", "https://media.example.com/x/../y/./a.mp4", "https://media.example.com/y/a.mp4"],
    ["a fragment", "https://media.example.com/a.mp4#t=10", "https://media.example.com/a.mp4"],
    ["a query, whose order it keeps", "https://media.example.com/a.mp4?b=2&a=1", "https://media.example.com/a.mp4?b=2&a=1"],
    ["blanks inside", "https://media.example.com/my film.mp4", "https://media.example.com/my%20film.mp4"],
    ["Chinese", "https://media.example.com/视频.mp4", "https://media.example.com/%E8%A7%86%E9%A2%91.mp4"],
    [
      "Chinese that is already encoded",
      "https://media.example.com/%E8%A7%86%E9%A2%91.mp4",
      "https://media.example.com/%E8%A7%86%E9%A2%91.mp4",
    ],
    ["lower-case escapes, which it keeps", "https://media.example.com/%e8%a7%86.mp4", "https://media.example.com/%e8%a7%86.mp4"],
    ["an escaped slash, which it keeps", "https://media.example.com/a%2Fb.mp4", "https://media.example.com/a%2Fb.mp4"],
    ["a stray percent sign, which it keeps", "https://media.example.com/100%.mp4?a=50%", "https://media.example.com/100%.mp4?a=50%"],
    [
      "a percent sign before no escape, which it keeps",
      "https://media.example.com/%zz%%41%2.mp4",
      "https://media.example.com/%zz%%41%2.mp4",
    ],
    ["a Chinese host name", "https://例子.example.com/a", "https://xn--fsqu00a.example.com/a"],
    ["an IPv6 host", "http://[2001:DB8::1]/a", "http://[2001:db8::1]/a"],
  ])("normalises a URL with %s", (_, input, expected) => {
    expect(normalUrl(input)).toBe(expected);
  });

  it("returns the host name without the port", () => {
    expect(parseUrl("https://Media.Example.com:8443/a", rules)).toMatchObject({ ok: true, hostname: "media.example.com" });
    expect(parseUrl("https://media.example.com:443/a", rules)).toMatchObject({ ok: true, hostname: "media.example.com" });
  });

  it.each([
    ["", "is empty"],
    ["   ", "is empty"],
    [null, "is null, not a string"],
    [7, "is a number, not a string"],
    [["https://media.example.com/a"], "is a list, not a string"],
    [{ url: "https://media.example.com/a" }, "is an object, not a string"],
    ["media.example.com/a.mp4", "is not an absolute URL such as https://media.example.com/a.mp4"],
    ["/a.mp4", "is not an absolute URL such as https://media.example.com/a.mp4"],
    ["https://", "is not an absolute URL such as https://media.example.com/a.mp4"],
    ["https://media example.com/a", "is not an absolute URL such as https://media.example.com/a.mp4"],
    ["https:///media.example.com/a", 'has no host after "https://"; if you mean https://media.example.com/a, write it so'],
    ["https:media.example.com/a", 'has no host after "https://"; if you mean https://media.example.com/a, write it so'],
    ["HTTP:/media.example.com/a b", 'has no host after "http://"; if you mean http://media.example.com/a%20b, write it so'],
    ["https:\\\\media.example.com\\a", 'has no host after "https://"; if you mean https://media.example.com/a, write it so'],
    ["https:///ann:secret@media.example.com/a", 'has no host after "https://"; if you mean https://media.example.com/a, write it so'],
    ["ftp://media.example.com/a", 'has the scheme "ftp:"; only http and https can be prefetched'],
    ["javascript:alert(1)", 'has the scheme "javascript:"; only http and https can be prefetched'],
    ["data:text/plain,a", 'has the scheme "data:"; only http and https can be prefetched'],
    ["https://ann:secret@media.example.com/a", "carries a user name or password before the host; remove it"],
    ["https://ann@media.example.com/a", "carries a user name or password before the host; remove it"],
    ["https://media.example.com/a\nhttps://media.example.com/b", "contains a line break or tab; put each URL into its own list entry"],
    ["https://media.example.com/a\r\n.mp4", "contains a line break or tab; put each URL into its own list entry"],
    ["https://media.example.com/a\tb", "contains a line break or tab; put each URL into its own list entry"],
  ])("refuses %j", (input, reason) => {
    expect(refusal(input)).toEqual({ ok: false, reason, forbidden: false });
  });

  it("names both lengths when a URL is too long", () => {
    const long = `https://media.example.com/${"a".repeat(20_000)}`;
    expect(refusal(long).reason).toBe("has 20,026 characters when encoded; the limit is 10,240");
    expect(refusal("x".repeat(70_000)).reason).toContain("the limit is 10,240");
  });

  it("accepts an encoded URL of exactly the limit and refuses one character more", () => {
    const encoded = "https://h.example/%E8%A7%86";
    expect(normalUrl("https://h.example/视", encoded.length)).toBe(encoded);
    expect(refusal("https://h.example/视", { maxLength: encoded.length - 1 }).reason).toContain(`has ${encoded.length} characters`);
  });

  it("accepts allowed hosts and refuses every other host as forbidden", () => {
    const allowedDomains = ["media.example.com", "*.cdn.example.com"];
    expect(refusal("https://other.example.com/a", { allowedDomains })).toEqual({
      ok: false,
      reason: "is on other.example.com, which PREFETCH_ALLOWED_DOMAINS does not list",
      forbidden: true,
    });
    expect(parseUrl("https://MEDIA.example.com:8443/a", { ...rules, allowedDomains }).ok).toBe(true);
    expect(parseUrl("https://eu.cdn.example.com/a", { ...rules, allowedDomains }).ok).toBe(true);
    expect(refusal("https://media.example.com.evil.example/a", { allowedDomains }).forbidden).toBe(true);
  });

  it("is idempotent", () => {
    fc.assert(
      fc.property(anyUrl, (input) => {
        const first = parseUrl(input, { maxLength: 100_000 });
        fc.pre(first.ok);
        expect(parseUrl(first.url, { maxLength: 100_000 })).toEqual({ ...first, given: undefined });
      }),
      { numRuns: 500 },
    );
  });

  it("returns an http or https URL in printable ASCII or a reason, for any input", () => {
    fc.assert(
      fc.property(fc.oneof(anyUrl, fc.string(), fc.anything()), (input) => {
        const result = parseUrl(input, { maxLength: 500 });
        if (!result.ok) {
          expect(result.reason).toMatch(/^(is|has|contains|carries) /);
          return;
        }
        expect(result.url).toMatch(/^https?:\/\/[\x21-\x7e]+$/);
        expect(result.url).not.toContain("#");
        expect(result.url.length).toBeLessThanOrEqual(500);
        const parsed = new URL(result.url);
        expect(parsed).toMatchObject({ username: "", password: "", hash: "", hostname: result.hostname });
        expect(result.hostname).toBe(result.hostname.toLowerCase());
      }),
      { numRuns: 1_000 },
    );
  });

  it("encodes blanks and Chinese once when they are raw and when they are encoded already", () => {
    const text = fc.string({ unit: fc.constantFrom(..."aZ0-_ 視频片é😀"), minLength: 1, maxLength: 20 }).map((part) => `x${part}x`);
    fc.assert(
      fc.property(text, (part) => {
        const encoded = `https://media.example.com/${encodeURIComponent(part)}.mp4`;
        expect(normalUrl(`https://media.example.com/${part}.mp4`)).toBe(encoded);
        expect(normalUrl(encoded)).toBe(encoded);
      }),
    );
  });

  it("keeps the case of path and query", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{1,20}$/), fc.stringMatching(/^[A-Za-z0-9]{1,20}$/), (path, query) => {
        expect(normalUrl(`HTTPS://MEDIA.example.COM/${path}?${query}`)).toBe(`https://media.example.com/${path}?${query}`);
      }),
    );
  });
});

describe("parseUrl, by spelling", () => {
  it("gives the raw, the encoded and the mixed spelling of a URL one result", () => {
    const spellings = [
      "https://media.example.com/视频 a.mp4",
      "https://media.example.com/%E8%A7%86%E9%A2%91%20a.mp4",
      " HTTPS://MEDIA.example.com:443/x/../%E8%A7%86频 a.mp4#t=1",
    ];
    expect(new Set(spellings.map((spelling) => normalUrl(spelling)))).toEqual(
      new Set(["https://media.example.com/%E8%A7%86%E9%A2%91%20a.mp4"]),
    );
  });

  it.each([
    ["the case of the path", "https://media.example.com/A.mp4", "https://media.example.com/a.mp4"],
    ["the query", "https://media.example.com/a.mp4?v=1", "https://media.example.com/a.mp4?v=2"],
    ["the scheme", "https://media.example.com/a.mp4", "http://media.example.com/a.mp4"],
    ["the port", "https://media.example.com/a.mp4", "https://media.example.com:8443/a.mp4"],
    ["an escaped slash", "https://media.example.com/a%2Fb", "https://media.example.com/a/b"],
    // RFC 3986, section 6.2.2.1, calls these equal, but a cache may keep two entries.
    ["the case of escapes", "https://media.example.com/%e8%a7%86", "https://media.example.com/%E8%A7%86"],
  ])("gives two results when two URLs differ in %s", (_, one, other) => {
    expect(normalUrl(one)).not.toBe(normalUrl(other));
  });
});

describe("hostMatches", () => {
  it.each([
    ["media.example.com", "media.example.com", true],
    ["media.example.com", "MEDIA.Example.com", true],
    ["media.example.com", "example.com", false],
    ["media.example.com", "*.example.com", true],
    ["a.b.example.com", "*.example.com", true],
    ["media.example.com", "*.EXAMPLE.com", true],
    ["example.com", "*.example.com", false],
    ["notexample.com", "*.example.com", false],
    ["media.example.com.evil.example", "*.example.com", false],
    ["media.example.com", "*", true],
    ["localhost", "*", true],
  ])("of %s and the pattern %s is %s", (hostname, pattern, expected) => {
    expect(hostMatches(hostname, pattern)).toBe(expected);
  });
});

describe("hostAllowed", () => {
  it("is true when any pattern matches", () => {
    expect(hostAllowed("media.example.com", ["other.example", "*.example.com"])).toBe(true);
    expect(hostAllowed("media.example.com", ["other.example"])).toBe(false);
    expect(hostAllowed("media.example.com", [])).toBe(false);
  });
});

describe("tooLong", () => {
  it("names the length and the limit with thousands separators", () => {
    expect(tooLong(12_000, 10_240)).toBe("has 12,000 characters when encoded; the limit is 10,240");
  });
});
