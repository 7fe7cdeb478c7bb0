import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createForeignText } from "../../../src/base/foreign-text.ts";
import { createSecrets } from "../../../src/base/secrets.ts";
import { type ParseRules, parseUrls } from "../../../src/prefetch/admission/parse-urls.ts";
import { parseUrl } from "../../../src/prefetch/model/url.ts";
import { fakeProvider } from "../../fakes/provider.ts";

const provider = fakeProvider({ limits: { urlLength: 10_240 } });
const secret = "MFy/vK41ba2giqM7+io6PznpdUKGpown";
const foreign = createForeignText(createSecrets([secret], ["LTAI5tFakeKeyForTests001"]));
const choice = { by: "default" } as const;
const rules: ParseRules = { route: () => ({ ok: true, provider, choice }), allowedDomains: undefined, foreign, breathe: () => undefined };

/** List entries as agents write them: most are usable, some are repeated, some are broken. */
const entry = fc.oneof(
  fc
    .record({ host: fc.constantFrom("a.example", "B.example", "c.example:8443"), path: fc.nat({ max: 30 }) })
    .map(({ host, path }) => `https://${host}/${path}.mp4`),
  fc.constantFrom("http://a.example/視频.mp4", "http://A.example/%E8%A6%96频.mp4", "http://a.example/%E8%A6%96%E9%A2%91.mp4#x"),
  fc.constantFrom<unknown>(
    "",
    "ftp://a.example/1",
    "a.example/1",
    null,
    7,
    ["https://a.example/1"],
    { url: "x" },
    "https://a.example/1\nhttps://a.example/2",
  ),
  fc.string(),
);

