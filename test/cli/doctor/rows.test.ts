/** The checks that need no network and no file. */

import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { describeClock } from "../../../src/cli/commands/doctor/clock.ts";
import { unreachable } from "../../../src/cli/commands/doctor/endpoint.ts";
import { rowsOf } from "../../../src/cli/commands/doctor/finding.ts";
import { checkProgram } from "../../../src/cli/commands/doctor/program.ts";
import { checkProxy } from "../../../src/cli/commands/doctor/proxy.ts";
import { checkRoutes } from "../../../src/cli/commands/doctor/routes.ts";
import { describeDisk, shownBytes } from "../../../src/cli/commands/doctor/store.ts";
import { describeEdge } from "../../../src/cli/commands/doctor/url.ts";
import { createHostLists } from "../../../src/prefetch/admission/host-lists.ts";
import type { Guards } from "../../../src/prefetch/model/guards.ts";
import type { ProviderDirectory } from "../../../src/prefetch/model/provider-directory.ts";
import { fakeCache } from "../../fakes/cache.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeDirectory } from "../../fakes/directory.ts";
import { fakeProvider } from "../../fakes/provider.ts";
import { neverAborted } from "../../fakes/signal.ts";

const rows = rowsOf("area");
const MINUTE = 60_000;

describe("the version of Node.js", () => {
  it.each([
    ["22.19.0", "ok"],
    ["22.20.1", "ok"],
    ["24.0.0", "ok"],
    ["22.18.9", "failed"],
    ["22.2.0", "failed"],
    ["20.19.0", "failed"],
  ])("%s is %s for >=22.19", (node, state) => {
    const found = checkProgram({ node, platform: "linux", arch: "x64", engines: ">=22.19" });
    expect(found.find(({ name }) => name === "node")).toMatchObject({ state });
  });
});

describe("the clock", () => {
  it.each([
    [0, true, "ok"],
    [-59_000, false, "ok"],
    [6 * MINUTE, false, "warning"],
    [-14 * MINUTE, true, "warning"],
    [20 * MINUTE, false, "failed"],
    [-20 * MINUTE, false, "failed"],
    // The provider signs by the vendor's clock.
    [20 * MINUTE, true, "warning"],
  ])("that is %i ms ahead, where the login is %s, is %s", (ahead, isLoggedIn, state) => {
    expect(describeClock(ahead, isLoggedIn, rows)).toMatchObject({ name: "clock", state });
  });

  it("says the direction", () => {
    expect(describeClock(20 * MINUTE, false, rows).says).toBe("This machine's clock is 20 minutes ahead of the vendor's.");
    expect(describeClock(-90_000, false, rows).says).toBe("This machine's clock is 90 seconds behind the vendor's.");
  });
});

describe("an endpoint that cannot be reached", () => {
  const url = new URL("https://vod.cn-nroth-4.myhuaweicloud.com");
  const failed = (cause: object) => {
    const error = new PrefetchError("vendor_unavailable", "The connection failed", {
      hint: "Check the firewall.",
      cause: Object.assign(new Error("x"), cause),
    });
    return unreachable(url, error, rows);
  };

  it("names the host that does not resolve: the vendor's or the proxy's", () => {
    expect(failed({ code: "ENOTFOUND", hostname: url.hostname })).toMatchObject({
      state: "failed",
      says: `${url.origin} cannot be reached: the name ${url.hostname} does not resolve (ENOTFOUND).`,
      next: expect.stringContaining("region"),
    });
    expect(failed({ code: "ENOTFOUND", hostname: "proxy.example.com" })).toMatchObject({
      says: expect.stringContaining("the name proxy.example.com does not resolve"),
      next: expect.stringContaining("HTTPS_PROXY"),
    });
  });

  it("names a certificate that is not trusted, and the usual reason", () => {
    expect(failed({ code: "SELF_SIGNED_CERT_IN_CHAIN" })).toMatchObject({
      says: `The TLS certificate of ${url.hostname} is not trusted (SELF_SIGNED_CERT_IN_CHAIN).`,
      next: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
    });
  });

  it("passes on every other error", () => {
    expect(failed({ code: "ECONNREFUSED" })).toMatchObject({ says: "The connection failed.", next: "Check the firewall." });
  });
});

