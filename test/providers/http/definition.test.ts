import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SettingValues } from "../../../src/base/setting.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import { httpAnyCdn } from "../../../src/providers/http/definition.ts";
import { silentObserver } from "../../../src/telemetry/observer.ts";
import { startOrigin } from "./origin-harness.ts";
import { instantClock } from "./warming-harness.ts";

const LOOPBACK = { PREFETCH_HTTP_ALLOW_LOOPBACK: "1" };

async function providerOf(values: SettingValues): Promise<Provider> {
  const reading = httpAnyCdn.read(values);
  if (!reading.ok) throw new Error(reading.problem);
  const provider = await reading.create({ clock: instantClock(), observer: silentObserver, userAgent: "test" });
  onTestFinished(() => provider.close());
  return provider;
}

function problemOf(values: SettingValues): string {
  const reading = httpAnyCdn.read(values);
  if (reading.ok) throw new Error("The settings were accepted");
  return reading.problem;
}

const setting = (name: string) => `PREFETCH_HTTP_${name}`;

/** Warms the URLs with these settings. Returns a line for each outcome. */
async function warm(values: SettingValues, urls: readonly string[]) {
  const provider = await providerOf({ ...LOOPBACK, ...values });
  const outcomes: string[] = [];
  await provider.submit(
    { kind: "urls", urls },
    {
      signal: new AbortController().signal,
      turn: async () => undefined,
      progress: {
        taskId: "pf_1",
        taskBytes: 0,
        moved: () => undefined,
        settled: ({ state, code, reason }) => outcomes.push(`${code ?? state}: ${reason}`),
      },
    },
  );
  return outcomes;
}

describe("httpAnyCdn without settings", () => {
  it("creates a provider that matches its definition", async () => {
    const provider = await providerOf({});
    expect(provider).toMatchObject({
      id: httpAnyCdn.id,
      title: httpAnyCdn.title,
      docs: httpAnyCdn.docs,
      account: "http",
      accepts: ["urls"],
      tracking: "direct",
    });
    expect(httpAnyCdn.fallback).toBe(true);
    expect(provider.refusalOf?.("https://media.example.com/a.mp4")).toBeUndefined();
    for (const url of ["http://127.0.0.1/", "https://media.example.com:8443/"])
      expect(provider.refusalOf?.(url)).toMatchObject({ code: "forbidden_domain" });
  });

  it("describes all settings, and the headers of single hosts are a secret", () => {
    expect(httpAnyCdn.settings.filter(({ secret }) => secret).map(({ name }) => name)).toEqual(["PREFETCH_HTTP_HEADERS"]);
    for (const { name, about } of httpAnyCdn.settings) {
      expect(name).toMatch(/^PREFETCH_HTTP_[A-Z_]+$/);
      expect(about).toMatch(/^.{3,}\.$/);
    }
  });
});

describe("httpAnyCdn accepts", () => {
  const good: readonly (readonly [string, string])[] = [
    ["POPS", "paris=8.8.8.8"],
    ["POPS", " paris=8.8.8.8 , oslo-2.a=9.9.9.9:443,"],
    ["POPS", "six=[2001:4860:4860::8888]"],
    ["POPS", "six=[2001:4860:4860::8888]:80"],
    ["POPS", Array.from({ length: 20 }, (_, nth) => `p${nth}=8.8.8.${nth}`).join(",")],
    ["VARIANTS", '[{"accept-encoding":"gzip"},{"accept-encoding":"br"}]'],
    ["VARIANTS", '[{"Accept":"image/avif,image/webp"}]'],
    ["VARIANTS", "[{}]"],
    ["VARIANTS", '[{"user-agent":"Mozilla/5.0 (iPhone)","x-device":""}]'],
    ["HEADERS", '{"cdn.example.com":{"Cookie":"a=1","Authorization":"Bearer x"}}'],
    ["HEADERS", '{"*.example.com:8443":{"x-key":"1"},"http://origin.example.com":{"cookie":"a=1"},"[2001:db8::1]":{}}'],
    ["PROXY", "1"],
    ["PROXY", "false"],
    ["MODE", "get"],
    ["MODE", "head"],
    ["REDIRECTS", "0"],
    ["REDIRECTS", "5"],
    ["CONNECTIONS", "1"],
    ["CONNECTIONS", "64"],
    ["REQUESTS_PER_SECOND", "1"],
    ["BYTES_PER_SECOND", "1000"],
    ["MAX_BYTES", "999999999999999"],
    ["MAX_SECONDS", "86400"],
    ["OPEN_PORTS", "8080"],
    ["OPEN_PORTS", "8080, 8443,65535"],
    ["ALLOW_LOOPBACK", "1"],
    ["ALLOW_LOOPBACK", "false"],
  ];

  it.each(good)("%s = %s", async (name, value) => {
    expect(httpAnyCdn.settings.map((known) => known.name)).toContain(setting(name));
    expect((await providerOf({ [setting(name)]: value })).id).toBe("http");
  });

  it("at least one value of each setting", () => {
    const tried = new Set(good.map(([name]) => setting(name)));
    expect([...tried].sort()).toEqual(httpAnyCdn.settings.map(({ name }) => name).sort());
  });
});

