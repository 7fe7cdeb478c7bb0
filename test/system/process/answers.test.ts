/** The words and numbers of the answers that an agent acts on, through the official client. */

import { describe, it, type TestContext } from "vitest";
import { modernSession, type Session, taskOf } from "../harness/clients-harness.ts";

async function sandbox({ onTestFinished }: Pick<TestContext, "onTestFinished">): Promise<Session> {
  const session = await modernSession({ args: ["--sandbox"] });
  onTestFinished(() => session.close());
  return session;
}

describe.concurrent("the sandbox", () => {
  it("fetches a newcomer's own URLs from its own edge and says that no real CDN is touched", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const urls = ["https://cdn.my-company.test/video.mp4", "https://www.my-company.test/"];
    const task = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 20 }));
    expect(task).toMatchObject({ state: "succeeded", notice: expect.stringMatching(/no real CDN/) });
  });

  it("finds the vendor of an asset when the call names none", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    for (const asset of ["f488337c31c8e4622f1590735b134c65", "93ab850b4f6f44eab54b6e91d24d81d4"]) {
      const task = taskOf(await session.call("prefetch_asset", { asset_id: asset, wait_seconds: 20 }));
      expect(task.state).toBe("succeeded");
    }
    const unknown = await session.call("prefetch_asset", { asset_id: "0123456789abcdef0123456789abcdef" });
    expect(unknown).toMatchObject({ isError: true, text: expect.stringContaining("no real CDN") });
  });
});

describe.concurrent("a playlist", () => {
  const urls = ["https://cloudflare.example.org/hls/film/master.m3u8"];

  it("comes alone, with a word on its segments, when the call does not expand it", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const task = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 20 }));
    expect(task).toMatchObject({ counts: { total: 1 } });
    expect(task.next_step).toMatch(/only the playlist itself .* call again with expand "streams"/);
  });

  it("is expanded when the call names a scope, and refused when it also forbids to expand", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const plan = taskOf(await session.call("prefetch_urls", { urls, scope: "startup", dry_run: true }));
    expect(plan.counts.total).toBeGreaterThan(20);
    const refused = await session.call("prefetch_urls", { urls, scope: "full", expand: "none" });
    expect(refused).toMatchObject({ isError: true, text: expect.stringMatching(/^invalid_argument: scope: goes with expand/) });
  });
});