describe("parseUrls", () => {
  it("keeps the caller's spelling of a URL that is sent in another one, cut to what a row shows", async () => {
    const long = `https://media.example.com/a#${"x".repeat(2_000)}`;
    const { candidates } = await parseUrls(["https://media.example.com/a b", " https://media.example.com/b ", long], rules);
    expect(candidates.map(({ given }) => given)).toEqual(["https://media.example.com/a b", undefined, `${long.slice(0, 1_024)}…`]);
  });

  it("returns each URL once, in order, and rejects each unusable entry", async () => {
    const parsed = await parseUrls(
      [
        "https://media.example.com/视频.mp4",
        "not a url",
        "https://MEDIA.example.com/%E8%A7%86%E9%A2%91.mp4#t=1",
        "https://media.example.com/b.mp4",
        "not a url",
      ],
      rules,
    );
    expect(parsed).toEqual({
      candidates: [
        {
          provider,
          kind: "url",
          target: "https://media.example.com/%E8%A7%86%E9%A2%91.mp4",
          given: "https://media.example.com/视频.mp4",
          cost: 1,
          position: 0,
        },
        { provider, kind: "url", target: "https://media.example.com/b.mp4", cost: 1, position: 3 },
      ],
      rejected: [
        {
          kind: "url",
          target: "not a url",
          code: "invalid_argument",
          reason: "The URL is not an absolute URL such as https://media.example.com/a.mp4.",
          position: 1,
        },
      ],
      duplicatesRemoved: 2,
      duplicate: { kept: "https://media.example.com/视频.mp4", dropped: "https://MEDIA.example.com/%E8%A7%86%E9%A2%91.mp4#t=1" },
    });
  });

  it("rejects each entry that holds a secret, shows it without the secret, and keeps the rest", async () => {
    const written = encodeURIComponent(secret);
    const list = [`https://a.example/1?k=${written}`, "https://a.example/2", { nested: [secret] }, `${"x".repeat(190)}${secret}`];
    const { candidates, rejected } = await parseUrls(list, rules);
    expect(candidates.map(({ target }) => target)).toEqual(["https://a.example/2"]);
    expect(rejected.map(({ target }) => target)).toEqual([
      "https://a.example/1?k=[redacted]",
      '{"nested":["[redacted]"]}',
      `${"x".repeat(190)}[redacted]`,
    ]);
    expect(rejected[0]).toMatchObject({ code: "invalid_argument", reason: expect.stringContaining("holds a credential") });
  });

  it("shows nothing of an entry that is longer than any URL, so its secrets need no search", async () => {
    const long = `https://a.example/?k=${secret}${"x".repeat(65_536)}`;
    const asked: number[] = [];
    const counting = { ...foreign, holdsSecret: (text: string) => asked.push(text.length) < 0 };
    const { candidates, rejected } = await parseUrls([long, [long]], { ...rules, foreign: counting });
    expect([candidates, asked]).toEqual([[], []]);
    expect(rejected.map(({ target }) => target)).toEqual(["(65,589 characters)", "(65,593 characters)"]);
  });

  it("lets other work in before each entry of a long list", async () => {
    let pauses = 0;
    const breathe = async (): Promise<void> => {
      pauses += 1;
    };
    await parseUrls(["https://a.example/1", "https://a.example/2", 7], { ...rules, breathe });
    expect(pauses).toBe(3);
  });

  it("takes a signed URL with an access key id of this server as it is", async () => {
    const signed = "https://a.example/1?Expires=1&OSSAccessKeyId=LTAI5tFakeKeyForTests001&Signature=abc%3D";
    expect(await parseUrls([signed], rules)).toMatchObject({ candidates: [{ target: signed }], rejected: [] });
  });

  it("rejects a foreign domain as forbidden_domain", async () => {
    const parsed = await parseUrls(["https://other.example/a", "https://media.example.com/a"], {
      ...rules,
      allowedDomains: ["*.example.com"],
    });
    expect(parsed.rejected).toMatchObject([{ target: "https://other.example/a", code: "forbidden_domain", position: 0 }]);
    expect(parsed.candidates).toHaveLength(1);
  });

  it("shows at most 200 characters of an unusable entry", async () => {
    const [rejected] = (await parseUrls([`https://media.example.com/${"a".repeat(20_000)}`], rules)).rejected;
    expect(rejected?.target.length).toBeLessThanOrEqual(201);
    expect(rejected?.reason).toContain("the limit is 10,240");
  });

  it("makes each entry a candidate, a rejection or a duplicate", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 40 }), async (inputs) => {
        const { candidates, rejected, duplicatesRemoved } = await parseUrls(inputs, rules);
        expect(candidates.length + rejected.length + duplicatesRemoved).toBe(inputs.length);

        const positions = [...candidates, ...rejected].map((entry) => entry.position);
        expect(new Set(positions)).toHaveLength(positions.length);
        for (const list of [candidates, rejected]) {
          expect(list.map((entry) => entry.position)).toEqual(list.map((entry) => entry.position).sort((a, b) => a - b));
        }
        // A duplicate is present in the spelling that came first.
        const taken = new Set(candidates.map((candidate) => candidate.target));
        expect(taken).toHaveLength(candidates.length);
        for (const [position, input] of inputs.entries()) {
          const parsed = parseUrl(input, { maxLength: 10_240 });
          expect(positions.includes(position) || (parsed.ok ? taken.has(parsed.url) : inputs.indexOf(input) < position)).toBe(true);
          if (parsed.ok && positions.includes(position))
            expect(candidates.find((entry) => entry.position === position)?.target).toBe(parsed.url);
        }
      }),
    );
  });

  // WHATWG reads credentials in each of these entries, or in a URL inside.
  it.each<readonly [string, (user: string, password: string) => unknown]>([
    ["in the standard form", (user, password) => `https://${user}:${password}@h.example/a`],
    ["without a password", (user) => `https://${user}@h.example/a`],
    ["with an @ in the password", (user, password) => `https://${user}:x@${password}@h.example/a`],
    ["with a blank in the password", (user, password) => `https://${user}:x ${password}@h.example/a`],
    ["without slashes", (user, password) => `https:${user}:${password}@h.example/a`],
    ["with backslashes", (user, password) => `https:\\\\${user}:${password}@h.example/a`],
    ["with a scheme that is refused", (user, password) => `ftp://${user}:${password}@h.example/a`],
    ["twice in one entry", (user, password) => `https://${user}:x@h.example/a\nhttps://y:${password}@h.example/b`],
    ["twice in a list", (user, password) => [`https://${user}:x@h.example/a`, `https://y:${password}@h.example/b`]],
    ["in an object", (user, password) => ({ url: `https://${user}:${password}@h.example/a` })],
  ])("repeats no user name and no password that is written %s", async (_, write) => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{1,10}$/).map((text) => `S3cr3t${text}`);
    await fc.assert(
      fc.asyncProperty(secret, secret, async (user, password) => {
        const { candidates, rejected } = await parseUrls([write(user, password)], rules);
        expect(candidates).toEqual([]);
        expect(rejected).toHaveLength(1);
        expect(JSON.stringify(rejected)).not.toContain("S3cr3t");
      }),
      { numRuns: 20 },
    );
  });
});

