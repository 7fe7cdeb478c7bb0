/** The page of the view in a host: long lists, hostile text, the network, themes, languages, sizes and assistive technology. */

import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromium, needChromium, openStage, type Stage, type View } from "./view-harness.ts";

needChromium("page.test.ts");

/** The surfaces that hosts have below the transparent view; axe takes a transparent page for white. */
const surfaces = { light: "#ffffff", dark: "#1f2124" } as const;
/** One URL that succeeds, one that fails, and one that is rejected. Other tests have sent none of them. */
const mixed = (test: string) => [
  `https://cloudflare.example.org/${test}/a.mp4`,
  `https://cloudflare.example.org/${test}/missing.mp4`,
  `ftp://cloudflare.example.org/${test}`,
];
const rows = (view: View) => view.frame.locator("table .row");

/** The rules that the page breaks, with the places. */
async function violations({ frame }: View, theme: keyof typeof surfaces): Promise<string[]> {
  await frame.evaluate(axe.source);
  return frame.evaluate(async (background) => {
    document.body.style.background = background;
    const found = await window.axe.run(document, { resultTypes: ["violations"] });
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }, surfaces[theme]);
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}

describe.skipIf(chromium === undefined)("the page of the view", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());

  it("keeps few rows in the document when it has 10,000", async () => {
    const view = await stage.open({ tool: "prefetch_urls", tools: false });
    await view.page.evaluate(() => {
      const row = (nth: number) => ({ url: `https://media.example.net/${nth}.mp4`, state: nth % 100 === 0 ? "failed" : "succeeded" });
      const items = Array.from({ length: 10_000 }, (_, nth) => row(nth));
      const counts = { total: 10_000, succeeded: 9_900, failed: 100 };
      return window.viewHost.result({
        content: [],
        structuredContent: { task_id: "pf_1", state: "partial", counts, items, next_step: "" },
      });
    });
    await expect.poll(() => view.frame.getByRole("table").getAttribute("aria-rowcount")).toBe("10001");
    for (const part of [0.3, 0.6, 1]) {
      await view.frame.locator(".scroller").evaluate((scroller, to) => scroller.scrollTo(0, scroller.scrollHeight * to), part);
      await expect.poll(async () => Number(await rows(view).last().getAttribute("aria-rowindex"))).toBeGreaterThan(10_000 * part);
      expect(await rows(view).count()).toBeLessThan(60);
    }
    await view.frame.locator(".legend").getByRole("button", { name: "Failed" }).click();
    await expect.poll(() => view.frame.getByRole("table").getAttribute("aria-rowcount")).toBe("101");
    await view.frame.getByLabel("Filter URLs").fill("/9900.mp4");
    await expect.poll(() => rows(view).count()).toBe(1);
    expect(await view.frame.locator(".shown").innerText()).toBe("1 of 10,000");
  });

  it("reads every page of a long task when a filter needs them", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({
      urls: ["https://cloudflare.example.org/one.mp4", ...Array.from({ length: 1_199 }, (_, nth) => `ftp://a.example/${nth}`)],
    });
    await expect.poll(() => view.frame.getByRole("table").getAttribute("aria-rowcount")).toBe("-1");
    await view.frame.getByLabel("Filter URLs").fill("/1198");
    await expect.poll(() => view.frame.locator(".shown").innerText()).toBe("1 of 1,200");
    expect(await rows(view).innerText()).toContain("ftp://a.example/1198");
  });

  it("shows hostile text as text, with its hidden characters visible", async () => {
    const markup = '<img src=x onerror="parent.hacked=1">';
    const hidden = "https://a.example/\u202Egpj.exe\u2066";
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({
      urls: [markup, hidden, "javascript:alert(1)", `https://cloudflare.example.org/${"a".repeat(3_000)}`],
      wait_seconds: 20,
    });
    await expect.poll(() => rows(view).count()).toBe(4);
    await view.frame.locator(".row-name").filter({ hasText: "aaaa" }).click();
    expect((await view.frame.locator(".row-details dd").first().innerText()).length).toBeGreaterThan(1_000);
    expect(await view.frame.locator("main").innerText()).toContain(markup);

    // The server hides such characters itself. Another server might not.
    const row = { url: hidden, sent_as: markup, state: "failed", reason: `${markup}${hidden}` };
    const answer = {
      task_id: "pf_1",
      state: "failed",
      counts: { total: 1, failed: 1 },
      problems: [row],
      next_step: markup,
      notice: hidden,
    };
    await view.page.evaluate(
      (text) => window.viewHost.result({ content: [], structuredContent: JSON.parse(text) }),
      JSON.stringify(answer),
    );
    await expect.poll(() => view.frame.locator(".notice").innerText()).toBe("https://a.example/\\u202Egpj.exe\\u2066");
    const text = await view.frame.locator("main").innerText();
    expect(text).toContain(markup);
    expect(text).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/);
    expect(await view.frame.locator("img, a").count()).toBe(0);
    expect(await view.frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(view.errors).toEqual([]);
  });

  it("requests nothing, and its policy refuses scripts, styles and requests that are not its own", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({ urls: mixed("network"), wait_seconds: 20 });
    await view.frame.getByRole("button", { name: "Verify" }).click();
    await expect.poll(() => view.frame.locator(".check").count()).toBeGreaterThan(0);
    expect(view.requested.filter((address) => !address.startsWith("about:"))).toEqual([]);
    expect(view.errors).toEqual([]);
    const refused = await view.frame.evaluate(async () => {
      const broken: string[] = [];
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => broken.push(effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "document.title = 'run'";
      const style = document.createElement("style");
      style.textContent = "body { color: red }";
      document.head.append(script, style);
      await fetch("https://a.example/").catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return { broken: broken.sort(), title: document.title };
    });
    expect(refused).toEqual({ broken: ["connect-src", "script-src-elem", "style-src-elem"], title: "CDN prefetch" });
  });

  it("ignores a message that does not come from its host", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.page.evaluate(() => {
      const other = document.createElement("iframe");
      other.srcdoc = `<script>
        const result = { content: [], structuredContent: { state: "failed", counts: { total: 1, failed: 1 } } };
        parent.frames[0].postMessage({ jsonrpc: "2.0", method: "ui/notifications/tool-result", params: result }, "*");
        parent.postMessage("sent", "*");
      </script>`;
      const sent = new Promise((resolve) => addEventListener("message", ({ data }) => data === "sent" && resolve(undefined)));
      document.body.append(other);
      return sent;
    });
    // The host's own message comes after the foreign one.
    await view.page.evaluate(() => window.viewHost.input({ urls: ["https://a.example/1"] }));
    await expect.poll(() => view.frame.locator("h1").innerText()).toBe("Sending 1…");
  });

  it("changes theme, language, time zone and colours when the host's context changes", async () => {
    const view = await stage.open({ tool: "prefetch_urls", context: { theme: "light", locale: "en-GB", timeZone: "UTC" } });
    await view.run({ urls: ["https://media.example.net/context.mp4"], wait_seconds: 20 });
    const color = (selector: string) => view.frame.locator(selector).evaluate((element) => getComputedStyle(element).color);
    expect(await view.frame.locator("h1").innerText()).toBe("Finished: all 1 succeeded");
    const light = await color("h1");
    await view.frame.getByRole("tab", { name: "Quota" }).click();
    expect(await view.frame.getByRole("tabpanel").innerText()).toMatch(/Resets \d+ \w+, 16:00/);

    const variables = { "--color-text-primary": "rgb(1, 2, 3)" } as const;
    await view.page.evaluate(() => window.viewHost.context({ theme: "dark", locale: "zh-CN", timeZone: "Asia/Shanghai" }));
    await expect.poll(() => view.frame.locator("h1").innerText()).toBe("预热完成：1 个全部成功");
    expect(await view.frame.locator("html").getAttribute("lang")).toBe("zh-CN");
    expect(await view.frame.getByRole("tabpanel").innerText()).toMatch(/\d+月\d+日 00:00 重置/);
    expect(await color("h1")).not.toBe(light);
    await view.page.evaluate((given) => window.viewHost.context({ styles: { variables: JSON.parse(given) } }), JSON.stringify(variables));
    await expect.poll(() => color("h1")).toBe("rgb(1, 2, 3)");
    expect(await view.frame.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor)).toBe("rgba(0, 0, 0, 0)");
  });

  it("is reached by keys alone: tabs, rows, and the details of a row", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({ urls: mixed("keys"), wait_seconds: 20 });
    await expect.poll(() => rows(view).count()).toBe(3);
    await view.frame.getByRole("tab", { name: "URLs" }).focus();
    await view.page.keyboard.press("ArrowLeft");
    expect(await view.frame.getByRole("tabpanel").innerText()).toContain("Task");
    await view.page.keyboard.press("Home");
    for (let nth = 0; nth < 3; nth += 1) await view.page.keyboard.press("Tab");
    const focused = () => view.frame.evaluate(() => document.activeElement?.closest("tr")?.getAttribute("aria-rowindex"));
    expect(await focused()).toBe("2");
    await view.page.keyboard.press("End");
    expect(await focused()).toBe("4");
    await view.page.keyboard.press("ArrowUp");
    await view.page.keyboard.press("Enter");
    await expect.poll(() => view.frame.getByRole("region", { name: "Details of the URL" }).isVisible()).toBe(true);
    await view.page.keyboard.press("Escape");
    expect(await view.frame.getByRole("region", { name: "Details of the URL" }).count()).toBe(0);
    expect(await focused()).toBe("3");
  });

  it.each(["light", "dark"] as const)(
    "breaks no rule of accessibility and fits narrow and wide in the %s theme, in both languages",
    async (theme) => {
      const view = await stage.open({ tool: "prefetch_urls", context: { theme, locale: "en" } });
      await view.run({ urls: mixed(`axe-${theme}`), wait_seconds: 20 });
      await expect.poll(() => rows(view).count()).toBe(3);
      for (const [locale, width, tab] of [
        ["en", 760, 0],
        ["zh-CN", 320, 0],
        ["en", 320, 1],
        ["zh-CN", 760, 3],
      ] as const) {
        await view.page.setViewportSize({ width, height: 560 });
        await view.page.evaluate((given) => window.viewHost.context({ locale: given }), locale);
        await expect.poll(() => view.frame.locator("html").getAttribute("lang")).toBe(locale);
        await view.frame.getByRole("tab").nth(tab).click();
        expect(await violations(view, theme), `${locale}, ${width} px`).toEqual([]);
        await expect.poll(() => view.page.evaluate(() => window.viewHost.height)).toBeLessThanOrEqual(500);
        expect(await view.frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      }
    },
  );

  it("has the structure that screen readers rely on", async () => {
    const view = await stage.open({ tool: "prefetch_urls" });
    await view.run({ urls: mixed("structure"), wait_seconds: 20 });
    await expect.poll(() => rows(view).count()).toBe(3);
    const snapshot = await view.frame.locator("main").ariaSnapshot();
    expect(snapshot.replace(/pf_[0-9a-f-]+/g, "pf_…").replace(/\d\d:\d\d:\d\d/, "hh:mm:ss")).toMatchSnapshot();
  });
});
