import { describe, expect, it } from "vitest";
import { type AdviceFacts, nextStep } from "../../../src/prefetch/calls/next-step.ts";
import { type Counts, noCounts, shownState } from "../../../src/prefetch/model/task.ts";
import { NOON } from "../../fakes/clock.ts";

function holdingOf(sending: number): AdviceFacts["holding"] {
  return { sending, lost: undefined, silent: undefined };
}

/** A task with these counts, and with the state that follows from them. */
function advice(counts: Partial<Counts>, more: Partial<AdviceFacts> = {}): string {
  const all = { ...noCounts(), ...counts };
  return nextStep({
    taskId: "pf_1",
    state: shownState(all, more.deferred),
    counts: all,
    orphaned: [],
    reach: ["They are warm at the edge."],
    holding: holdingOf(0),
    rejections: new Map(),
    delay: undefined,
    deferred: undefined,
    failedAgain: 0,
    failedAtCost: all.failed,
    now: NOON,
    durable: true,
    resetsAt: undefined,
    stale: undefined,
    ...more,
  });
}

const proof = "They are warm at the edge. verify_prefetch with task_id pf_1 proves what the edge holds.";
const askAgain =
  "Call get_prefetch_status with task_id pf_1 and wait_seconds 50 until the state is final; prefetching usually takes minutes.";

describe("nextStep of any task", () => {
  it("says only why the vendor could not be asked when the state is stale", () => {
    expect(advice({ processing: 2 }, { stale: "The connection failed.", holding: holdingOf(2) })).toBe(
      "The vendor gave no news just now, so this is the last known state: The connection failed. Ask get_prefetch_status again for pf_1 later.",
    );
  });
});

describe("nextStep of an open task", () => {
  it("says to ask again when every item is accepted", () => {
    expect(advice({ processing: 2 })).toBe(askAgain);
  });

  it("counts the items in flight when some are being sent", () => {
    expect(advice({ queued: 2 }, { holding: holdingOf(2) })).toBe(`2 being sent right now. ${askAgain}`);
  });

  it("says to keep the server running when items are not sent yet", () => {
    expect(advice({ queued: 5 }, { holding: holdingOf(2) })).toBe(
      `2 being sent right now. 3 not sent yet; keep this server running. ${askAgain}`,
    );
  });

  it("says why items wait when the vendor put them off", () => {
    expect(advice({ queued: 1 }, { delay: "Will be sent again. Too fast." })).toBe(
      `1 not sent yet; keep this server running. Will be sent again. Too fast. ${askAgain}`,
    );
  });

  const soon = { items: 3, from: NOON + 300_001, until: NOON + 300_001 };

  it("says when deferred items are sent and that PREFETCH_STORE keeps them when the store is durable", () => {
    expect(advice({ processing: 1, queued: 3 }, { deferred: soon })).toBe(
      "3 wait to be sent at 2026-11-21T04:05:00.001Z (in 6 min), when the vendor's quota is there for them. PREFETCH_STORE keeps them: a server that runs then sends them, one that is started later does so 5 seconds after its start. Over stdio that means that this app must be open, or opened again. Call get_prefetch_status with task_id pf_1 and wait_seconds 50 until only those are left; prefetching usually takes minutes.",
    );
  });

  it("says that deferred items are forgotten at a stop when the store is in memory", () => {
    expect(advice({ processing: 1, queued: 3 }, { deferred: soon, durable: false })).toContain(
      "in memory only (PREFETCH_STORE is memory:): if it stops before then, which also happens when the app that started it is closed, they are forgotten and never sent.",
    );
  });

  it("names the first and the last moment when deferred items wait for several days", () => {
    expect(advice({ queued: 3 }, { deferred: { ...soon, until: NOON + 86_400_000 } })).toContain(
      "3 wait to be sent from 2026-11-21T04:05:00.001Z (in 6 min) to 2026-11-22T04:00:00.000Z (in 1 d),",
    );
  });

  it("says to call after the deferral when every open item is deferred", () => {
    expect(advice({ succeeded: 1, queued: 3 }, { deferred: soon })).toMatch(
      / Call get_prefetch_status with task_id pf_1 after that, or cancel_prefetch to drop what waits\.$/,
    );
  });

  it("names the ledger accounts when this server lacks their credentials", () => {
    expect(advice({ queued: 1 }, { orphaned: ["fake-cdn:1", "fake-cdn:2"] })).toContain(
      "Some wait for a server with other credentials than this one's (ledger account fake-cdn:1, fake-cdn:2): keep that one running, or configure the key",
    );
  });
});