describe("parseUrls, for a provider with refusalOf", () => {
  it("rejects a normalised URL once, with the provider's reason", async () => {
    const checked: string[] = [];
    const choosy = fakeProvider({
      refusalOf: (url) => {
        checked.push(url);
        return url.includes("10.0.0.1")
          ? new PrefetchError("forbidden_domain", "10.0.0.1 is private", { hint: "Use another." })
          : undefined;
      },
    });
    const list = ["http://10.0.0.1/a", "https://media.example.com/a", "HTTP://10.0.0.1/a#x", "ftp://10.0.0.1/b"];
    const { candidates, rejected, duplicatesRemoved } = await parseUrls(list, {
      ...rules,
      route: () => ({ ok: true, provider: choosy, choice }),
    });
    expect(candidates.map(({ target, position }) => [target, position])).toEqual([["https://media.example.com/a", 1]]);
    expect(rejected).toMatchObject([
      { target: "http://10.0.0.1/a", code: "forbidden_domain", reason: "10.0.0.1 is private. Use another.", position: 0 },
      { code: "invalid_argument", position: 3 },
    ]);
    expect([duplicatesRemoved, checked]).toEqual([1, ["http://10.0.0.1/a", "https://media.example.com/a"]]);
  });
});

describe("parseUrls, over several providers", () => {
  const short = fakeProvider({ id: "short", limits: { urlLength: 40 } });
  const long = fakeProvider({ id: "long", limits: { urlLength: 60 } });
  const routed: string[] = [];
  const several: ParseRules = {
    foreign,
    breathe: () => undefined,
    allowedDomains: ["*.example"],
    route: (hostname) => {
      routed.push(hostname);
      if (hostname === "short.example") return { ok: true, provider: short, choice };
      if (hostname === "long.example") return { ok: true, provider: long, choice };
      return { ok: false, code: "not_configured", reason: `is on ${hostname}, which no provider serves` };
    },
  };

  it("gives each URL the provider of its host, on any port, and rejects hosts without a provider", async () => {
    const parsed = await parseUrls(
      ["https://long.example/1", "https://unrouted.example/2", "https://SHORT.example:8443/3", "https://short.example/4"],
      several,
    );
    expect(parsed.candidates.map(({ provider, target, position }) => [provider.id, target, position])).toEqual([
      ["long", "https://long.example/1", 0],
      ["short", "https://short.example:8443/3", 2],
      ["short", "https://short.example/4", 3],
    ]);
    expect(parsed.rejected).toEqual([
      {
        kind: "url",
        target: "https://unrouted.example/2",
        code: "not_configured",
        reason: "The URL is on unrouted.example, which no provider serves.",
        position: 1,
      },
    ]);
  });

  it("measures each URL by the limit of its own provider", async () => {
    const ofLength = (host: string, length: number) => `https://${host}/`.padEnd(length, "x");
    const list = [ofLength("short.example", 40), ofLength("short.example", 41), ofLength("long.example", 60), ofLength("long.example", 61)];
    const parsed = await parseUrls(list, several);
    expect(parsed.candidates.map((candidate) => candidate.position)).toEqual([0, 2]);
    expect(parsed.rejected.map(({ position, code, reason }) => [position, code, reason])).toEqual([
      [1, "invalid_argument", "The URL has 41 characters when encoded; the limit is 40."],
      [3, "invalid_argument", "The URL has 61 characters when encoded; the limit is 60."],
    ]);
  });

  it("rejects a repeated URL without a provider once, and routes no forbidden domain", async () => {
    routed.length = 0;
    const parsed = await parseUrls(["https://unrouted.example/1", "https://unrouted.example/1", "https://elsewhere.test/1"], several);
    expect(parsed).toMatchObject({ duplicatesRemoved: 1, rejected: [{ code: "not_configured" }, { code: "forbidden_domain" }] });
    expect(routed).toEqual(["unrouted.example"]);
  });
});