describe("httpAnyCdn refuses, naming the setting but not the value,", () => {
  const bad: readonly (readonly [string, string])[] = [
    ["POPS", "paris"],
    ["POPS", "8.8.8.8"],
    ["POPS", "paris=bad.example.com"],
    ["POPS", "paris=8.8.8.8.8"],
    ["POPS", "paris=8.8.8"],
    ["POPS", "paris=8.8.8.8:0"],
    ["POPS", "paris=8.8.8.8:65536"],
    ["POPS", "paris=8.8.8.8:"],
    ["POPS", "paris=2001:4860:4860::8888"],
    ["POPS", "paris=[2001:4860:4860::8888"],
    ["POPS", "paris=[fe80::1%eth0]"],
    ["POPS", "bad name=8.8.8.8"],
    ["POPS", "paris=8.8.8.8,oslo"],
    ["POPS", ","],
    ["POPS", Array.from({ length: 21 }, (_, nth) => `bad${nth}=8.8.8.${nth}`).join(",")],
    // The guard would refuse these addresses only when a task uses them.
    ["POPS", "paris=10.0.0.1"],
    ["POPS", "paris=8.8.8.8,here=127.0.0.1"],
    ["POPS", "paris=[::1]"],
    ["POPS", "paris=[::ffff:10.0.0.1]"],
    ["VARIANTS", "bad"],
    ["VARIANTS", "{}"],
    ["VARIANTS", "[]"],
    ["VARIANTS", "[1]"],
    ["VARIANTS", '[{"accept":7}]'],
    ["VARIANTS", '[{"bad name":"x"}]'],
    ["VARIANTS", '[{"":"x"}]'],
    ["VARIANTS", '[{"x-bad":"a\\r\\nhost: bad.example"}]'],
    ["VARIANTS", '[{"x-bad":"b\u00e4d"}]'],
    ["VARIANTS", JSON.stringify(Array(9).fill({ "x-bad": "bad" }))],
    ...[
      "Host",
      "authorization",
      "COOKIE",
      "Proxy-Authorization",
      "connection",
      "content-length",
      "transfer-encoding",
      "Range",
      "expect",
      "keep-alive",
      "Upgrade",
      "If-None-Match",
      "if-modified-since",
    ].map((name): readonly [string, string] => ["VARIANTS", JSON.stringify([{ accept: "*/*" }, { [name]: "bad" }])]),
    ["HEADERS", "bad"],
    ["HEADERS", "[]"],
    ["HEADERS", "{}"],
    ...["", "bad host", "cdn.example.com/bad", "ftp://bad.example", "bad@cdn.example.com", "*", "a.*.bad", "cdn.example.com?bad"].map(
      (host): readonly [string, string] => ["HEADERS", JSON.stringify({ [host]: { cookie: "a=1" } })],
    ),
    ...["host", "Range", "If-None-Match", "connection", "proxy-authorization", "bad name", ":bad"].map(
      (name): readonly [string, string] => ["HEADERS", JSON.stringify({ "cdn.example.com": { [name]: "bad" } })],
    ),
    ["HEADERS", JSON.stringify({ "cdn.example.com": { cookie: "bad\r\nx: y" } })],
    ["HEADERS", JSON.stringify(Object.fromEntries(Array.from({ length: 51 }, (_, nth) => [`bad${nth}.example`, {}])))],
    ["MODE", "BAD"],
    ["MODE", "post"],
    ...["REDIRECTS", "CONNECTIONS", "REQUESTS_PER_SECOND", "BYTES_PER_SECOND", "MAX_BYTES", "MAX_SECONDS"].flatMap((name) =>
      ["-1", "1.5", "0x10", "1e3", "bad", "9999999999999999"].map((value): readonly [string, string] => [name, value]),
    ),
    ["REDIRECTS", "6"],
    ["CONNECTIONS", "0"],
    ["CONNECTIONS", "65"],
    ["REQUESTS_PER_SECOND", "0"],
    ["BYTES_PER_SECOND", "999"],
    ["MAX_BYTES", "0"],
    ["MAX_SECONDS", "86401"],
    ["OPEN_PORTS", "bad"],
    ["OPEN_PORTS", "8080,0"],
    ["OPEN_PORTS", "65536"],
    ["OPEN_PORTS", "80.5"],
    ["PROXY", "bad"],
    ["PROXY", "http://bad.example"],
    ["ALLOW_LOOPBACK", "bad"],
    ["ALLOW_LOOPBACK", "2"],
  ];

  it.each(bad)("%s = %s", (name, value) => {
    const problem = problemOf({ [setting(name)]: value });
    expect(problem).toMatch(new RegExp(`^http: ${setting(name)} must .+\\.$`));
    expect(problem).not.toMatch(/bad|::1|8\.8\.8|10\.0\.0|65536/i);
    expect(problem.split(setting(name))).toHaveLength(2);
  });

  it("several settings in one message", () => {
    const problem = problemOf({ [setting("MODE")]: "x", [setting("POPS")]: "x", [setting("MAX_BYTES")]: "x" });
    for (const name of ["MODE", "POPS", "MAX_BYTES"]) expect(problem).toContain(setting(name));
  });
});

