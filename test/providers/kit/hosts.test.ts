/** The setting that puts hosts into zones. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostMatches } from "../../../src/prefetch/model/url.ts";
import { hostsOf, mustBeHosts } from "../../../src/providers/kit/hosts.ts";
import { anyText } from "../text-harness.ts";

const form = { example: "cdn.example.com=zone-1, *.example.org=zone-2", id: /^zone-[a-z0-9]+$/, auto: true };
const check = mustBeHosts(form);
const placesOf = (value: string) => {
  const hosts = hostsOf(value, form);
  return hosts === "auto" ? hosts : hosts.map(({ pattern, zone }) => `${pattern}=${zone}`);
};

describe("the hosts setting", () => {
  it.each([
    ["cdn.example.com=zone-1", ["cdn.example.com=zone-1"]],
    [" CDN.Example.com = zone-1 ,*.example.org=zone-2", ["cdn.example.com=zone-1", "*.example.org=zone-2"]],
    ["bücher.example=zone-1", ["xn--bcher-kva.example=zone-1"]],
    ["a.example=zone-1,A.example=zone-1", ["a.example=zone-1"]],
    [
      "*.example.org=zone-1,*.a.example.org=zone-2,a.example.org=zone-3",
      ["a.example.org=zone-3", "*.a.example.org=zone-2", "*.example.org=zone-1"],
    ],
    ["auto", "auto"],
  ])("reads %j", (value, places) => {
    expect(check(value)).toBeUndefined();
    expect(placesOf(value)).toEqual(places);
  });

  it("is auto when it is not set", () => {
    expect(hostsOf(undefined, form)).toBe("auto");
  });

  it.each([
    "a.example",
    "a.example=",
    "=zone-1",
    "a.example=other",
    "a.example=zone-1=zone-2",
    "a.example=zone-1,",
    "https://a.example/=zone-1",
    "*=zone-1",
    "Auto",
  ])("refuses %j with an example", (value) => {
    expect(check(value)).toBe(`must be auto or hosts with ids, such as ${form.example}`);
  });

  it("refuses two ids for one host, and auto where the vendor has no list", () => {
    expect(check("a.example=zone-1,A.EXAMPLE=zone-2")).toBe("must not give two ids to one host");
    expect(mustBeHosts({ ...form, auto: false })("auto")).toBe(`must be hosts with ids, such as ${form.example}`);
  });

  const label = fc.stringMatching(/^[a-z]{1,3}$/);
  const pattern = fc
    .tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 3 }))
    .map(([wild, labels]) => `${wild ? "*." : ""}${labels.join(".")}.example`);

  it("gives every host the id of its most specific pattern, in any order of the entries", () => {
    const entries = fc.uniqueArray(pattern, { minLength: 1, maxLength: 6 });
    const property = fc.property(entries, fc.array(label, { minLength: 1, maxLength: 4 }), (patterns, labels) => {
      const host = `${labels.join(".")}.example`;
      const hosts = hostsOf(patterns.map((each, index) => `${each}=zone-${index}`).join(","), form);
      if (hosts === "auto") throw new Error("expected hosts");
      const matching = patterns
        .filter((each) => hostMatches(host, each))
        .toSorted((a, b) => Number(b === host) - Number(a === host) || b.length - a.length);
      const [best] = matching;
      expect(hosts.find((each) => hostMatches(host, each.pattern))?.pattern).toBe(best);
    });
    fc.assert(property);
  });

  it("never throws, and shows no value in its problem", () => {
    fc.assert(
      fc.property(anyText(40), (value) => {
        const problem = check(value);
        if (problem !== undefined) expect(problem).toMatch(/^must /);
      }),
    );
  });
});