describe("nextStep of an ended task", () => {
  it("names the reach and verify_prefetch when every item succeeded", () => {
    expect(advice({ succeeded: 2 })).toBe(`Nothing is left to send. ${proof}`);
  });

  it("asks for nothing when every item was cancelled", () => {
    expect(advice({ cancelled: 2 })).toBe("Everything was cancelled before it was prefetched. Nothing is left to send.");
  });

  it("says to verify unknown items before sending them again", () => {
    expect(advice({ unknown: 2 })).toBe(
      "2 URL(s) may or may not have reached the vendor and are not sent again by themselves; verify_prefetch shows in a few minutes whether they are warm; call again with force true only if sending twice is acceptable.",
    );
  });

  it("says to verify items whose outcome cannot be asked for", () => {
    expect(advice({ untracked: 2 })).toBe(
      '2 accepted, but their outcome cannot be asked for (any more); detail "all" gives the reasons. Call verify_prefetch with the task_id in about five minutes to see.',
    );
  });

  it.each([
    ["the reset, when it is known", Date.parse("2026-11-21T16:00:00Z"), "2026-11-21T16:00:00.000Z (in 12 h)"],
    ["the vendor's midnight, when the reset is not known", undefined, "the vendor's midnight"],
  ])("says to send items over quota after %s", (_, resetsAt, when) => {
    expect(advice({ rejected: 2 }, { rejections: new Map([["quota_exhausted", 2]]), resetsAt })).toBe(
      `2 over quota: call again with those after ${when}, or now with on_quota_exceeded "defer".`,
    );
  });

  it("says to call again in a few minutes for refusals that usually pass", () => {
    const rejections = new Map(["rate_limited", "queue_full", "vendor_unavailable", "timeout"].map((code) => [code, 1]));
    expect(advice({ rejected: 4 }, { rejections })).toBe(
      "4 refused for reasons that usually pass: call again with those in a few minutes.",
    );
  });

  it("says to correct the setup for refused credentials", () => {
    const rejections = new Map(["auth_failed", "not_configured"].map((code) => [code, 1]));
    expect(advice({ rejected: 2 }, { rejections })).toBe(
      "2 refused because of the credentials or the setup: correct that first, then call again with just those.",
    );
  });

  it.each([
    ["that they used quota when the vendor counts it", 2, " and used their quota"],
    ["that they cost none when the provider fetches by itself", 0, ", at no cost of quota"],
    ["how many used quota when they belong to both kinds", 1, ", of which 1 used quota"],
  ])("says to check failed items, and %s", (_, failedAtCost, spent) => {
    expect(advice({ failed: 2 }, { failedAtCost })).toBe(
      `2 failed${spent}: check that each can be fetched from the origin and cached. verify_prefetch with task_id pf_1 shows what the edge holds; that needs no second prefetch. Send the rest once more, after the cause is gone.`,
    );
  });

  it("advises against a third try when items failed in the same way before", () => {
    const text = advice({ failed: 3 }, { failedAgain: 1 });
    expect(text).toContain("2 failed and used their quota: check");
    expect(text).toContain("1 failed and used their quota, as they did before in an earlier task: do not send them again.");
    expect(advice({ failed: 1 }, { failedAgain: 1 })).not.toMatch(/call again|once more/);
  });

  it("does not ask to send cancelled items again when other items were sent", () => {
    expect(advice({ failed: 1, cancelled: 2 })).toMatch(/ 2 cancelled before they were sent \(detail "all" names them\)\.$/);
  });

  it("says to correct every other rejected item", () => {
    const rejections = new Map([
      ["quota_exhausted", 1],
      ["invalid_argument", 2],
    ]);
    expect(advice({ rejected: 3 }, { rejections })).toMatch(
      / 2 rejected: correct them as their reasons say and call again with just those\.$/,
    );
  });

  it("names the reach for the items that succeeded when other items did not", () => {
    expect(advice({ succeeded: 3, failed: 1 })).toMatch(new RegExp(` Of the 3 that succeeded: ${proof}$`));
  });

  it("gives every sentence that applies, in the order of the rules", () => {
    const counts = { unknown: 1, untracked: 1, rejected: 4, failed: 1, cancelled: 1, succeeded: 1 };
    const rejections = new Map([
      ["quota_exhausted", 1],
      ["timeout", 1],
      ["auth_failed", 1],
      ["invalid_argument", 1],
    ]);
    const parts = [
      "may or may not have reached",
      "accepted, but",
      "over quota",
      "usually pass",
      "credentials",
      "1 failed and",
      "cancelled before",
      "rejected:",
      "Of the 1",
    ];
    const text = advice(counts, { rejections });
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });
});
