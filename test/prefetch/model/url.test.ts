import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { echoKey } from "../../../src/prefetch/model/match-urls.ts";
import { hostAllowed, hostMatches, type ParsedUrl, parseUrl } from "../../../src/prefetch/model/url.ts";

const rules = { maxLength: 10_240 };

function read(input: unknown, maxLength = rules.maxLength): string {
  const reading = parseUrl(input, { maxLength });
  if (!reading.ok) throw new Error(`refused: ${reading.reason}`);
  return reading.url;
}

function refusal(input: unknown, more: { maxLength?: number; allowedDomains?: readonly string[] } = {}): Extract<ParsedUrl, { ok: false }> {
  const reading = parseUrl(input, { ...rules, ...more });
  if (reading.ok) throw new Error(`taken as ${reading.url}`);
  return reading;
}

/** A file name as people and vendors write them: letters of several scripts, blanks, and what encoders disagree about. */
const name = fc
  .string({ unit: fc.constantFrom(..."abcXYZ019 視频é😀-_.~!'()*+,;=:@&$|^[]{}<>\"`"), minLength: 1, maxLength: 12 })
  .map((text) => `${text}.mp4`);
const host = fc.constantFrom("media.example.com", "CDN.Example.COM", "例子.example.com", "media.example.com:8443", "10.0.0.1");
const scheme = fc.constantFrom("http", "https", "HTTPS");

/** URLs of every degree of disorder, most of which can be read. */
const anyUrl = fc
  .record({
    scheme,
    host,
    path: fc.array(
      fc.oneof(name, fc.string({ unit: "binary", maxLength: 10 }), fc.constantFrom("%41", "%e8%a7%86", "100%", "%2", "..", ".")),
      {
        maxLength: 4,
      },
    ),
    query: fc.option(fc.string({ unit: "grapheme", maxLength: 10 }), { nil: undefined }),
    fragment: fc.option(fc.string({ unit: "grapheme", maxLength: 10 }), { nil: undefined }),
  })
  .map(({ scheme, host, path, query, fragment }) =>
    [`${scheme}://${host}/${path.join("/")}`, query === undefined ? "" : `?${query}`, fragment === undefined ? "" : `#${fragment}`].join(
      "",
    ),
  );

