import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { startService } from "./service-harness.ts";

const others = (count: number) => manyUrls(count, "https://media.example.com/other-");

describe("the next step of a repeated list", () => {
  it("names the moment of the last URL when only scheduled ones are left", async () => {
    const { urls } = await startService({ script: { limits: { urlsPerDay: 1 } } });
    await urls(manyUrls(3), { onQuotaExceeded: "defer" });
    const again = await urls(manyUrls(3).slice(1));
    expect(again).toMatchObject({ state: "scheduled", cost: 0, counts: { queued: 2 }, deferred: { items: 2 } });
    expect(again.nextStep).toMatch(
      /Call get_prefetch_status with task_id pf_0001 after 2026-11-22T16:00:00\.000Z, or cancel_prefetch to drop what waits\.$/,
    );
    expect(again.nextStep).not.toContain("wait_seconds");
  });

  it("names each task that holds open URLs, newest first", async () => {
    const { urls } = await startService();
    await urls(manyUrls(2));
    await urls(others(2));
    expect((await urls([...manyUrls(2), ...others(2)])).nextStep).toContain(
      "2 under way in pf_0002; 2 under way in pf_0001, from a call of the last 10 minutes or still to be sent. " +
        "list_prefetch_tasks with url names the task of a single URL. Call get_prefetch_status with task_id pf_0002, then pf_0001 and wait_seconds 50 to follow those.",
    );
  });

  it("speaks of no cost and no quota when the provider counts no units", async () => {
    const { urls } = await startService({
      script: {
        work: ({ urls: wanted, progress }) => {
          for (const url of wanted) progress.settled({ url, state: "succeeded", reason: "It is stored." });
        },
      },
    });
    await urls(manyUrls(2), { waitSeconds: 5 });
    expect((await urls(manyUrls(2))).nextStep).toBe(
      "Nothing new was sent, at no cost: of the list, 2 succeeded in pf_0001, from a call of the last 10 minutes or still to be sent. " +
        "To prove what the edge holds, call verify_prefetch with task_id pf_0001; force true would fetch them again.",
    );
  });

  it("asks for the cause of those that fail while the call waits, and shows nothing of the earlier task but them", async () => {
    const { clock, urls, outcomes } = await startService();
    const start = clock.now();
    const [first = "", second = ""] = manyUrls(2);
    await urls([...manyUrls(2), "not a url"]);
    outcomes.set(first, () => (clock.now() >= start + 30_000 ? "failed" : "processing")).set(second, "succeeded");
    const again = await urls([first], { waitSeconds: 50 });
    expect(again).toMatchObject({ state: "failed", counts: { failed: 1, rejected: 0 }, problems: [{ url: first, state: "failed" }] });
    expect(again.nextStep).toMatch(
      /1 failed since in pf_0001, .* Find the cause of the 1 that did not succeed \(detail "problems"\), then/,
    );
    expect(again.nextStep).not.toMatch(/force|correct/);
  });
});

describe("a list of which an earlier task holds a part", () => {
  it("is answered, and not failed, when the vendor refuses the rest", async () => {
    const { urls } = await startService({
      script: {
        answer: (_, nth) => {
          if (nth > 0) throw new PrefetchError("forbidden_domain", "Not your domain", { delivery: "refused" });
          return { vendorTaskIds: ["vendor-1"], refused: [] };
        },
      },
    });
    await urls(manyUrls(2));
    const mixed = await urls([...manyUrls(2), ...others(2)]);
    expect(mixed).toMatchObject({ state: "running", cost: 0, counts: { processing: 2, rejected: 2 } });
    expect(mixed.problems).toMatchObject(others(2).map((url) => ({ url, code: "forbidden_domain" })));
    expect(mixed.nextStep).toMatch(
      /^2 of the list are in earlier tasks .*: 2 under way in pf_0001\. Call get_.* to follow those\. The other 2, in the new task: 2 rejected/,
    );
  });

  it("needs no look at the earlier task when that part has succeeded", async () => {
    const { urls, outcomes } = await startService();
    for (const url of manyUrls(3)) outcomes.set(url, "succeeded");
    await urls(manyUrls(2), { waitSeconds: 50 });
    const mixed = await urls(manyUrls(3));
    expect(mixed.nextStep).toMatch(
      /: 2 succeeded in pf_0001\. The other 1, in the new task: Call get_prefetch_status with task_id pf_0002 /,
    );
  });
});

describe("a dry run beyond the quota", () => {
  it.each([
    [
      "partial",
      /^Nothing was sent\. 3 are over the quota and would not be sent\. on_quota_exceeded "defer" would send them on later days\. /,
    ],
    ["defer", /^Nothing was sent\. 2 would be sent today and 3 later, .* and then 0 left\./],
  ] as const)("says what would become of the rest under %s", async (onQuotaExceeded, expected) => {
    const { urls } = await startService({ script: { limits: { urlsPerDay: 2 } } });
    expect((await urls(manyUrls(5), { dryRun: true, onQuotaExceeded })).nextStep).toMatch(expected);
  });
});
