/** Vendors' APIs through a real CONNECT proxy. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { ProxySettings } from "../../../src/base/proxy-settings.ts";
import { createHttpClient, type HttpRequest } from "../../../src/providers/kit/http-client.ts";
import { shownProxies } from "../../../src/providers/kit/proxy.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { closeAfterwards } from "../http/network-harness.ts";
import { startProxy } from "../http/proxy-harness.ts";

async function vendor(): Promise<{ readonly port: number; readonly seen: readonly string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.host}${request.url}`);
    response.end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closeAfterwards(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

function client(proxy: ProxySettings) {
  const http = createHttpClient({ provider: "p", userAgent: "t", clock: { now: () => 0 }, proxy });
  closeAfterwards(() => http.close());
  return (url: string, intent: HttpRequest["intent"] = "read") =>
    http.send({ method: "POST", url: new URL(url), headers: {}, body: "{}", intent, signal });
}

describe("a vendor's API behind a proxy", () => {
  it.each(["read", "spend"] as const)("is reached through a tunnel, although this machine cannot resolve it, by a %s", async (intent) => {
    const [proxy, api] = [await startProxy(), await vendor()];
    const answer = await client({ http: proxy.url })(`http://vod.vendor.test:${api.port}/tasks`, intent);
    expect(answer).toMatchObject({ status: 200, text: '{"ok":true}' });
    expect(proxy.asked).toEqual([`CONNECT vod.vendor.test:${api.port}`]);
    expect(api.seen).toEqual([`POST vod.vendor.test:${api.port}/tasks`]);
  });

  it("is reached directly when NO_PROXY lists it, and on loopback", async () => {
    const [proxy, api] = [await startProxy(), await vendor()];
    await client({ http: proxy.url, bypass: "*" })(`http://localhost:${api.port}/a`);
    await client({ http: proxy.url })(`http://127.0.0.1:${api.port}/b`);
    expect(proxy.asked).toEqual([]);
    expect(api.seen).toHaveLength(2);
  });

  it("was not sent anything when the proxy refuses the tunnel", async () => {
    const proxy = await startProxy({ answer: "403 Forbidden" });
    const url = proxy.url.replace("//", "//user:pass-of-the-proxy@");
    const error: unknown = await client({ http: url })("http://vod.vendor.test/tasks", "spend").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent", retryable: true });
    expect(String(error)).toMatch(/The proxy 127\.0\.0\.1:\d+ refused the way to vod\.vendor\.test \(status 403\)/);
    expect(JSON.stringify(error) + String(error)).not.toContain("pass-of-the-proxy");
  });

  it("names the proxy when the proxy is down", async () => {
    const send = client({ https: "http://127.0.0.1:9" });
    await expect(send("https://vod.vendor.test/tasks", "spend")).rejects.toMatchObject({
      delivery: "not_sent",
      message: "The connection to vod.vendor.test failed (ECONNREFUSED)",
      hint: expect.stringMatching(/^Check the proxy 127\.0\.0\.1:9, .*NO_PROXY/),
    });
  });
});

it("shownProxies hides the user and the password, and names a proxy once", () => {
  const url = "http://user:secret@proxy.example:3128/";
  expect(shownProxies({ https: url, http: url })).toBe("proxy.example:3128");
});
