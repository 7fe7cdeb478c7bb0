/** The http provider as a whole: its contract, its identity and what a submit needs. */

import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Headers } from "../../../src/providers/http/http.ts";
import { directContract } from "../../contract/direct.ts";
import { neverAborted as never } from "../../fakes/signal.ts";
import { startOrigin } from "./origin-harness.ts";
import { cacheable, numbered, until, warming } from "./warming-harness.ts";

directContract({
  name: "http",
  start: async () => {
    const asked: string[] = [];
    const origin = await startOrigin((request, response) => {
      asked.push(origin.url(request.url ?? ""));
      if (request.url === "/missing") response.writeHead(404).end();
      else if (request.url === "/endless") response.writeHead(200, cacheable).flushHeaders();
      else response.writeHead(200, cacheable).end("content");
    });
    const { provider } = warming();
    return {
      provider,
      goodUrls: (count) => numbered(count, origin.url),
      badUrl: origin.url("/missing"),
      foreignUrl: "http://10.0.0.1/",
      endlessUrl: origin.url("/endless"),
      bytes: 7,
      asked: () => asked,
      secrets: [],
      close: () => provider.close(),
    };
  },
});

const variants: readonly Headers[] = [{ "accept-encoding": "br" }, { "accept-encoding": "gzip", "x-device": "tv" }];
const pops = [
  { name: "paris", address: "127.0.0.1" },
  { name: "oslo", address: "127.0.0.1" },
];

describe("createHttp", () => {
  it("gives providers with different routes different accounts", () => {
    const accounts = [{}, { method: "HEAD" } as const, { variants }, { variants: variants.slice(0, 1) }, { pops }, { pops, variants }].map(
      (more) => warming(more).provider.account,
    );
    expect(new Set(accounts)).toHaveLength(accounts.length);
    expect(warming({ variants }).provider.account).toBe(warming({ variants }).provider.account);
    expect(accounts[0]).toBe("http");
    for (const account of accounts) expect(account).toMatch(/^http(:[0-9a-f]{12})?$/);
  });

  it("describes its reach by method and PoPs", () => {
    expect(warming({ pops }).provider.reach).toBe("Each URL was fetched in full through paris, oslo; this warms no other edge.");
    expect(warming({ method: "HEAD" }).provider.reach).toMatch(/^Each URL was requested by HEAD, .+ through the edge that serves this/);
    const many = Array.from({ length: 4 }, (_, nth) => ({ name: `p${nth}`, address: "127.0.0.1" }));
    expect(warming({ pops: many }).provider.reach).toContain("through 4 PoPs;");
  });

  it("refuses URLs of hosts that are not listed", () => {
    const { provider } = warming({ allowedDomains: ["*.example.com"] });
    expect(provider.refusalOf?.("https://media.example.com/a")).toBeUndefined();
    expect(provider.refusalOf?.("https://example.org/a")).toMatchObject({ code: "forbidden_domain" });
  });

  it("rejects a submit with an asset or without progress, and sends nothing", async () => {
    const { provider } = warming();
    const call = { signal: never, turn: () => Promise.reject(new Error("It took its turn")) };
    await expect(provider.submit({ kind: "asset", assetId: "a" }, call)).rejects.toMatchObject({
      name: "PrefetchError",
      code: "unsupported",
    });
    await expect(provider.submit({ kind: "urls", urls: ["https://a.example/"] }, call)).rejects.toThrow(TypeError);
  });

  it("sends nothing before its turn", async () => {
    const origin = await startOrigin((_, response) => response.end("x"));
    const { provider } = warming();
    const progress = { taskId: "pf_1", taskBytes: 0, settled: () => undefined, moved: () => undefined };
    const stopped = new PrefetchError("cancelled", "No turn for you");
    const call = { signal: never, turn: () => Promise.reject(stopped), progress };
    await expect(provider.submit({ kind: "urls", urls: [origin.url("/")] }, call)).rejects.toBe(stopped);
    expect(origin.seen).toEqual([]);
  });

  it("verifies a URL while warming uses all connections to its host", async () => {
    const origin = await startOrigin((request, response) => {
      if (request.url === "/endless") response.writeHead(200, cacheable).flushHeaders();
      else response.writeHead(200, { ...cacheable, "x-cache": "HIT" }).end("x");
    });
    const { provider, warm } = warming({ limits: { requestsPerHost: 1 } });
    const stop = new AbortController();
    const warmed = warm([origin.url("/endless")], { signal: stop.signal }).catch(() => "stopped");
    await until(() => origin.seen).toEqual(["/endless"]);
    expect(await provider.edge?.verify(origin.url("/a"), never)).toMatchObject([{ state: "warm" }]);
    stop.abort(new Error("The test is over"));
    expect(await warmed).toBe("stopped");
  });

  it("sends nothing after it was closed", async () => {
    const origin = await startOrigin((_, response) => response.end("x"));
    const { provider, outcomeOf } = warming();
    await outcomeOf(origin.url("/a"));
    await provider.close();
    await provider.close();
    expect(await outcomeOf(origin.url("/b"))).toMatchObject({ state: "failed" });
    expect(origin.seen).toEqual(["/a"]);
  });
});
