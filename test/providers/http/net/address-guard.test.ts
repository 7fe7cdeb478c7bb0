/** The door to the network, tried with every way around it that is known, on real sockets: what is refused is never even dialled. */

import { createSecureServer } from "node:http2";
import net from "node:net";
import { interceptors, request } from "undici";
import { describe, expect, it, vi } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import { type AddressGuard, type AddressGuardOptions, createAddressGuard } from "../../../../src/providers/http/net/address-guard.ts";
import { describeFailure } from "../../../../src/providers/http/net/refusal.ts";
import { type Pop, rulesOf } from "../../../../src/providers/http/net/target-rules.ts";
import { certificates, trusted } from "../../../system/harness/certificates-harness.ts";
import { canary, closeAfterwards, nameServer, recordDialling } from "../network-harness.ts";
import { bypasses } from "./bypasses.ts";

/** Public by every rule, yet of a block that IANA keeps to itself: nobody is there to be bothered. */
const NOBODY = "2d00:1234::1";
const HERE = "127.0.0.1";

function guardOf(options: AddressGuardOptions = {}): AddressGuard {
  const guard = createAddressGuard({ connectMs: 1_000, ...options });
  closeAfterwards(() => guard.close());
  return guard;
}

const resolvesTo =
  (...addresses: string[]) =>
  async () =>
    addresses;

/** Asks past `checkUrl`, so that the connection alone has to hold. */
async function ask(guard: AddressGuard, url: string | URL, pop?: Pop): Promise<string> {
  const { body } = await request(url, { dispatcher: guard.dispatcher(pop) });
  return body.text();
}

