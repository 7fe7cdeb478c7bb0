import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createHostLists, type HostList, servedAs } from "../../../src/prefetch/admission/host-lists.ts";
import type { ServedHost } from "../../../src/prefetch/model/provider.ts";
import { hostMatches } from "../../../src/prefetch/model/url.ts";
import { fakeCache } from "../../fakes/cache.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeProvider } from "../../fakes/provider.ts";
import { fakeTimeouts, neverAborted, rejectOnAbort } from "../../fakes/signal.ts";

const MINUTE = 60_000;

/** A vendor whose list a test changes, and the lists of one server. */
function start(answer: () => Promise<readonly ServedHost[]>) {
  const clock = fakeClock();
  const reports: string[] = [];
  let asked = 0;
  const provider = fakeProvider({
    hosts: () => {
      asked += 1;
      return answer();
    },
  });
  const report = (_: unknown, about: string) => void reports.push(about);
  const lists = createHostLists({ clock, lists: fakeCache(clock), stopped: neverAborted, report });
  const patterns = async (maxAgeMs?: number) => [...((await lists.of(provider, neverAborted, maxAgeMs))?.hosts.keys() ?? [])];
  return { clock, provider, lists, patterns, reports, asked: () => asked };
}

const refused = async (): Promise<never> => {
  throw new PrefetchError("auth_failed", "Refused", { hint: "Grant it." });
};

describe("the list of a vendor", () => {
  it("is read once for calls at the same time, and again after 10 minutes", async () => {
    let hosts = [{ pattern: "a.example" }];
    const { clock, patterns, asked } = start(async () => hosts);
    expect(await Promise.all([patterns(), patterns(), patterns()])).toEqual([["a.example"], ["a.example"], ["a.example"]]);
    hosts = [{ pattern: "b.example" }];
    await clock.advance(10 * MINUTE - 1);
    expect([await patterns(), asked()]).toEqual([["a.example"], 1]);
    await clock.advance(1);
    expect([await patterns(), asked()]).toEqual([["b.example"], 2]);
  });

  it("is read anew for a younger one, and stays what it was when that fails", async () => {
    let answer: () => Promise<readonly ServedHost[]> = async () => [{ pattern: "a.example" }];
    const { clock, provider, lists, patterns, asked } = start(() => answer());
    await patterns();
    await clock.advance(MINUTE);
    expect([await patterns(2 * MINUTE), asked()]).toEqual([["a.example"], 1]);
    answer = refused;
    expect([await patterns(MINUTE), asked()]).toEqual([["a.example"], 2]);
    expect((await lists.of(provider, neverAborted))?.problem).toMatchObject({ code: "auth_failed", hint: "Grant it." });
    // An old list does not outlive its vendor's refusals.
    await clock.advance(MINUTE);
    expect([await patterns(), asked()]).toEqual([[], 3]);
  });

  it("is empty with the reason when it cannot be read, and is asked for again after a minute", async () => {
    let answer: () => Promise<readonly ServedHost[]> = refused;
    const { clock, provider, lists, patterns, reports, asked } = start(() => answer());
    expect(await lists.of(provider, neverAborted)).toMatchObject({ hosts: new Map(), problem: { code: "auth_failed" } });
    expect(reports).toEqual([expect.stringContaining("asking fake-cdn for the hosts")]);
    answer = async () => [{ pattern: "a.example" }];
    expect([await patterns(), asked()]).toEqual([[], 1]);
    await clock.advance(MINUTE);
    expect([await patterns(), asked()]).toEqual([["a.example"], 2]);
    expect((await lists.of(provider, neverAborted))?.problem).toBeUndefined();
  });

  it("is waited for three seconds, once, and is used when it comes", async () => {
    const timeouts = fakeTimeouts();
    let give: (hosts: readonly ServedHost[]) => void = () => undefined;
    const { clock, provider, lists, patterns, asked } = start(() => new Promise((resolve) => (give = resolve)));
    const first = lists.of(provider, neverAborted);
    await clock.settle();
    timeouts.expire(3_000);
    expect(await first).toMatchObject({ problem: { code: "timeout", message: expect.stringContaining("within 3 seconds") } });
    expect(await patterns()).toEqual([]);
    give([{ pattern: "late.example" }]);
    await clock.settle();
    expect([await patterns(), asked()]).toEqual([["late.example"], 1]);
  });

  it("ends the wait of a stopped call only", async () => {
    const { provider, lists } = start(() => rejectOnAbort(neverAborted));
    const stop = new AbortController();
    const waiting = lists.of(provider, stop.signal);
    stop.abort(new Error("The call has ended"));
    await expect(waiting).rejects.toThrow("The call has ended");
  });

  it("is dropped when the vendor refuses a host of it, and only then", async () => {
    const { provider, lists, patterns, asked } = start(async () => [{ pattern: "a.example" }]);
    expect(await lists.atHand(provider)).toBeUndefined();
    await patterns();
    await lists.refused("foreign.example");
    await patterns();
    expect([asked(), (await lists.atHand(provider))?.hosts.size]).toEqual([1, 1]);
    await lists.refused("a.example");
    expect(await lists.atHand(provider)).toBeUndefined();
    await patterns();
    expect(asked()).toBe(2);
  });

  it("does not exist for a provider without one", async () => {
    const { lists } = start(refused);
    expect(await lists.of(fakeProvider(), neverAborted)).toBeUndefined();
  });
});

describe("servedAs", () => {
  const label = fc.constantFrom("a", "b", "cd");
  const host = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."));
  const pattern = fc.tuple(fc.boolean(), host).map(([wild, name]) => (wild ? `*.${name}` : name));

  it("finds the longest pattern that matches, and prefers the host itself", () => {
    fc.assert(
      fc.property(fc.uniqueArray(pattern, { maxLength: 12 }), host, (patterns, name) => {
        const list: Pick<HostList, "hosts"> = { hosts: new Map(patterns.map((each) => [each, { pattern: each }])) };
        const matching = patterns.filter((each) => hostMatches(name, each)).sort((a, b) => b.length - a.length);
        const best = matching.includes(name) ? name : matching[0];
        expect(servedAs(list, name)?.pattern).toBe(best);
      }),
    );
  });
});
