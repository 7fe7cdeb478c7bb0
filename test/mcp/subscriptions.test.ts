import { setImmediate as settled } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import type { Principal } from "../../src/mcp/caller.ts";
import { createSubscriptions, type SubscriptionOptions } from "../../src/mcp/subscriptions.ts";
import { fakeClock } from "../fakes/clock.ts";
import { startService } from "../prefetch/calls/service-harness.ts";

const QUOTA = "prefetch://quota/fake-cdn";
const principal = (tenant: string): Principal => ({ tenant, seesAll: false, callsTool: false, may: () => true });

async function setUp() {
  const harness = await startService();
  const clock = fakeClock();
  const stopping = new AbortController();
  const [quota] = await harness.service.quota("fake-cdn", { caller: principal(""), signal: stopping.signal });
  if (!quota) throw new Error("The fake provider has a quota.");
  let used = 0;
  const reads: string[] = [];
  const notified: string[] = [];
  const reports: string[] = [];
  const service: SubscriptionOptions["service"] = {
    quota: async (_, { caller }) => {
      reads.push(caller.tenant);
      return [{ ...quota, used }];
    },
    status: () => Promise.reject(new PrefetchError("not_found", "There is no such task")),
  };
  const subscribe = createSubscriptions({
    service,
    providers: { configured: ["fake-cdn"] },
    clock,
    notify: (uri) => notified.push(uri),
    stopped: stopping.signal,
    report: (error) => reports.push(String(error)),
  });
  return { subscribe, clock, notified, reads, reports, spend: () => (used += 1), stop: () => stopping.abort(new Error("stopped")) };
}

describe("createSubscriptions", () => {
  it("notifies once per round when a resource changed", async () => {
    const { subscribe, clock, notified, spend } = await setUp();
    await subscribe([QUOTA], principal("one"));
    await clock.advance(3_000);
    expect(notified).toEqual([]);
    spend();
    spend();
    await clock.advance(1_000);
    expect(notified).toEqual([QUOTA]);
    await clock.advance(3_000);
    expect(notified).toEqual([QUOTA]);
  });

  it("reads a resource once for all subscribers of a tenant, and separately for each tenant", async () => {
    const { subscribe, clock, reads } = await setUp();
    for (const tenant of ["one", "one", "two"]) await subscribe([QUOTA, QUOTA], principal(tenant));
    reads.length = 0;
    await clock.advance(1_000);
    expect(reads.sort()).toEqual(["one", "two"]);
  });

  it("stops polling when the last subscription of a resource ends", async () => {
    const { subscribe, clock, reads } = await setUp();
    const first = await subscribe([QUOTA], principal("one"));
    const second = await subscribe([QUOTA], principal("one"));
    first.end();
    first.end();
    reads.length = 0;
    await clock.advance(1_000);
    expect(reads).toEqual(["one"]);
    second.end();
    await clock.advance(5_000);
    expect(reads).toEqual(["one"]);
    expect(clock.alarms()).toEqual([]);
    await subscribe([QUOTA], principal("one"));
    expect(clock.alarms()).toHaveLength(1);
  });

  it("leaves out resources that do not exist, without a report", async () => {
    const { subscribe, reports } = await setUp();
    const wanted = ["prefetch://tasks/pf_none", "prefetch://quota/none", "prefetch://providers", "junk", QUOTA];
    expect((await subscribe(wanted, principal("one"))).uris).toEqual([QUOTA]);
    expect(reports).toEqual([]);
  });

  it("watches at most 100 resources per request", async () => {
    const { subscribe } = await setUp();
    const junk = Array.from({ length: 100 }, (_, nth) => `junk-${nth}`);
    expect((await subscribe([...junk, QUOTA], principal("one"))).uris).toEqual([]);
  });

  it("ends silently when the server stops", async () => {
    const { subscribe, clock, reports, stop } = await setUp();
    await subscribe([QUOTA], principal("one"));
    stop();
    await settled();
    expect([clock.alarms(), reports]).toEqual([[], []]);
  });
});
