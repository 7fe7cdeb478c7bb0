import { describe, expect, it, vi } from "vitest";
import { createTargetRules } from "../../../../src/providers/http/net/target-rules.ts";
import { canary, recordDialling, UNASSIGNED } from "../network-harness.ts";
import { ask, guardOf, HERE, refusal, resolvesTo } from "./guard-harness.ts";

describe("scheme rules", () => {
  it("allows http and https only", () => {
    for (const protocol of ["ftp:", "ws:", "file:", ""]) {
      const error = expect.objectContaining({ code: "forbidden_domain" });
      expect(() => createTargetRules({ allowLoopback: true }).checkTarget({ protocol, hostname: "media.example", port: "" })).toThrow(
        error,
      );
    }
  });
});

describe("host rules", () => {
  const allowedDomains = ["*.cdn.example", "Exact.example", "[2001:4860::8888]"];

  it.each([
    ["http://a.cdn.example/x#part", "http://a.cdn.example/x"],
    ["HTTPS://A.B.CDN.EXAMPLE:443/x?q=1", "https://a.b.cdn.example/x?q=1"],
    ["https://exact.example:80/ü", "https://exact.example:80/%C3%BC"],
    ["http://exact.example\\x", "http://exact.example/x"],
    ["https://[2001:4860:0::8888]/x", "https://[2001:4860::8888]/x"],
  ])("allow a listed host: %s", (input, url) => {
    expect(guardOf({ allowedDomains }).checkUrl(input).href).toBe(url);
  });

  it.each([
    "cdn.example",
    "evilcdn.example",
    "a.cdn.example.evil.example",
    "a.cdn.example.",
    "exact.example.evil.example",
    "www.exact.example",
    "exact.example.",
    "ехact.example",
    "exact%2eexample.evil",
    "93.184.215.14",
    "[2606:4700::1111]",
  ])("refuse an unlisted host before its lookup: %s", async (host) => {
    const dialled = recordDialling();
    const asked = vi.fn(resolvesTo(UNASSIGNED));
    const guard = guardOf({ allowedDomains, lookup: asked });
    const error = await refusal(() => guard.checkUrl(`http://${host}/`));
    expect(error.message).toContain("PREFETCH_ALLOWED_DOMAINS");
    await refusal(() => ask(guard, `http://${host}/`));
    expect(asked).not.toHaveBeenCalled();
    expect(dialled).toEqual([]);
  });

  it("allow every public host without a list", () => {
    for (const url of [
      "http://example.com/",
      "https://93.184.215.14/",
      "https://[2606:4700::1111]/",
      "http://bücher.example/",
      "http://1.1.1.1:443/",
    ]) {
      expect(guardOf().checkUrl(url).href).toBe(new URL(url).href);
    }
    expect(guardOf({ ports: [8080] }).checkUrl("http://example.com:8080/").port).toBe("8080");
  });

  it("refuse a closed port before the lookup", async () => {
    const asked = vi.fn(resolvesTo(UNASSIGNED));
    const error = await refusal(() => ask(guardOf({ lookup: asked, ports: [8080] }), "http://media.example:6379/"));
    expect(error.message).toContain("Port 6379 of media.example is not an open port");
    expect(error.hint).toContain("80, 443, 8080");
    expect(asked).not.toHaveBeenCalled();
  });
});

describe("allowLoopback", () => {
  it("opens loopback on every port and in every spelling", async () => {
    const server = await canary();
    const guard = guardOf({ allowLoopback: true, lookup: resolvesTo(HERE) });
    for (const host of [HERE, "127.1", "2130706433", "[::ffff:127.0.0.1]", "localhost", "any.example"]) {
      expect(await ask(guard, guard.checkUrl(`http://${host}:${server.port}/`))).toBe("here");
    }
  });

  it("opens no other private address, and no port of another host", async () => {
    const dialled = recordDialling();
    const guard = guardOf({ allowLoopback: true, lookup: resolvesTo("10.0.0.5") });
    for (const host of [
      "10.0.0.5",
      "0.0.0.0",
      "[::]",
      "169.254.169.254",
      "[fd00::1]",
      "[::ffff:10.0.0.5]",
      "[::127.0.0.1]",
      "100.100.100.200",
    ]) {
      await refusal(() => guard.checkUrl(`http://${host}/`));
      await refusal(() => ask(guard, `http://${host}/`));
    }
    await refusal(() => ask(guard, "http://localhost/"));
    await refusal(() => guard.checkUrl("http://93.184.215.14:6379/"));
    await refusal(() => ask(guardOf({ allowLoopback: true, lookup: resolvesTo(UNASSIGNED) }), "http://media.example:6379/"));
    await refusal(() => ask(guardOf({ allowLoopback: true, lookup: resolvesTo(HERE, UNASSIGNED) }), "http://media.example:6379/"));
    expect(dialled).toEqual([]);
  });
});
