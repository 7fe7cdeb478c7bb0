import { once } from "node:events";
import { createSecureServer } from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { describe, expect, it, vi } from "vitest";
import { certificates, trusted } from "../../../system/harness/certificates-harness.ts";
import { canary, closeAfterwards, passUndiciTime } from "../network-harness.ts";
import { ask, failure, guardOf, HERE } from "./guard-harness.ts";

async function listening(server: net.Server): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  server.on("connection", (socket: net.Socket) => {
    connections += 1;
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, HERE, resolve));
  closeAfterwards(() => new Promise((resolve) => server.close(resolve)));
  return { url: `https://${HERE}:${(server.address() as net.AddressInfo).port}/`, connections: () => connections };
}

describe("TLS", () => {
  const pop = { name: "fra", address: HERE };

  it("checks the certificate against the URL's host, also at a PoP", async () => {
    const server = await canary({ certificate: certificates["of another name"] });
    const guard = guardOf({ allowLoopback: true, ca: [...trusted] });
    expect(await ask(guard, `https://elsewhere.example:${server.port}/`, pop)).toBe("here");
    expect(server.requests).toEqual([`GET elsewhere.example:${server.port} /`]);
    const here = await canary({ certificate: certificates.good });
    expect(await ask(guard, `https://${HERE}:${here.port}/`)).toBe("here");
  });

  it.each([
    ["of another name", "is for other names (ERR_TLS_CERT_ALTNAME_INVALID)"],
    ["expired", "has expired (CERT_HAS_EXPIRED)"],
    ["of nobody known", "is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)"],
  ] as const)("refuses a certificate that is %s", async (name, why) => {
    const server = await canary({ certificate: certificates[name] });
    // Makes Node accept every certificate by default.
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    closeAfterwards(() => vi.unstubAllEnvs());
    const guard = guardOf({ allowLoopback: true, ca: [...trusted] });
    for (const at of [undefined, pop]) {
      const host = at ? "media.example" : HERE;
      const error = await failure(() => ask(guard, `https://${host}:${server.port}/`, at));
      expect(error).toMatchObject({ code: "vendor_unavailable", retryable: false });
      expect(error.message).toBe(`The TLS certificate of ${host} ${why}`);
      expect(error.hint).toContain("certificate");
    }
    expect(server.requests).toEqual([]);
  });

  it("reports a port that does not speak TLS", async () => {
    const { port } = await canary();
    const error = await failure(() => ask(guardOf({ allowLoopback: true }), `https://${HERE}:${port}/`));
    expect(error).toMatchObject({ code: "vendor_unavailable", retryable: false });
    expect(error.message).toMatch(/^127\.0\.0\.1 does not speak TLS there \(\w+\)$/);
    expect(error.hint).toContain("scheme");
  });

  it("offers HTTP/1.1 only", async () => {
    const seen: string[] = [];
    const server = createSecureServer({ ...certificates.good, allowHTTP1: true }, (asked, response) => {
      seen.push(asked.httpVersion);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, HERE, resolve));
    const guard = guardOf({ allowLoopback: true, ca: [...trusted] });
    closeAfterwards(() => new Promise((resolve) => server.close(resolve)));
    closeAfterwards(() => guard.close());
    const { port } = server.address() as net.AddressInfo;
    await ask(guard, `https://${HERE}:${port}/`);
    expect(seen).toEqual(["1.1"]);
  });

  it("says that the server speaks HTTP/2 only, after one connection", async () => {
    const server = createSecureServer({ ...certificates.good, allowHTTP1: false });
    server.on("tlsClientError", () => undefined);
    const { url, connections } = await listening(server);
    const error = await failure(() => ask(guardOf({ allowLoopback: true, ca: [...trusted] }), url));
    expect(error).toMatchObject({ code: "vendor_unavailable", retryable: false, hint: expect.stringContaining("HTTP/1.1") });
    expect(error.message).toMatch(/ speaks HTTP\/2 only, /);
    expect(connections()).toBe(1);
  });

  it.each([undefined, "DEFAULT@SECLEVEL=0"])("says that the server offers TLS 1.1 only, with the ciphers %s", async (ciphers) => {
    const server = tls.createServer({ ...certificates.good, minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ...(ciphers && { ciphers }) });
    server.on("tlsClientError", () => undefined);
    const { url } = await listening(server);
    const error = await failure(() => ask(guardOf({ allowLoopback: true, ca: [...trusted] }), url));
    expect(error).toMatchObject({ code: "vendor_unavailable", retryable: false, hint: expect.stringContaining("TLS 1.2") });
    expect(error.message).toContain(" offers no TLS version from 1.2 on ");
  });

  it("says that the server asks for a client certificate", async () => {
    const server = tls.createServer({ ...certificates.good, requestCert: true, rejectUnauthorized: true, maxVersion: "TLSv1.2" });
    server.on("tlsClientError", () => undefined);
    const { url } = await listening(server);
    const error = await failure(() => ask(guardOf({ allowLoopback: true, ca: [...trusted] }), url));
    expect(error).toMatchObject({ retryable: false, hint: expect.stringContaining("client certificate") });
  });

  it("times out when the server is silent during the handshake", async () => {
    const silent = net.createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, HERE, resolve));
    closeAfterwards(() => new Promise((resolve) => silent.close(resolve)));
    const { port } = silent.address() as net.AddressInfo;
    const failing = failure(() => ask(guardOf({ allowLoopback: true, connectMs: 60_000 }), `https://${HERE}:${port}/`));
    await once(silent, "connection");
    passUndiciTime(60_000);
    const cause = expect.objectContaining({ message: expect.stringContaining("timeout: 60000ms") });
    expect(await failing).toMatchObject({ code: "timeout", retryable: true, cause });
  });
});
