import net from "node:net";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { nameServer } from "../name-server-harness.ts";
import { canary, closeAfterwards, passUndiciTime, recordDialling, UNASSIGNED } from "../network-harness.ts";
import { ask, failure, guardOf, HERE, refusal, resolvesTo } from "./guard-harness.ts";

describe("a connection by name", () => {
  it("dials the public address", async () => {
    const dialled = recordDialling();
    const guard = guardOf({ lookup: resolvesTo(UNASSIGNED) });
    for (const url of ["http://media.example/", "https://media.example/", `http://[${UNASSIGNED}]/`]) {
      expect(await failure(() => ask(guard, url))).toMatchObject({ code: "vendor_unavailable", retryable: true });
    }
    expect(dialled).toEqual([UNASSIGNED, UNASSIGNED, UNASSIGNED]);
  });

  it("is refused after the name's answer changes to a private address", async () => {
    const trap = await canary();
    const names = await nameServer({ "rebind.example": [[UNASSIGNED], [HERE], ["10.0.0.5"], ["::1"]] });
    const guard = guardOf({ ports: [trap.port], lookup: names.lookup });
    const dialled = recordDialling();
    const url = guard.checkUrl(`http://rebind.example:${trap.port}/`);

    await failure(() => ask(guard, url));
    for (const address of [HERE, "10.0.0.5", "::1"]) {
      const { message, hint } = await refusal(() => ask(guard, url));
      expect(message).toBe(`rebind.example resolves to ${address}, which is not a public address`);
      expect(hint).toContain("public addresses only");
    }
    expect(dialled).toEqual([UNASSIGNED]);
    expect(trap.connections).toBe(0);
    // Four connections, four lookups: a second lookup for one connection could return another address.
    expect(names.questions.toSorted()).toEqual([...Array(4).fill("A rebind.example"), ...Array(4).fill("AAAA rebind.example")]);
  });

  it.each([
    ["first", [HERE, UNASSIGNED]],
    ["last", [UNASSIGNED, HERE]],
    ["after an IPv4 address", [UNASSIGNED, "93.184.215.14", "10.0.0.5"]],
    ["as a mapped address", [UNASSIGNED, "::ffff:7f00:1"]],
    ["of a metadata service", ["93.184.215.14", "169.254.169.254"]],
  ])("is refused when one of several addresses is private: %s", async (_, addresses) => {
    const trap = await canary();
    const names = await nameServer({ "mixed.example": [addresses] });
    const dialled = recordDialling();
    await refusal(() => ask(guardOf({ ports: [trap.port], lookup: names.lookup }), `http://mixed.example:${trap.port}/`));
    expect(dialled).toEqual([]);
    expect(trap.connections).toBe(0);
  });

  it("looks the name up once, and not again for requests on the same connection", async () => {
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

  it("checks the new answer when the name changes between connections", async () => {
    const server = await canary({ answer: (_, response) => response.writeHead(200, { connection: "close" }).end() });
    const names = await nameServer({ "media.example": [[HERE], ["192.168.0.7"], [HERE]] });
    const guard = guardOf({ allowLoopback: true, lookup: names.lookup });
    const url = `http://media.example:${server.port}/`;
    await ask(guard, url);
    await refusal(() => ask(guard, url));
    await ask(guard, url);
    expect(server.connections).toBe(2);
  });

  it("reports a name without addresses as retryable", async () => {
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

  it("times out when the lookup hangs, and does not dial a late answer", async () => {
    const dialled = recordDialling();
    const [asked, late] = [Promise.withResolvers<void>(), Promise.withResolvers<string[]>()];
    const lookup = () => {
      asked.resolve();
      return late.promise;
    };
    const failing = failure(() => ask(guardOf({ allowLoopback: true, connectMs: 60_000, lookup }), "http://slow.example/"));
    await asked.promise;
    passUndiciTime(60_000);
    const cause = expect.objectContaining({ message: expect.stringContaining("timeout: 60000ms") });
    expect(await failing).toMatchObject({ code: "timeout", retryable: true, cause });
    late.resolve([HERE]);
    await setImmediate();
    expect(dialled).toEqual([]);
  });

  it("uses the system's resolver by default", async () => {
    const trap = await canary();
    await ask(guardOf({ allowLoopback: true }), `http://localhost:${trap.port}/`).catch(() => undefined);
    expect(trap.connections).toBe(1);
    expect((await failure(() => ask(guardOf(), "http://no-such-host.invalid/"))).code).toBe("vendor_unavailable");
  });
});

it("closes a connection to an unchecked address before it sends anything", async () => {
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
  const error = await refusal(() => ask(guardOf({ lookup: resolvesTo(UNASSIGNED) }), "http://media.example/"));
  expect(error.message).toBe("The connection to media.example ended at 127.0.0.1, an address that was not checked");
  await vi.waitFor(() => expect(trap.closed).toBe(1), { interval: 1 });
  expect(trap).toMatchObject({ connections: 1, received: 0, requests: [] });
});