describe("the proxy", () => {
  const proxied = (https?: string, http?: string, bypass?: string, values = {}, sandbox = false) =>
    checkProxy({ proxy: { https, http, bypass }, sandbox, values });

  it("is shown without its user and password", () => {
    const [row] = proxied("http://user:sesame@proxy.example.com:3128/", "http://other:open@plain.example.com/", "intern.example.com");
    expect(row?.says).toBe(
      "https URLs: http://proxy.example.com:3128 with user and password; http URLs: http://plain.example.com with user and password. Hosts reached directly: intern.example.com. The vendors' APIs are reached through it.",
    );
  });

  it("serves all URLs when it stands in HTTP_PROXY alone", () => {
    expect(proxied(undefined, "http://proxy.example.com:3128/")[0]?.says).toMatch(/^all URLs: http:\/\/proxy\.example\.com:3128\. /);
  });

  it("is used by provider http only on request", () => {
    const says = (values = {}) => proxied("http://p.example/", undefined, undefined, values)[1]?.says;
    expect(says()).toMatch(/fetches URLs without it.*PREFETCH_HTTP_PROXY=1/);
    expect(says({ PREFETCH_HTTP_PROXY: "true" })).toMatch(/^Provider http also fetches URLs through it/);
  });

  it("is not used in the sandbox", () => {
    expect(proxied("http://p.example/", undefined, undefined, {}, true)).toMatchObject([
      { says: expect.stringMatching(/sandbox does not use it\.$/) },
    ]);
  });

  it("is missing when PREFETCH_HTTP_PROXY asks for one", () => {
    expect(checkProxy({ proxy: undefined, sandbox: false, values: { PREFETCH_HTTP_PROXY: "1" } })).toMatchObject([
      { state: "ok" },
      { state: "warning" },
    ]);
    expect(checkProxy({ proxy: undefined, sandbox: false, values: {} })).toMatchObject([{ state: "ok" }]);
  });
});

describe("the disk of the store", () => {
  const describing = (kind: "local" | "remote" | "lost" | "unknown", free = 5_000_000_000) =>
    describeDisk({ name: "NFS", kind, free }, rows);

  it.each([
    ["local", "ok", "A local disk (NFS) with 5.0 GB left."],
    ["unknown", "ok", "5.0 GB left. This system does not tell whether the disk is local."],
    ["remote", "warning", "The folder is on NFS, which may be a network disk. SQLite's locks are not safe there."],
    ["lost", "warning", "The folder is on NFS, whose files are lost with the container or the machine's memory."],
  ] as const)("that is %s is %s", (kind, state, says) => {
    expect(describing(kind)).toMatchObject([{ state, says }]);
  });

  it("has a warning of its own when it is nearly full", () => {
    expect(describing("local", 5_000)).toMatchObject([{ state: "ok" }, { state: "warning", says: "The disk has 5.0 KB left." }]);
  });

  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1_000, "1.0 KB"],
    [123_456, "123 KB"],
    [4_200_000_000, "4.2 GB"],
    [9e18, "9000000 TB"],
  ])("shows %i bytes as %s", (bytes, text) => {
    expect(shownBytes(bytes)).toBe(text);
  });
});

