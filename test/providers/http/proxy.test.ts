/** PREFETCH_HTTP_PROXY: URLs are fetched through a real proxy, with every check that this machine can still make. */

import { describe, expect, it } from "vitest";
import { certificates, trusted } from "../../system/harness/certificates-harness.ts";
import { ask, failure, guardOf, refusal } from "./net/guard-harness.ts";
import { canary, passUndiciTime } from "./network-harness.ts";
import { startOrigin } from "./origin-harness.ts";
import { startProxy } from "./proxy-harness.ts";
import { cacheable, until, warming } from "./warming-harness.ts";

const unknownHere = async (): Promise<string[]> => {
  throw Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
};
/** A name outside loopback, so that NO_PROXY's implicit entries do not apply. */
const HOST = "media.test";

describe("a URL behind a proxy", () => {
  it("is fetched through a tunnel, also over plain HTTP, although this machine cannot resolve its name", async () => {
    const proxy = await startProxy();
    const origin = await startOrigin((_, response) => response.writeHead(200, cacheable).end("content"));
    const { outcomeOf } = warming({ lookup: unknownHere, proxy: { http: proxy.url } });
    const url = origin.url("/a", HOST);
    expect(await outcomeOf(url)).toMatchObject({ state: "succeeded", reason: expect.stringContaining("Received 7 bytes") });
    expect(proxy.asked).toEqual([`CONNECT ${new URL(url).host}`]);
    expect(origin.seen).toEqual(["/a"]);
  });

  it("is fetched over TLS with the check of its own certificate", async () => {
    const proxy = await startProxy();
    const good = await canary({ certificate: certificates["of another name"] });
    const { outcomeOf } = warming({ lookup: unknownHere, proxy: { https: proxy.url }, ca: [...trusted] });
    expect(await outcomeOf(`https://elsewhere.example:${good.port}/a`)).toMatchObject({ state: "succeeded" });
    expect(await outcomeOf(`https://other.example:${good.port}/a`)).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
    });
    expect(good.requests).toHaveLength(1);
  });

  it("is fetched directly when NO_PROXY lists its host, and on loopback", async () => {
    const proxy = await startProxy();
    const origin = await startOrigin((_, response) => response.writeHead(200, cacheable).end("x"));
    const { outcomeOf } = warming({ proxy: { http: proxy.url, https: proxy.url, bypass: ".media.test, other.test" } });
    for (const url of [origin.url("/a", HOST), origin.url("/b", "a.media.test"), origin.url("/c")]) {
      expect(await outcomeOf(url)).toMatchObject({ state: "succeeded" });
    }
    expect(proxy.asked).toEqual([]);
  });

  it("names the proxy when the proxy refuses the tunnel or is down, and never its password", async () => {
    const refusing = await startProxy({ answer: "407 Proxy Authentication Required" });
    const withPassword = refusing.url.replace("//", "//user:pass-of-the-proxy@");
    const refused = await warming({ proxy: { http: withPassword } }).outcomeOf(`http://${HOST}:8080/a`);
    expect(refused).toMatchObject({ state: "failed", code: "vendor_unavailable" });
    expect(refused.reason).toMatch(/The proxy 127\.0\.0\.1:\d+ refused the way to media\.test:8080 \(status 407\)\. .*HTTPS_PROXY/);
    expect(refused.reason).not.toContain("pass-of-the-proxy");
    expect(refusing.authorizations[0]).toBe(`Basic ${Buffer.from("user:pass-of-the-proxy").toString("base64")}`);
    const down = await warming({ proxy: { http: "http://127.0.0.1:9" } }).outcomeOf(`http://${HOST}/a`);
    expect(down).toMatchObject({ state: "failed", reason: expect.stringContaining("through the proxy 127.0.0.1:9 failed (ECONNREFUSED)") });
  });

  it("times out when the proxy does not answer", async () => {
    const proxy = await startProxy({ isSilent: true });
    const guard = guardOf({ lookup: unknownHere, proxy: { http: proxy.url }, connectMs: 60_000 });
    const failing = failure(() => ask(guard, `http://${HOST}/a`));
    await until(() => proxy.asked.length).toBe(1);
    passUndiciTime(60_000);
    expect(await failing).toMatchObject({ code: "timeout", retryable: true, message: expect.stringContaining("through the proxy") });
  });
});

describe("the address guard behind a proxy", () => {
  it.each([
    ["an address in the URL", "http://10.1.2.3/", undefined],
    ["the cloud's metadata service", "http://169.254.169.254/latest", undefined],
    ["localhost", "http://localhost/", undefined],
    ["a name that resolves to a private address here", "http://internal.test/", ["10.1.2.3"]],
    ["a closed port", "http://media.test:22/", undefined],
    ["a host that is not listed", "http://elsewhere.example/", undefined],
  ] as const)("refuses %s before it asks the proxy", async (_, url, addresses) => {
    const proxy = await startProxy();
    const lookup = addresses ? async () => [...addresses] : unknownHere;
    const allowedDomains = ["10.1.2.3", "169.254.169.254", "localhost", "internal.test", "media.test"];
    const guard = guardOf({ lookup, proxy: { http: proxy.url }, allowedDomains });
    await refusal(() => ask(guard, url));
    expect(proxy.asked).toEqual([]);
  });
});
