import { describe, expect, it } from "vitest";
import { createCnameChain } from "../../../../src/providers/http/probe/cname.ts";

function resolver(records: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  return {
    asked,
    resolve: async (host: string): Promise<string[]> => {
      asked.push(host);
      const names = records[host];
      if (!names) throw Object.assign(new Error(`queryCname ENODATA ${host}`), { code: "ENODATA" });
      return [...names];
    },
  };
}

const longChain = Object.fromEntries(Array.from({ length: 20 }, (_, nth) => [`${nth}.example`, [`${nth + 1}.example`]]));

describe("createCnameChain", () => {
  it.each<[string, Readonly<Record<string, readonly string[]>>, readonly string[]]>([
    ["is empty for a host without a CNAME", {}, []],
    ["is empty for an empty answer", { "0.example": [] }, []],
    ["has one name", { "0.example": ["a.example"] }, ["a.example"]],
    ["follows several names", { "0.example": ["a.example"], "a.example": ["b.example"] }, ["a.example", "b.example"]],
    ["takes the first of several records", { "0.example": ["a.example", "b.example"] }, ["a.example"]],
    ["stops at a loop to the host", { "0.example": ["a.example"], "a.example": ["0.example"] }, ["a.example"]],
    [
      "stops at a loop among later names",
      { "0.example": ["a.example"], "a.example": ["b.example"], "b.example": ["a.example"] },
      ["a.example", "b.example"],
    ],
    ["stops after eight steps", longChain, Array.from({ length: 8 }, (_, nth) => `${nth + 1}.example`)],
  ])("%s", async (_what, records, chain) => {
    expect(await createCnameChain(resolver(records).resolve)("0.example")).toEqual(chain);
  });

  it("returns the names so far at its deadline, and resolves no further", async () => {
    const late = Promise.withResolvers<string[]>();
    const asked: string[] = [];
    const chain = createCnameChain((host) => {
      asked.push(host);
      return host === "0.example" ? Promise.resolve(["a.example"]) : late.promise;
    }, 30);
    expect(await chain("0.example")).toEqual(["a.example"]);
    late.resolve(["b.example"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toEqual(["0.example", "a.example"]);
    expect(await chain("0.example")).toEqual(["a.example"]);
  });

  it("resolves a host once for concurrent and later calls, and forgets the oldest of many hosts", async () => {
    const { asked, resolve } = resolver({});
    const chain = createCnameChain(resolve);
    await Promise.all([chain("0.example"), chain("0.example"), chain("1.example")]);
    await chain("0.example");
    expect(asked).toEqual(["0.example", "1.example"]);
    for (let nth = 2; nth < 2_000; nth += 1) await chain(`${nth}.example`);
    await chain("0.example");
    expect(asked.filter((host) => host === "0.example")).toHaveLength(2);
  });

  it.each(["127.0.0.1", "[::1]", "2606:4700::1111"])("is empty for the address %s", async (host) => {
    const { asked, resolve } = resolver({});
    expect(await createCnameChain(resolve)(host)).toEqual([]);
    expect(asked).toEqual([]);
  });
});