describe("the routes", () => {
  const [one, two] = [fakeProvider({ id: "one" }), fakeProvider({ id: "two" })];
  const guards = { allowedDomains: undefined };
  const check = (directory: ProviderDirectory, own: Pick<Guards, "allowedDomains"> = guards) => {
    const clock = fakeClock();
    const hostLists = createHostLists({ clock, lists: fakeCache(clock), stopped: neverAborted, report: () => undefined });
    return checkRoutes({ directory, hostLists, guards: own }, neverAborted);
  };

  it("with auto show what each vendor lists, and which vendor cannot be asked", async () => {
    const served = async () => [
      { pattern: "a.example", active: true },
      { pattern: "b.example", active: false },
      { pattern: "*.c.example" },
    ];
    const denied = async () => {
      throw new PrefetchError("auth_failed", "The vendor refused the list of domains", { hint: "Grant the user cdn:List." });
    };
    const vendors = [
      fakeProvider({ id: "one", account: "one", hosts: served }),
      fakeProvider({ id: "two", account: "two", hosts: denied }),
      fakeProvider({ id: "three" }),
      fakeProvider({ id: "http" }),
    ];
    const directory = fakeDirectory(vendors, { routes: ["auto", { pattern: "*", provider: "http" }], fallbacks: ["http"] });
    expect(await check(directory)).toMatchObject([
      { name: "routes", state: "ok", says: "auto, *=http; the first match counts." },
      { name: "domains", state: "ok", says: "one lists 3 domains, 1 of them out of service." },
      { name: "domains", state: "warning", says: "The vendor refused the list of domains.", next: "Grant the user cdn:List." },
      {
        name: "domains",
        state: "warning",
        says: expect.stringContaining("cannot ask three"),
        next: expect.stringContaining("cdn.example.com=three"),
      },
      { name: "hosts" },
    ]);
  });

  it("are shown, with a warning about a provider that cannot be used", async () => {
    const routes = [
      { pattern: "a.example", provider: "one" },
      { pattern: "*", provider: "two" },
    ];
    expect(await check(fakeDirectory([one, two], { routes }))).toMatchObject([
      { name: "routes", state: "ok", says: "a.example=one, *=two; the first match counts." },
      { name: "hosts", state: "ok", says: "URLs of every host may be prefetched." },
    ]);
    const known = ["one", "two"];
    const half = fakeDirectory([one], { known, configured: ["one"], routes });
    expect(await check(half, { allowedDomains: ["*.a.example"] })).toMatchObject([
      { state: "warning", says: expect.stringContaining("two cannot be used"), next: expect.stringContaining("PREFETCH_ROUTES") },
      { says: "Only these hosts: *.a.example." },
    ]);
  });

  it("are not needed by one provider, and several are named by each call", async () => {
    expect((await check(fakeDirectory([one])))[0]).toMatchObject({
      state: "ok",
      says: expect.stringContaining("URLs go to one"),
    });
    expect((await check(fakeDirectory([one, two])))[0]).toMatchObject({
      state: "ok",
      says: "No route is set, so each call names its provider: one, two.",
    });
  });

  it("are a warning when a vendor is half configured", async () => {
    const directory = fakeDirectory([one], { unfinished: ["two: set TWO_KEY."], fallbacks: ["one"] });
    expect((await check(directory))[0]).toMatchObject({
      state: "warning",
      next: expect.stringContaining("Complete the settings"),
    });
  });
});

describe("the answer of the edge", () => {
  const describing = (state: "warm" | "cold" | "uncacheable" | "unknown", status?: number, change?: string) =>
    describeEdge(
      "https://a.example/x",
      { state, reason: "It says so.", status, obstacles: change === undefined ? [] : [{ change }] },
      "Look.",
      rows,
    );

  it.each([
    ["warm", 200, "ok"],
    ["cold", 200, "ok"],
    ["uncacheable", 200, "warning"],
    ["unknown", 404, "warning"],
    ["unknown", undefined, "failed"],
  ] as const)("%s with the status %s is %s", (state, status, expected) => {
    expect(describing(state, status)).toMatchObject({ state: expected, says: `https://a.example/x is ${state}. It says so.` });
  });

  it("has the change that helps as the next step", () => {
    expect(describing("uncacheable", 200, "Remove the cookie.")).toMatchObject({ next: "Remove the cookie." });
    expect(describing("uncacheable", 200)).toMatchObject({ next: "Look." });
  });
});
