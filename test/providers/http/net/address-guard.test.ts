/** The guard as a whole, on real sockets. Its rules, names, PoPs, TLS and known bypasses have test files of their own. */

import type { ServerResponse } from "node:http";
import net from "node:net";
import { interceptors, request } from "undici";
import { describe, expect, it, vi } from "vitest";
import { canary, closeAfterwards, recordDialling, UNASSIGNED } from "../network-harness.ts";
import { ask, failure, guardOf, HERE, refusal, resolvesTo } from "./guard-harness.ts";

it("refuses a request with its own Host header", async () => {
  const server = await canary();
  const dispatcher = guardOf({ allowLoopback: true }).dispatcher();
  const forms = [{ Host: "inner.example" }, ["hOST", "inner.example"], new Map([["host", "inner.example"]])];
  for (const headers of forms) {
    await refusal(() => request(`http://${HERE}:${server.port}/`, { dispatcher, headers }));
  }
  await request(`http://${HERE}:${server.port}/`, { dispatcher, headers: ["x-forwarded", "host"] });
  expect(server.requests).toEqual([`GET ${HERE}:${server.port} /`]);
});

describe("a redirect", () => {
  const away = async (location: string) => canary({ answer: (_, response) => response.writeHead(302, { location }).end() });

  it("is returned, not followed", async () => {
    const trap = await canary();
    const server = await away(`http://${HERE}:${trap.port}/`);
    const { statusCode, headers } = await request(`http://${HERE}:${server.port}/`, {
      dispatcher: guardOf({ allowLoopback: true }).dispatcher(),
    });
    expect([statusCode, headers.location]).toEqual([302, `http://${HERE}:${trap.port}/`]);
    expect(trap.connections).toBe(0);
  });

  it("is checked again when an interceptor follows it", async () => {
    const dialled = recordDialling();
    for (const location of [
      "http://10.0.0.5/",
      "http://169.254.169.254/latest/meta-data/",
      "http://[::ffff:a9fe:a9fe]/",
      "http://inner.example/",
    ]) {
      const server = await away(location);
      const guard = guardOf({ allowLoopback: true, lookup: resolvesTo("192.168.0.7") });
      const dispatcher = guard.dispatcher().compose(interceptors.redirect({ maxRedirections: 3 }));
      await refusal(() => request(`http://${HERE}:${server.port}/`, { dispatcher }));
      expect(dialled.splice(0)).toEqual([HERE]);
    }
  });
});

it("ignores the proxy variables of the environment", async () => {
  const [proxy, server] = [await canary(), await canary()];
  for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]) {
    vi.stubEnv(name, `http://${HERE}:${proxy.port}`);
  }
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  vi.stubEnv("NO_PROXY", "");
  closeAfterwards(() => vi.unstubAllEnvs());
  expect(await ask(guardOf({ allowLoopback: true }), `http://${HERE}:${server.port}/`)).toBe("here");
  await refusal(() => ask(guardOf({ lookup: resolvesTo("10.0.0.5") }), "https://inner.example/"));
  expect(proxy.connections).toBe(0);
});

describe("connections", () => {
  it("stay open after HEAD with reset: false", async () => {
    const server = await canary();
    const dispatcher = guardOf({ allowLoopback: true, connections: 1 }).dispatcher();
    for (let i = 0; i < 5; i += 1) {
      const { body } = await request(`http://${HERE}:${server.port}/`, { dispatcher, method: "HEAD", reset: false });
      await body.dump();
    }
    expect(server.connections).toBe(1);
  });

  it("are no more than allowed", async () => {
    const held: ServerResponse[] = [];
    let isFree = false;
    const server = await canary({ answer: (_, response) => (isFree ? response.end() : held.push(response)) });
    const guard = guardOf({ allowLoopback: true, connections: 2 });
    const all = Promise.all(Array.from({ length: 10 }, () => ask(guard, `http://${HERE}:${server.port}/`)));
    await server.requested(2);
    isFree = true;
    for (const response of held) response.end();
    await all;
    expect(server.requests).toHaveLength(10);
    expect(server.connections).toBe(2);
  });

  it("report a refusal with its code", async () => {
    const { port, close } = await canary();
    await close();
    const error = await failure(() => ask(guardOf({ allowLoopback: true }), `http://${HERE}:${port}/`));
    expect(error).toMatchObject({
      code: "vendor_unavailable",
      retryable: true,
      message: `The connection to ${HERE} failed (ECONNREFUSED)`,
    });
  });

  it("try the next checked address when one does not answer", async () => {
    const server = await canary();
    const guard = guardOf({ allowLoopback: true, ports: [server.port], lookup: resolvesTo(UNASSIGNED, HERE) });
    // As Node does with --no-network-family-autoselection.
    const usual = net.getDefaultAutoSelectFamily();
    net.setDefaultAutoSelectFamily(false);
    closeAfterwards(() => net.setDefaultAutoSelectFamily(usual));
    const usualMs = net.getDefaultAutoSelectFamilyAttemptTimeout();
    net.setDefaultAutoSelectFamilyAttemptTimeout(10);
    closeAfterwards(() => net.setDefaultAutoSelectFamilyAttemptTimeout(usualMs));
    expect(await ask(guard, `http://media.example:${server.port}/`)).toBe("here");
  });

  it("accept 40,000 bytes of response headers", async () => {
    const server = await canary({ answer: (_, response) => response.writeHead(200, { "x-long": "x".repeat(40_000) }).end("here") });
    expect(await ask(guardOf({ allowLoopback: true }), `http://${HERE}:${server.port}/`)).toBe("here");
  });

  it("fail on 70,000 bytes of response headers", async () => {
    const server = await canary({ answer: (_, response) => response.writeHead(200, { "x-long": "x".repeat(70_000) }).end() });
    await expect(ask(guardOf({ allowLoopback: true }), `http://${HERE}:${server.port}/`)).rejects.toMatchObject({
      code: "UND_ERR_HEADERS_OVERFLOW",
    });
  });

  it("end when the guard closes", async () => {
    const server = await canary({ answer: () => undefined });
    const guard = guardOf({ allowLoopback: true });
    const asking = ask(guard, `http://${HERE}:${server.port}/`).catch((error: unknown) => error);
    await server.requested(1);
    await guard.close();
    expect(await asking).toMatchObject({ code: "UND_ERR_DESTROYED" });
  });
});
