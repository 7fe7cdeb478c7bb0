import { describe, expect, it, vi } from "vitest";
import { certificates, trusted } from "../../../system/harness/certificates-harness.ts";
import { canary, recordDialling, UNASSIGNED } from "../network-harness.ts";
import { ask, failure, guardOf, HERE, refusal, resolvesTo } from "./guard-harness.ts";

describe("a connection to a PoP", () => {
  it("dials the PoP instead of the host's own addresses, and keeps Host", async () => {
    const server = await canary();
    const asked = vi.fn(resolvesTo(UNASSIGNED));
    const guard = guardOf({ allowLoopback: true, lookup: asked });
    expect(await ask(guard, `http://media.example:${server.port}/x`, { name: "fra", address: HERE })).toBe("here");
    expect(server.requests).toEqual([`GET media.example:${server.port} /x`]);
    expect(asked).not.toHaveBeenCalled();
  });

  it("is not shared between PoPs", async () => {
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

  it("dials the PoP's port, and keeps SNI and Host", async () => {
    const server = await canary({ certificate: certificates["of another name"] });
    const guard = guardOf({ allowLoopback: true, ca: [...trusted], lookup: resolvesTo(UNASSIGNED) });
    const pop = { name: "fra", address: HERE, port: server.port };
    expect(await ask(guard, "https://elsewhere.example/x", pop)).toBe("here");
    expect(server.requests).toEqual(["GET elsewhere.example /x"]);
    const { message } = await failure(() => ask(guard, "https://media.example/", pop));
    expect(message).toContain("is for other names");
  });

  it("is not shared between ports of a PoP", async () => {
    const [one, two] = [await canary(), await canary()];
    const guard = guardOf({ allowLoopback: true });
    for (const { port } of [one, two, one]) await ask(guard, "http://media.example/", { name: "fra", address: HERE, port });
    expect([one.requests.length, two.requests.length]).toEqual([2, 1]);
  });

  it.each([22, 6379, 0, 65_536, -1, 80.5, Number.NaN])("is refused when the PoP's port is %d", async (port) => {
    const dialled = recordDialling();
    const pop = { name: "fra", address: UNASSIGNED, port };
    for (const allowLoopback of [false, true]) {
      const error = await refusal(() => guardOf({ ports: [8080], allowLoopback }).dispatcher(pop));
      expect(error.message).toBe(`PoP fra is pinned to port ${port}, which is not an open port`);
      expect(error.hint).toContain("80, 443, 8080");
    }
    expect(dialled).toEqual([]);
  });

  it.each([0, 65_536, -1, 80.5])("fails when the PoP's port on loopback is %d", async (port) => {
    const guard = guardOf({ allowLoopback: true });
    expect((await failure(() => ask(guard, "http://media.example/", { name: "fra", address: HERE, port }))).code).toBe(
      "vendor_unavailable",
    );
  });

  it("is refused for a closed port of the URL, an address as host, or loopback", async () => {
    const dialled = recordDialling();
    const trap = await canary();
    const guard = guardOf({ ports: [trap.port] });
    await refusal(() => guard.dispatcher({ name: "fra", address: HERE, port: trap.port }));
    for (const allowLoopback of [false, true]) {
      await refusal(() => ask(guardOf({ allowLoopback }), "http://media.example:22/", { name: "fra", address: UNASSIGNED, port: 443 }));
      await refusal(() => ask(guardOf({ allowLoopback }), "http://93.184.215.14/", { name: "fra", address: UNASSIGNED, port: 443 }));
    }
    expect(dialled).toEqual([]);
    await failure(() => ask(guardOf({ ports: [8080] }), "https://media.example/", { name: "fra", address: UNASSIGNED, port: 8080 }));
    expect(dialled).toEqual([UNASSIGNED]);
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
  ])("is refused when the PoP's address is %j", async (address) => {
    const dialled = recordDialling();
    const error = await refusal(() => guardOf().dispatcher({ name: "fra", address }));
    expect(error.message).toBe(`PoP fra is pinned to ${address}, which is not a public address`);
    expect(dialled).toEqual([]);
  });

  it("is refused when the host or port is not allowed", async () => {
    const guard = guardOf({ allowedDomains: ["*.cdn.example", "10.0.0.5", "93.184.215.14"] });
    const dialled = recordDialling();
    for (const host of ["other.example", "10.0.0.5", "93.184.215.14", "a.cdn.example:22"]) {
      await refusal(() => ask(guard, `http://${host}/`, { name: "fra", address: UNASSIGNED }));
    }
    expect(dialled).toEqual([]);
  });
});
