/** What people see of a task, from the call to its end. */

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { chromium, needChromium, openStage, type Stage, type View } from "./view-harness.ts";

needChromium("task.test.ts");

const urlsOf = (count: number, host: string) => Array.from({ length: count }, (_, nth) => `https://${host}/films/${nth}.mp4`);
const textOf = (view: View, selector: string) => view.frame.locator(selector).innerText();
const headline = (view: View) => textOf(view, "h1");
const button = (view: View, name: string | RegExp) => view.frame.getByRole("button", { name });

/** What the live region says from now on. */
async function recordStatus({ frame }: View): Promise<() => Promise<string[]>> {
  await frame.evaluate(() => {
    const status = document.querySelector("[role=status]");
    const said: string[] = [];
    Object.assign(window, { said });
    if (status) new MutationObserver(() => said.push(status.textContent ?? "")).observe(status, { childList: true });
  });
  return () => frame.evaluate(() => [...window.said]);
}

declare global {
  interface Window {
    said: string[];
  }
}

describe.skipIf(chromium === undefined)("the view of a task", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());

  it("shows the progress until the state is final when a task runs", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    const announced = await recordStatus(view);
    await view.run({ urls: urlsOf(40, "media.example.net") });
    await expect.poll(() => headline(view)).toBe("Finished: all 40 succeeded");
    // Screen readers hear each state once, and no count between.
    expect(await announced()).toEqual(["Sending 40…", expect.stringMatching(/^Warming: \d+ of 40 done$/), "Finished: all 40 succeeded"]);
    expect(await textOf(view, ".legend")).toBe("Succeeded\n40");
    expect(await textOf(view, ".notice")).toMatch(/no real CDN is touched/);
    expect(await textOf(view, ".next")).toContain("Nothing is left to send.");
    await expect.poll(() => view.frame.locator("table .row").count()).toBeGreaterThan(5);
    expect(await button(view, "Cancel what waits").count()).toBe(0);
    expect(await view.calls()).toContain("get_prefetch_status");
  });

  it("names the reason of each failed URL and copies the failed URLs when a task is partial", async () => {
    const failed = ["https://cloudflare.example.org/missing.mp4", "ftp://cloudflare.example.org/a"];
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({ urls: [...urlsOf(6, "cloudflare.example.org"), ...failed], wait_seconds: 20 });
    expect(await headline(view)).toBe("Finished with gaps: 6 of 8 succeeded");
    await expect.poll(() => view.frame.locator("table .row").count()).toBe(8);
    expect(await view.frame.locator("table .row").nth(0).innerText()).toMatch(/^Failed\s+https:.*missing\.mp4\s+.*status 404/);

    await view.frame.getByLabel("Filter by state").selectOption("rejected");
    await expect.poll(() => view.frame.locator("table .row").count()).toBe(1);
    expect(await textOf(view, ".shown")).toBe("1 of 8");
    expect(await textOf(view, "table .row")).toContain("ftp://");
    await view.frame.locator(".legend").getByRole("button", { name: "Failed" }).click();
    await expect.poll(() => textOf(view, "table .row")).toContain("missing.mp4");
    await view.frame.getByLabel("Filter by state").selectOption("");
    await view.frame.getByLabel("Filter URLs").fill("STATUS 404");
    await expect.poll(() => view.frame.locator("table .row").count()).toBe(1);
    await view.frame.getByLabel("Filter URLs").fill("no such text");
    await expect.poll(() => textOf(view, ".urls-panel .empty")).toBe("No URL matches the filter.");

    await view.page.context().grantPermissions(["clipboard-read"]);
    await button(view, "Copy failed URLs (2)").click();
    await button(view, "2 copied").waitFor();
    expect(await view.page.evaluate(() => navigator.clipboard.readText())).toBe(failed.join("\n"));
  });

  it("shows the failed URLs, selected, when the browser refuses to copy", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.frame.evaluate(() => {
      document.execCommand = () => false;
    });
    await view.run({ urls: ["https://cloudflare.example.org/missing-2.mp4"], wait_seconds: 20 });
    await button(view, "Copy failed URLs (1)").click();
    const box = view.frame.locator("textarea");
    await expect.poll(() => box.inputValue()).toBe("https://cloudflare.example.org/missing-2.mp4");
    expect(await box.evaluate((area: HTMLTextAreaElement) => area.selectionEnd - area.selectionStart)).toBe(44);
    await button(view, "Close").click();
    expect(await box.isVisible()).toBe(false);
  });

  it("shows quota and schedule in local time, and cancels what waits after a question, when URLs are deferred", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({ urls: urlsOf(1_100, "example.com"), on_quota_exceeded: "defer" });
    expect(await textOf(view, ".wait")).toMatch(/^100 wait until \w+ \d+, 00:00 \(in \d+ (?:hours|minutes)\)$/);
    await view.frame.getByRole("tab", { name: "Quota" }).click();
    const panel = view.frame.getByRole("tabpanel");
    expect(await panel.innerText()).toMatch(
      /huawei-vod\s+0 left\s+1,000 of 1,000 used today\s+Resets \w+ \d+, 00:00 \(in .*\) · Counted by this server/,
    );

    await button(view, "Cancel what waits").click();
    expect(await textOf(view, ".confirmation")).toMatch(/^Cancel [\d,]+ that are not sent yet\? This cannot be undone\./);
    await view.page.keyboard.press("Escape");
    expect(await view.frame.locator(".confirmation").isVisible()).toBe(false);
    expect(await view.calls()).not.toContain("cancel_prefetch");
    await button(view, "Cancel what waits").click();
    await button(view, "Yes, cancel them").click();
    await expect.poll(() => textOf(view, ".legend")).toMatch(/Cancelled\s+[\d,]{3,}/);
    expect(await view.calls()).toContain("cancel_prefetch");
    await expect.poll(() => button(view, "Cancel what waits").count()).toBe(0);
  });

  it("shows evidence, reasons and changes when the edge is asked", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({ urls: ["https://cloudflare.example.org/v.mp4", "https://cloudflare.example.org/no-store.mp4"], wait_seconds: 20 });
    await button(view, "Verify").click();
    const panel = view.frame.getByRole("tabpanel", { name: "Evidence" });
    await expect.poll(() => panel.innerText()).toMatch(/Warm\s+1\s+Uncacheable\s+1/);
    expect(await panel.innerText()).toMatch(/Change: Remove no-store/);
    await panel.locator("summary").first().click();
    expect(await panel.locator("pre").first().innerText()).toMatch(/cf-cache-status: HIT/);
  });

  it("shows the verification itself when an agent verifies", async () => {
    const view = await stage.open({ tool: "verify_prefetch" });
    await view.run({ urls: ["https://fastly.example.org/never.mp4"] });
    expect(await headline(view)).toBe("Checked: 0 of 1 warm");
    expect(await textOf(view, ".check")).toMatch(/^Cold\s+https:\/\/fastly/);
    await button(view, "Ask again").click();
    await expect.poll(() => headline(view)).toBe("Checked: 1 of 1 warm");
  });

  it("says that a call is under way, cancelled or failed when it has no result", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    expect(await headline(view)).toBe("Waiting for the call");
    await view.page.evaluate(() => window.viewHost.input({ urls: ["https://a.example/1", "https://a.example/2"] }));
    await expect.poll(() => headline(view)).toBe("Sending 2…");
    const animation = () => view.frame.locator(".sign").evaluate((sign) => getComputedStyle(sign).animationName);
    expect(await animation()).toBe("turn");
    await view.page.emulateMedia({ reducedMotion: "reduce" });
    await expect.poll(animation).toBe("none");
    await view.page.evaluate(() => window.viewHost.cancelled());
    await expect.poll(() => headline(view)).toBe("The call was cancelled before an answer came");
    await view.run({ urls: [] });
    await expect.poll(() => headline(view)).toBe("The call failed");
    expect(await textOf(view, ".failure")).toMatch(/invalid_argument: urls: the list is empty\. Pass 1 to 10,000/);
  });

  it("shows the plan as it came, without buttons, when a dry run is shown by a host that passes no calls on", async () => {
    const view = await stage.open({ tool: "prefetch_urls", tools: false });
    await view.run({ urls: ["https://www.example.org/robots.txt"], expand: "sitemap", dry_run: true });
    expect(await headline(view)).toBe("Plan for 36: nothing sent yet");
    expect(await view.frame.getByRole("tabpanel").innerText()).toMatch(
      /Fits today's quota[\s\S]*Streams and sitemaps\s+https:\/\/www\.example\.org\/robots\.txt\s+robots · 36 URLs/,
    );
    expect(await textOf(view, ".note")).toMatch(/as it came/);
    expect(await view.frame.locator(".buttons button:visible").count()).toBe(0);
    expect(await view.calls()).toEqual([]);
  });

  it("shows the host's error and goes on when the host passes calls on again", async () => {
    const view = await stage.open({ tool: "get_prefetch_status" });
    const sent = await stage.open({ tool: "prefetch_urls" });
    const id = await sent.page.evaluate(async () => {
      const { content } = await window.viewHost.run({ urls: ["https://media.example.net/outage.mp4"] });
      return /pf_[0-9a-f-]+/.exec(JSON.stringify(content))?.[0] ?? "";
    });
    await view.page.evaluate(() => {
      window.viewHost.outage = "the host is offline";
    });
    await view.run({ task_id: id });
    await expect.poll(() => textOf(view, ".failure")).toContain("the host is offline");
    await view.page.evaluate(() => {
      window.viewHost.outage = undefined;
    });
    await button(view, "Ask again").click();
    await vi.waitFor(async () => expect(await view.frame.locator(".failure").isVisible()).toBe(false));
    await expect.poll(() => headline(view)).toBe("Finished: all 1 succeeded");
  });

  it("stops asking when the host takes the view away", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({ urls: urlsOf(5, "media.example.net"), force: true });
    await view.page.evaluate(() => window.viewHost.teardown());
    await expect.poll(() => button(view, "Ask again").isEnabled()).toBe(true);
    const before = await view.calls();
    await button(view, "Ask again").click();
    await expect.poll(() => button(view, "Ask again").isEnabled()).toBe(true);
    expect(await view.calls()).toEqual(before);
  });
});
