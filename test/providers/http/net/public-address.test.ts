/** Compares the classification with lists of blocks that are independent of the library behind it. */

import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSame, kindOf } from "../../../../src/providers/http/net/public-address.ts";
import { runs } from "../../../fakes/runs.ts";

/** Special-purpose blocks, copied by hand from IANA's registry, and Azure's host. */
const barredV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "168.63.129.16/32",
];
/** Within 2000::/3; no address outside that block is public. */
const barredV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"];

const blocks = new BlockList();
for (const [list, family] of [
  [barredV4, "ipv4"],
  [barredV6, "ipv6"],
] as const) {
  for (const block of list) {
    const [network = "", bits] = block.split("/");
    blocks.addSubnet(network, Number(bits), family);
  }
}
const unicast = new BlockList();
unicast.addSubnet("2000::", 3, "ipv6");

const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
const groups = (value: bigint) => Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(":");

const numberOf = (address: string) => address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
/** The first and last address of each block, and their neighbours. */
const edgesV4 = barredV4.flatMap((block) => {
  const [network = "", bits] = block.split("/");
  const first = numberOf(network);
  const last = first + 2 ** (32 - Number(bits)) - 1;
  return [first - 1, first, last, last + 1].filter((value) => value >= 0 && value < 2 ** 32);
});
const bigOf = (network: string) => {
  const [left = ""] = network.split("::");
  return left.split(":").reduce((sum, group, i) => sum + (BigInt(Number.parseInt(group, 16)) << BigInt(112 - 16 * i)), 0n);
};
const edgesV6 = [...barredV6, "2000::/3", "64:ff9b::/96", "fe80::/10", "fc00::/7", "ff00::/8", "100::/64", "5f00::/16"].flatMap((block) => {
  const [network = "", bits] = block.split("/");
  const first = bigOf(network);
  const last = first + (1n << BigInt(128 - Number(bits))) - 1n;
  return [first - 1n, first, last, last + 1n].filter((value) => value >= 0n && value < 1n << 128n);
});

const anyV4 = fc.oneof(fc.nat({ max: 2 ** 32 - 1 }), fc.constantFrom(...edgesV4)).map(dotted);
const anyV6 = fc
  .oneof(
    fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    fc.bigInt({ min: 1n << 125n, max: (1n << 126n) - 1n }),
    fc.tuple(fc.constantFrom(...edgesV6), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })).map(([edge, low]) => ((edge >> 64n) << 64n) | low),
    fc.constantFrom(...edgesV6),
  )
  // Mapped addresses are IPv4; the IPv4 test covers them.
  .filter((value) => value >> 32n !== 0xffffn)
  .map(groups);

const often = { numRuns: runs(1_000) };

describe("kindOf", () => {
  it("calls an IPv4 address public exactly if no special-purpose block holds it", () => {
    fc.assert(
      fc.property(anyV4, (address) => {
        const isPublic = !blocks.check(address, "ipv4");
        expect(kindOf(address) === "public").toBe(isPublic);
        expect(kindOf(`::ffff:${address}`)).toBe(kindOf(address));
        expect(kindOf(address) === "loopback").toBe(address.startsWith("127."));
      }),
      often,
    );
  });

  it("calls an IPv6 address public exactly if only the unicast block holds it", () => {
    fc.assert(
      fc.property(anyV6, (address) => {
        const isPublic = unicast.check(address, "ipv6") && !blocks.check(address, "ipv6");
        expect(kindOf(address) === "public").toBe(isPublic);
        expect(kindOf(address) === "loopback").toBe(address === "0:0:0:0:0:0:0:1");
        expect(kindOf(`${address}%eth0`)).toBe("not_public");
      }),
      often,
    );
  });

  it("calls no other text public", () => {
    for (const text of [
      "",
      "localhost",
      "127.1",
      "0x7f.0.0.1",
      "0177.0.0.1",
      "1.1.1.1 ",
      "1.1.1.1:80",
      "[2606:4700::1111]",
      "1.1.1.1/32",
      "１.1.1.1",
    ]) {
      expect(kindOf(text)).toBe("not_public");
    }
  });
});

it("isSame compares addresses, not spellings", () => {
  expect(isSame("::ffff:1.1.1.1", "1.1.1.1")).toBe(true);
  expect(isSame("2606:4700:0:0::1111", "2606:4700::1111")).toBe(true);
  expect(isSame("1.1.1.1", "1.1.1.2")).toBe(false);
  expect(isSame("a.example", "a.example")).toBe(false);
});