describe("the settings of http", () => {
  it("name PoPs in reasons, and allow loopback PoPs with ALLOW_LOOPBACK", async () => {
    const origin = await startOrigin((_, response) => response.end("x"));
    const outcomes = await warm({ [setting("POPS")]: "here=127.0.0.1" }, [origin.url("/a", "media.test")]);
    expect(outcomes).toEqual(["succeeded: here: Received 1 byte; cache status unknown."]);
  });

  it("let variants replace the default headers in any spelling", async () => {
    const seen: string[] = [];
    const server = createServer(({ rawHeaders }, response) => {
      seen.push(rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === "user-agent").join(" and "));
      response.end("x");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await warm({ [setting("VARIANTS")]: '[{"User-Agent":"phone"},{"USER-AGENT":"tv"}]' }, [`http://127.0.0.1:${port}/`]);
    expect(seen).toEqual(["phone", "tv"]);
  });

  it("set the method, the redirects and the limits", async () => {
    const methods: string[] = [];
    const origin = await startOrigin((request, response) => {
      methods.push(`${request.method} ${request.url}`);
      if (request.url === "/a") response.writeHead(302, { location: "/b" }).end();
      else response.end(Buffer.alloc(2_000));
    });
    await warm({ [setting("MODE")]: "head", [setting("REDIRECTS")]: "1" }, [origin.url("/a")]);
    expect(methods).toEqual(["HEAD /a", "HEAD /b"]);
    const urls = ["/1", "/2", "/3"].map((path) => origin.url(path));
    const outcomes = await warm({ [setting("MAX_BYTES")]: "3000", [setting("CONNECTIONS")]: "1" }, urls);
    expect(outcomes).toEqual([
      expect.stringMatching(/^succeeded/),
      expect.stringMatching(/^limit_reached/),
      expect.stringMatching(/^limit_reached: Not fetched/),
    ]);
    expect([...origin.most.values()]).toEqual([1]);
  });

  it("restrict hosts and open ports", async () => {
    const provider = await providerOf({ PREFETCH_ALLOWED_DOMAINS: "*.Example.com, cdn.test", [setting("OPEN_PORTS")]: "8443" });
    for (const url of ["https://a.example.com/", "http://cdn.test/", "https://cdn.test:8443/"])
      expect(provider.refusalOf?.(url)).toBeUndefined();
    for (const url of ["https://example.org/", "https://cdn.test:8444/"])
      expect(provider.refusalOf?.(url)).toMatchObject({ code: "forbidden_domain" });
  });
});

it("httpAnyCdn refuses PoPs together with a proxy", () => {
  const read = httpAnyCdn.read({ PREFETCH_HTTP_POPS: "paris=8.8.8.8", PREFETCH_HTTP_PROXY: "1" });
  expect(read).toMatchObject({ ok: false, problem: expect.stringContaining("PREFETCH_HTTP_POPS does not work with PREFETCH_HTTP_PROXY") });
});

it("httpAnyCdn refuses a PoP's port that is not open", () => {
  const read = (more: Record<string, string>) => httpAnyCdn.read({ PREFETCH_HTTP_POPS: "paris=8.8.8.8:8443", ...more });
  expect(read({ PREFETCH_HTTP_OPEN_PORTS: "8443" })).toMatchObject({ ok: true });
  expect(read({})).toEqual({ ok: false, problem: "http: PREFETCH_HTTP_POPS uses a port that PREFETCH_HTTP_OPEN_PORTS does not list." });
  const local = { PREFETCH_HTTP_POPS: "here=127.0.0.1:8443", PREFETCH_HTTP_ALLOW_LOOPBACK: "1" };
  expect(httpAnyCdn.read(local)).toMatchObject({ ok: true });
});