async function failure(work: () => unknown): Promise<PrefetchError> {
  const error = await (async () => work())().then(
    (answer) => new Error(`It was let through: ${answer}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrefetchError)) throw error;
  expect(error.delivery).toBe("not_sent");
  return error;
}

async function refusal(work: () => unknown): Promise<PrefetchError> {
  const error = await failure(work);
  expect(error).toMatchObject({ code: "forbidden_domain", retryable: false });
  expect(error.hint).toMatch(/\S/);
  return error;
}

describe("no connection at all is made", () => {
  it("has no fewer than 80 forms to try", () => {
    const forms = bypasses(1).map(([form]) => form);
    expect(new Set(forms).size).toBe(forms.length);
    expect(forms.length).toBeGreaterThan(80);
  });

  it.each(bypasses(0).map(([form], index) => [JSON.stringify(form), index] as const))("for %s", async (_, index) => {
    const trap = await canary();
    // Open, so that it is the address that is refused and not the port.
    const guard = guardOf({ ports: [trap.port], lookup: resolvesTo(HERE) });
    const [form = "", refuser = "reading"] = bypasses(trap.port)[index] ?? [];
    const dialled = recordDialling();

    const url = await (async () => guard.checkUrl(form))().catch((error: unknown) => error);
    if (refuser === "connection") {
      if (!(url instanceof URL)) throw url;
      await refusal(() => ask(guard, url));
    } else {
      expect(url).toBeInstanceOf(PrefetchError);
      expect(url).toMatchObject({ code: refuser === "check" ? "forbidden_domain" : "invalid_argument", retryable: false });
    }

    const unchecked = await ask(guard, form).catch((error: unknown) => error);
    if (unchecked instanceof PrefetchError) expect(unchecked.code).toBe("forbidden_domain");
    else expect(unchecked).toMatchObject({ code: expect.stringMatching(/^(ERR_INVALID_URL|UND_ERR_INVALID_ARG)$/) });
    expect(dialled).toEqual([]);
    expect(trap.connections).toBe(0);
  });

  it("for other schemes, even if someone else has let them through", () => {
    for (const protocol of ["ftp:", "ws:", "file:", ""]) {
      const error = expect.objectContaining({ code: "forbidden_domain" });
      expect(() => rulesOf({ allowLoopback: true }).checkTarget({ protocol, hostname: "media.example", port: "" })).toThrow(error);
    }
  });

  it("for what is no text", () => {
    for (const input of [undefined, null, 2130706433, ["http://example.com/"], { href: "http://example.com/" }]) {
      expect(() => guardOf().checkUrl(input)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    }
  });
});

describe("a host", () => {
  const allowedDomains = ["*.cdn.example", "Exact.example", "[2001:4860::8888]"];

  it.each([
    ["http://a.cdn.example/x#part", "http://a.cdn.example/x"],
    ["HTTPS://A.B.CDN.EXAMPLE:443/x?q=1", "https://a.b.cdn.example/x?q=1"],
    ["https://exact.example:80/ü", "https://exact.example:80/%C3%BC"],
    ["http://exact.example\\x", "http://exact.example/x"],
    ["https://[2001:4860:0::8888]/x", "https://[2001:4860::8888]/x"],
  ])("that is listed passes: %s", (input, url) => {
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
  ])("that is not listed is refused, by the connection too: %s", async (host) => {
    const dialled = recordDialling();
    const asked = vi.fn(resolvesTo(NOBODY));
    const guard = guardOf({ allowedDomains, lookup: asked });
    const error = await refusal(() => guard.checkUrl(`http://${host}/`));
    expect(error.message).toContain("PREFETCH_ALLOWED_DOMAINS");
    await refusal(() => ask(guard, `http://${host}/`));
    expect(asked).not.toHaveBeenCalled();
    expect(dialled).toEqual([]);
  });

  it("passes if it is public, where no list is given", () => {
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

  it("is dialled at its public address", async () => {
    const dialled = recordDialling();
    const guard = guardOf({ lookup: resolvesTo(NOBODY) });
    for (const url of ["http://media.example/", "https://media.example/", `http://[${NOBODY}]/`]) {
      expect((await failure(() => ask(guard, url))).code).toMatch(/^(vendor_unavailable|timeout)$/);
    }
    expect(dialled).toEqual([NOBODY, NOBODY, NOBODY]);
  });

  it("with a port that is not open is not even looked up", async () => {
    const asked = vi.fn(resolvesTo(NOBODY));
    const error = await refusal(() => ask(guardOf({ lookup: asked, ports: [8080] }), "http://media.example:6379/"));
    expect(error.message).toContain("media.example is asked for at port 6379");
    expect(error.hint).toContain("80, 443, 8080");
    expect(asked).not.toHaveBeenCalled();
  });

  it("cannot be exchanged by a header", async () => {
    const server = await canary();
    const dispatcher = guardOf({ allowLoopback: true }).dispatcher();
    const forms = [{ Host: "inner.example" }, ["hOST", "inner.example"], new Map([["host", "inner.example"]])];
    for (const headers of forms) {
      await refusal(() => request(`http://${HERE}:${server.port}/`, { dispatcher, headers }));
    }
    await request(`http://${HERE}:${server.port}/`, { dispatcher, headers: ["x-forwarded", "host"] });
    expect(server.requests).toEqual([`GET ${HERE}:${server.port} /`]);
  });
});

describe("a name", () => {
  it("whose answer changes to a private address is refused from then on", async () => {
    const trap = await canary();
    const names = await nameServer({ "rebind.example": [[NOBODY], [HERE], ["10.0.0.5"], ["::1"]] });
    const guard = guardOf({ ports: [trap.port], lookup: names.lookup });
    const dialled = recordDialling();
    const url = guard.checkUrl(`http://rebind.example:${trap.port}/`);

    await failure(() => ask(guard, url));
    for (const address of [HERE, "10.0.0.5", "::1"]) {
      const { message, hint } = await refusal(() => ask(guard, url));
      expect(message).toBe(`rebind.example resolves to ${address}, which is not a public address`);
      expect(hint).toContain("Only public addresses");
    }
    expect(dialled).toEqual([NOBODY]);
    expect(trap.connections).toBe(0);
    // Four connections, four lookups: no answer was asked for twice and so could differ in between.
    expect(names.questions.toSorted()).toEqual([...Array(4).fill("A rebind.example"), ...Array(4).fill("AAAA rebind.example")]);
  });

  it.each([
    ["first", [HERE, NOBODY]],
    ["last", [NOBODY, HERE]],
    ["of the other kind", [NOBODY, "93.184.215.14", "10.0.0.5"]],
    ["in disguise", [NOBODY, "::ffff:7f00:1"]],
    ["of the cloud", ["93.184.215.14", "169.254.169.254"]],
  ])("with a private address among its own is refused as a whole: %s", async (_, addresses) => {
    const trap = await canary();
    const names = await nameServer({ "mixed.example": [addresses] });
    const dialled = recordDialling();
    await refusal(() => ask(guardOf({ ports: [trap.port], lookup: names.lookup }), `http://mixed.example:${trap.port}/`));
    expect(dialled).toEqual([]);
    expect(trap.connections).toBe(0);
  });

  it("is looked up once a connection, and not for a request on a kept one", async () => {
    const server = await canary({
      answer: (asked, response) => response.writeHead(200, asked.url === "/last" ? { connection: "close" } : {}).end(),
    });
    const names = await nameServer({ "media.example": [[HERE]] });
    const guard = guardOf({ allowLoopback: true, lookup: names.lookup });
    for (const path of ["a", "b", "last", "c"]) await ask(guard, `http://media.example:${server.port}/${path}`);
    expect(server.requests).toHaveLength(4);
    expect(server.connections).toBe(2);
    expect(names.questions.filter((question) => question.startsWith("A "))).toHaveLength(2);
  });

  it("that changes under a kept connection gains nothing with the next one", async () => {
    const server = await canary({ answer: (_, response) => response.writeHead(200, { connection: "close" }).end() });
    const names = await nameServer({ "media.example": [[HERE], ["192.168.0.7"], [HERE]] });
    const guard = guardOf({ allowLoopback: true, lookup: names.lookup });
    const url = `http://media.example:${server.port}/`;
    await ask(guard, url);
    await refusal(() => ask(guard, url));
    await ask(guard, url);
    expect(server.connections).toBe(2);
  });

  it("that does not exist, or has no address, is said to be so and may be tried again", async () => {
    const names = await nameServer({ "empty.example": [[]] });
    for (const [host, why] of [
      ["none.example", "ENOTFOUND"],
      ["empty.example", "ENODATA"],
    ]) {
      const error = await failure(() => ask(guardOf({ lookup: names.lookup }), `http://${host}/`));
      expect(error).toMatchObject({ code: "vendor_unavailable", retryable: true, message: `The connection to ${host} failed (${why})` });
    }
    expect((await failure(() => ask(guardOf({ lookup: resolvesTo() }), "http://void.example/"))).message).toContain("no address");
  });

  it("whose lookup hangs ends with the time to connect, and is not dialled afterwards", async () => {
    const dialled = recordDialling();
    const late = Promise.withResolvers<string[]>();
    const begun = performance.now();
    const guard = guardOf({ allowLoopback: true, connectMs: 300, lookup: () => late.promise });
    expect(await failure(() => ask(guard, "http://slow.example/"))).toMatchObject({ code: "timeout", retryable: true });
    expect(performance.now() - begun).toBeLessThan(5_000);
    late.resolve([HERE]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(dialled).toEqual([]);
  });

  it("is asked of the system by default", async () => {
    const trap = await canary();
    await ask(guardOf({ allowLoopback: true }), `http://localhost:${trap.port}/`).catch(() => undefined);
    expect(trap.connections).toBe(1);
    expect((await failure(() => ask(guardOf(), "http://no-such-host.invalid/"))).code).toBe("vendor_unavailable");
  });
});

it("a connection that ended up elsewhere is closed before a byte is sent", async () => {
  const trap = await canary();
  const { connect } = net;
  const dial = vi.spyOn(net, "connect").mockImplementation((...args: unknown[]) => {
    const asked = args[0];
    if (typeof asked === "object" && asked !== null && "lookup" in asked && typeof asked.lookup === "function") {
      asked.lookup("media.example", { all: true }, () => undefined);
    }
    return connect(trap.port, HERE);
  });
  closeAfterwards(() => dial.mockRestore());
  const error = await refusal(() => ask(guardOf({ lookup: resolvesTo(NOBODY) }), "http://media.example/"));
  expect(error.message).toBe("media.example was reached at 127.0.0.1, not at an address that was checked");
  await vi.waitFor(() => expect(trap.closed).toBe(1));
  expect(trap).toMatchObject({ connections: 1, received: 0, requests: [] });
});

describe("a PoP", () => {
  it("is dialled instead of what DNS says, and all else stays", async () => {
    const server = await canary();
    const asked = vi.fn(resolvesTo(NOBODY));
    const guard = guardOf({ allowLoopback: true, lookup: asked });
    expect(await ask(guard, `http://media.example:${server.port}/x`, { name: "fra", address: HERE })).toBe("here");
    expect(server.requests).toEqual([`GET media.example:${server.port} /x`]);
    expect(asked).not.toHaveBeenCalled();
  });

  it("has connections of its own", async () => {
    const server = await canary();
    const guard = guardOf({ allowLoopback: true, connections: 1 });
    const one = { name: "one", address: HERE };
    const two = { name: "two", address: `::ffff:${HERE}` };
    for (const pop of [one, two, undefined, { ...one }, { ...two }]) {
      await ask(guard, `http://${pop ? "media.example" : HERE}:${server.port}/`, pop);
    }
    expect(server.requests).toHaveLength(5);
    expect(server.connections).toBe(3);
    expect(guard.dispatcher(one)).toBe(guard.dispatcher({ ...one }));
  });

  it("with a port is dialled there, and all else stays", async () => {
    const server = await canary({ certificate: certificates["of another name"] });
    const guard = guardOf({ allowLoopback: true, ca: [...trusted], lookup: resolvesTo(NOBODY) });
    const pop = { name: "fra", address: HERE, port: server.port };
    expect(await ask(guard, "https://elsewhere.example/x", pop)).toBe("here");
    expect(server.requests).toEqual(["GET elsewhere.example /x"]);
    const { message } = await failure(() => ask(guard, "https://media.example/", pop));
    expect(message).toContain("is for other names");
  });

  it("has connections of its own for each port", async () => {
    const [one, two] = [await canary(), await canary()];
    const guard = guardOf({ allowLoopback: true });
    for (const { port } of [one, two, one]) await ask(guard, "http://media.example/", { name: "fra", address: HERE, port });
    expect([one.requests.length, two.requests.length]).toEqual([2, 1]);
  });

  it.each([22, 6379, 0, 65_536, -1, 80.5, Number.NaN])("at port %d is refused", async (port) => {
    const dialled = recordDialling();
    const pop = { name: "fra", address: NOBODY, port };
    for (const allowLoopback of [false, true]) {
      const error = await refusal(() => guardOf({ ports: [8080], allowLoopback }).dispatcher(pop));
      expect(error.message).toBe(`PoP fra is pinned to port ${port}, which is not open`);
      expect(error.hint).toContain("80, 443, 8080");
    }
    expect(dialled).toEqual([]);
  });

  it.each([0, 65_536, -1, 80.5])("at port %d of this machine cannot be connected to either", async (port) => {
    const guard = guardOf({ allowLoopback: true });
    expect((await failure(() => ask(guard, "http://media.example/", { name: "fra", address: HERE, port }))).code).toBe(
      "vendor_unavailable",
    );
  });

  it("at an open port excuses neither the URL's port nor this machine", async () => {
    const dialled = recordDialling();
    const trap = await canary();
    const guard = guardOf({ ports: [trap.port] });
    await refusal(() => guard.dispatcher({ name: "fra", address: HERE, port: trap.port }));
    for (const allowLoopback of [false, true]) {
      await refusal(() => ask(guardOf({ allowLoopback }), "http://media.example:22/", { name: "fra", address: NOBODY, port: 443 }));
      await refusal(() => ask(guardOf({ allowLoopback }), "http://93.184.215.14/", { name: "fra", address: NOBODY, port: 443 }));
    }
    expect(dialled).toEqual([]);
    await failure(() => ask(guardOf({ ports: [8080] }), "https://media.example/", { name: "fra", address: NOBODY, port: 8080 }));
    expect(dialled).toEqual([NOBODY]);
  });

  it.each([
    "127.0.0.1",
    "127.1",
    "0177.0.0.1",
    "2130706433",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "10.0.0.5",
    "169.254.169.254",
    "168.63.129.16",
    "fe80::1%lo",
    "2606:4700::1111%lo",
    "64:ff9b::7f00:1",
    "localhost",
    "media.example",
    "127.0.0.1:80",
    "93.184.215.14/32",
    "",
  ])("at %j is refused", async (address) => {
    const dialled = recordDialling();
    const error = await refusal(() => guardOf().dispatcher({ name: "fra", address }));
    expect(error.message).toBe(`PoP fra is pinned to ${address}, which is not a public address`);
    expect(dialled).toEqual([]);
  });

  it("excuses neither the host nor the port", async () => {
    const guard = guardOf({ allowedDomains: ["*.cdn.example", "10.0.0.5", "93.184.215.14"] });
    const dialled = recordDialling();
    for (const host of ["other.example", "10.0.0.5", "93.184.215.14", "a.cdn.example:22"]) {
      await refusal(() => ask(guard, `http://${host}/`, { name: "fra", address: NOBODY }));
    }
    expect(dialled).toEqual([]);
  });
});

describe("loopback", () => {
  it("is opened by the option, on every port and in every spelling", async () => {
    const server = await canary();
    const guard = guardOf({ allowLoopback: true, lookup: resolvesTo(HERE) });
    for (const host of [HERE, "127.1", "2130706433", "[::ffff:127.0.0.1]", "localhost", "any.example"]) {
      expect(await ask(guard, guard.checkUrl(`http://${host}:${server.port}/`))).toBe("here");
    }
  });

  it("opens nothing else that is private, and no port of others", async () => {
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
    await refusal(() => ask(guardOf({ allowLoopback: true, lookup: resolvesTo(NOBODY) }), "http://media.example:6379/"));
    await refusal(() => ask(guardOf({ allowLoopback: true, lookup: resolvesTo(HERE, NOBODY) }), "http://media.example:6379/"));
    expect(dialled).toEqual([]);
  });
});

describe("a redirect", () => {
  const away = async (location: string) => canary({ answer: (_, response) => response.writeHead(302, { location }).end() });

  it("is an answer like others", async () => {
    const trap = await canary();
    const server = await away(`http://${HERE}:${trap.port}/`);
    const { statusCode, headers } = await request(`http://${HERE}:${server.port}/`, {
      dispatcher: guardOf({ allowLoopback: true }).dispatcher(),
    });
    expect([statusCode, headers.location]).toEqual([302, `http://${HERE}:${trap.port}/`]);
    expect(trap.connections).toBe(0);
  });

  it("would meet the same guard if someone followed it", async () => {
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

it("proxies of the environment are not asked", async () => {
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

describe("TLS", () => {
  const pop = { name: "fra", address: HERE };

  it("is agreed upon under the name of the URL, at the PoP too", async () => {
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
  ] as const)("with a certificate that is %s is refused, and said to be", async (name, why) => {
    const server = await canary({ certificate: certificates[name] });
    // Which would make Node take any, with a warning.
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    closeAfterwards(() => vi.unstubAllEnvs());
    const guard = guardOf({ allowLoopback: true, ca: [...trusted] });
    for (const at of [undefined, pop]) {
      const host = at ? "media.example" : HERE;
      const error = await failure(() => ask(guard, `https://${host}:${server.port}/`, at));
      expect(error).toMatchObject({ code: "vendor_unavailable", retryable: false });
      expect(error.message).toBe(`The TLS certificate that ${host} showed ${why}`);
      expect(error.hint).toContain("certificate");
    }
    expect(server.requests).toEqual([]);
  });

  it("to a port that speaks none fails and says so", async () => {
    const { port } = await canary();
    const error = await failure(() => ask(guardOf({ allowLoopback: true }), `https://${HERE}:${port}/`));
    expect(error).toMatchObject({ code: "vendor_unavailable", retryable: false });
    expect(error.message).toMatch(/^127\.0\.0\.1 does not speak TLS there \(\w+\)$/);
    expect(error.hint).toContain("scheme");
  });

  it.each([
    ["EPROTO", "write EPROTO 0:error:0A00010B:SSL routines:ssl3_get_record:wrong version number", true],
    ["EPROTO", "write EPROTO 0:error:0A0000C6:SSL routines:tls_get_more_records:packet length too long", true],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "whatever", true],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "whatever", true],
    ["EPROTO", "write EPROTO 0:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure", false],
    ["ECONNRESET", "wrong version number", false],
  ])("is not spoken there by %s, %s: %s", (code, text, isPlain) => {
    const error = describeFailure(Object.assign(new Error(text), { code }), "media.example");
    expect(error.message.includes("does not speak TLS there")).toBe(isPlain);
    expect(error.retryable).toBe(!isPlain);
  });

  it("is offered HTTP/1.1 alone", async () => {
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
});

describe("connections", () => {
  it("are kept after HEAD, if asked for as documented", async () => {
    const server = await canary();
    const dispatcher = guardOf({ allowLoopback: true, connections: 1 }).dispatcher();
    for (let i = 0; i < 5; i += 1) {
      const { body } = await request(`http://${HERE}:${server.port}/`, { dispatcher, method: "HEAD", reset: false });
      await body.dump();
    }
    expect(server.connections).toBe(1);
  });

  it("are no more than allowed", async () => {
    const server = await canary({ answer: (_, response) => setTimeout(() => response.end(), 20) });
    const guard = guardOf({ allowLoopback: true, connections: 2 });
    await Promise.all(Array.from({ length: 10 }, () => ask(guard, `http://${HERE}:${server.port}/`)));
    expect(server.requests).toHaveLength(10);
    expect(server.connections).toBe(2);
  });

  it("that are refused are reported with their reason", async () => {
    const { port, close } = await canary();
    await close();
    const error = await failure(() => ask(guardOf({ allowLoopback: true }), `http://${HERE}:${port}/`));
    expect(error).toMatchObject({
      code: "vendor_unavailable",
      retryable: true,
      message: `The connection to ${HERE} failed (ECONNREFUSED)`,
    });
  });

  it("go to the next address that was checked when one does not answer", async () => {
    const server = await canary();
    const guard = guardOf({ allowLoopback: true, ports: [server.port], lookup: resolvesTo(NOBODY, HERE) });
    // As with --no-network-family-autoselection.
    const usual = net.getDefaultAutoSelectFamily();
    net.setDefaultAutoSelectFamily(false);
    closeAfterwards(() => net.setDefaultAutoSelectFamily(usual));
    expect(await ask(guard, `http://media.example:${server.port}/`)).toBe("here");
  });

  it("that hang before TLS is agreed upon end with the time to connect", async () => {
    const silent = net.createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, HERE, resolve));
    closeAfterwards(() => new Promise((resolve) => silent.close(resolve)));
    const { port } = silent.address() as net.AddressInfo;
    const guard = guardOf({ allowLoopback: true, connectMs: 300 });
    expect(await failure(() => ask(guard, `https://${HERE}:${port}/`))).toMatchObject({ code: "timeout", retryable: true });
  });

  it("take headers of some length", async () => {
    const server = await canary({ answer: (_, response) => response.writeHead(200, { "x-long": "x".repeat(40_000) }).end("here") });
    expect(await ask(guardOf({ allowLoopback: true }), `http://${HERE}:${server.port}/`)).toBe("here");
  });

  it("take none without end", async () => {
    const server = await canary({ answer: (_, response) => response.writeHead(200, { "x-long": "x".repeat(70_000) }).end() });
    await expect(ask(guardOf({ allowLoopback: true }), `http://${HERE}:${server.port}/`)).rejects.toMatchObject({
      code: "UND_ERR_HEADERS_OVERFLOW",
    });
  });

  it("end with the guard", async () => {
    const server = await canary({ answer: () => undefined });
    const guard = guardOf({ allowLoopback: true });
    const asking = ask(guard, `http://${HERE}:${server.port}/`).catch((error: unknown) => error);
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    await guard.close();
    expect(await asking).toMatchObject({ code: "UND_ERR_DESTROYED" });
  });
});