describe("parseUrl", () => {
  it.each([
    ["as it is", "https://media.example.com/a.mp4", "https://media.example.com/a.mp4"],
    ["blanks around it", "  https://media.example.com/a.mp4 ", "https://media.example.com/a.mp4"],
    ["scheme and host in capitals", "HTTPS://Media.Example.COM/Path/A.MP4", "https://media.example.com/Path/A.MP4"],
    ["no path", "https://media.example.com", "https://media.example.com/"],
    ["a default port", "http://media.example.com:80/a", "http://media.example.com/a"],
    ["another port", "https://media.example.com:8443/a", "https://media.example.com:8443/a"],
    ["dot segments", "https://media.example.com/x/../y/./a.mp4", "https://media.example.com/y/a.mp4"],
    ["a fragment", "https://media.example.com/a.mp4#t=10", "https://media.example.com/a.mp4"],
    ["a query in its order", "https://media.example.com/a.mp4?b=2&a=1", "https://media.example.com/a.mp4?b=2&a=1"],
    ["blanks inside", "https://media.example.com/my film.mp4", "https://media.example.com/my%20film.mp4"],
    ["Chinese", "https://media.example.com/视频.mp4", "https://media.example.com/%E8%A7%86%E9%A2%91.mp4"],
    [
      "Chinese that is encoded already",
      "https://media.example.com/%E8%A7%86%E9%A2%91.mp4",
      "https://media.example.com/%E8%A7%86%E9%A2%91.mp4",
    ],
    ["escapes in small letters, kept", "https://media.example.com/%e8%a7%86.mp4", "https://media.example.com/%e8%a7%86.mp4"],
    ["an escaped slash, kept", "https://media.example.com/a%2Fb.mp4", "https://media.example.com/a%2Fb.mp4"],
    ["a stray percent sign", "https://media.example.com/100%.mp4", "https://media.example.com/100%25.mp4"],
    ["a percent sign before an escape", "https://media.example.com/%%41.mp4", "https://media.example.com/%25%41.mp4"],
    ["a Chinese host name", "https://例子.example.com/a", "https://xn--fsqu00a.example.com/a"],
    ["an IPv6 host", "http://[2001:DB8::1]/a", "http://[2001:db8::1]/a"],
  ])("reads a URL with %s", (_, input, expected) => {
    expect(read(input)).toBe(expected);
  });

  it("names the host without its port", () => {
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

  it("refuses a URL of 20 kB and names both lengths", () => {
    const long = `https://media.example.com/${"a".repeat(20_000)}`;
    expect(refusal(long).reason).toBe("has 20,026 characters when encoded; the limit is 10,240");
    expect(refusal("x".repeat(70_000)).reason).toContain("the limit is 10,240");
  });

  it("measures the encoded URL, and takes one of exactly the limit", () => {
    const encoded = "https://h.example/%E8%A7%86";
    expect(read("https://h.example/视", encoded.length)).toBe(encoded);
    expect(refusal("https://h.example/视", { maxLength: encoded.length - 1 }).reason).toContain(`has ${encoded.length} characters`);
  });

  it("refuses a host that is not allowed as forbidden, and takes one that is", () => {
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

  it("changes nothing about what it has read before", () => {
    fc.assert(
      fc.property(anyUrl, (input) => {
        const first = parseUrl(input, { maxLength: 100_000 });
        fc.pre(first.ok);
        expect(parseUrl(first.url, { maxLength: 100_000 })).toEqual(first);
      }),
      { numRuns: 500 },
    );
  });

  it("gives printable ASCII with http or https, without fragment, credentials or broken escapes, or gives a reason", () => {
    fc.assert(
      fc.property(fc.oneof(anyUrl, fc.string(), fc.anything()), (input) => {
        const reading = parseUrl(input, { maxLength: 500 });
        if (!reading.ok) {
          expect(reading.reason).toMatch(/^(is|has|contains|carries) /);
          return;
        }
        expect(reading.url).toMatch(/^https?:\/\/[\x21-\x7e]+$/);
        expect(reading.url).not.toMatch(/#|%(?![0-9a-f]{2})/i);
        expect(reading.url.length).toBeLessThanOrEqual(500);
        const parsed = new URL(reading.url);
        expect(parsed).toMatchObject({ username: "", password: "", hash: "", hostname: reading.hostname });
        expect(reading.hostname).toBe(reading.hostname.toLowerCase());
      }),
      { numRuns: 1_000 },
    );
  });

  it("encodes blanks and Chinese once, whether or not they came encoded", () => {
    const text = fc.string({ unit: fc.constantFrom(..."aZ0-_ 視频片é😀"), minLength: 1, maxLength: 20 }).map((part) => `x${part}x`);
    fc.assert(
      fc.property(text, (part) => {
        const encoded = `https://media.example.com/${encodeURIComponent(part)}.mp4`;
        expect(read(`https://media.example.com/${part}.mp4`)).toBe(encoded);
        expect(read(encoded)).toBe(encoded);
      }),
    );
  });

  it("keeps the case of path and query", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{1,20}$/), fc.stringMatching(/^[A-Za-z0-9]{1,20}$/), (path, query) => {
        expect(read(`HTTPS://MEDIA.example.COM/${path}?${query}`)).toBe(`https://media.example.com/${path}?${query}`);
      }),
    );
  });
});

describe("one spelling for every URL", () => {
  it("is where the raw, the encoded and the disorderly spelling meet", () => {
    const spellings = [
      "https://media.example.com/视频 a.mp4",
      "https://media.example.com/%E8%A7%86%E9%A2%91%20a.mp4",
      " HTTPS://MEDIA.example.com:443/x/../%E8%A7%86频 a.mp4#t=1",
    ];
    expect(new Set(spellings.map((spelling) => read(spelling)))).toEqual(new Set(["https://media.example.com/%E8%A7%86%E9%A2%91%20a.mp4"]));
  });

  it.each([
    ["path case", "https://media.example.com/A.mp4", "https://media.example.com/a.mp4"],
    ["query", "https://media.example.com/a.mp4?v=1", "https://media.example.com/a.mp4?v=2"],
    ["scheme", "https://media.example.com/a.mp4", "http://media.example.com/a.mp4"],
    ["port", "https://media.example.com/a.mp4", "https://media.example.com:8443/a.mp4"],
    ["an escaped slash", "https://media.example.com/a%2Fb", "https://media.example.com/a/b"],
    // RFC 3986 calls these equal, but they may be two entries of a cache.
    ["the case of escapes", "https://media.example.com/%e8%a7%86", "https://media.example.com/%E8%A7%86"],
  ])("keeps apart what differs in %s", (_, one, other) => {
    expect(read(one)).not.toBe(read(other));
  });
});

describe("echoKey", () => {
  it.each([
    ["decoded", "https://media.example.com/my film 视频.mp4"],
    ["encoded in small letters", "https://media.example.com/my%20film%20%e8%a7%86%e9%a2%91.mp4"],
    ["without its scheme", "media.example.com/my%20film%20视频.mp4"],
    ["with another scheme", "http://media.example.com/my%20film%20%E8%A7%86%E9%A2%91.mp4"],
    ["with blanks around it", " https://media.example.com/my%20film%20%E8%A7%86%E9%A2%91.mp4 "],
    ["with its host in capitals", "https://MEDIA.example.com/my%20film%20%E8%A7%86%E9%A2%91.mp4"],
  ])("finds a URL that comes back %s", (_, echo) => {
    expect(echoKey(echo)).toBe(echoKey("https://media.example.com/my%20film%20%E8%A7%86%E9%A2%91.mp4"));
  });

  it("finds a stray percent sign however it comes back", () => {
    const sent = read("https://media.example.com/100%.mp4");
    expect(echoKey("https://media.example.com/100%.mp4")).toBe(echoKey(sent));
    expect(echoKey("media.example.com/100%25.mp4")).toBe(echoKey(sent));
  });

  it("does not stumble over escapes that are not UTF-8", () => {
    expect(echoKey("https://media.example.com/%ff%c3.mp4")).toBe(echoKey("media.example.com/%FF%C3.mp4"));
  });

  it.each([
    ["https://media.example.com/a.mp4", "https://media.example.com/b.mp4"],
    ["https://media.example.com/a.mp4", "https://media.example.com/A.mp4"],
    ["https://media.example.com/a.mp4", "https://other.example.com/a.mp4"],
  ])("tells %s from %s", (one, other) => {
    expect(echoKey(one)).not.toBe(echoKey(other));
  });

  it("is equal for the raw, the encoded and the scheme-less spelling of any URL", () => {
    const target = fc.record({ host, path: fc.array(name, { minLength: 1, maxLength: 3 }), query: fc.option(name, { nil: undefined }) });
    fc.assert(
      fc.property(scheme, target, (scheme, { host, path, query }) => {
        const sent = read(
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

  it("never throws", () => {
    fc.assert(
      fc.property(fc.oneof(anyUrl, fc.string({ unit: "binary" })), (input) => {
        expect(typeof echoKey(input)).toBe("string");
      }),
    );
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
  ])("%s against %s: %s", (hostname, pattern, expected) => {
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
