/** The view in a real browser, in the official bridge for hosts, on the built server in its sandbox. */

import type { Frame, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { findChromium, launchChromium } from "../../../scripts/view-host/chromium.ts";
import type { OpenOptions } from "../../../scripts/view-host/host-page.ts";
import { startHostServer } from "../../../scripts/view-host/host-server.ts";
import { launchServer } from "../harness/http-server-harness.ts";

export const chromium = findChromium();

/** Fails with CI=true, and prints why the file is skipped anywhere else. */
export function needChromium(file: string): void {
  if (chromium !== undefined) return;
  if (process.env.CI === "true") throw new Error("there is no Chromium here");
  process.stderr.write(`${file}: skipped, because there is no Chromium here\n`);
}

type Arguments = Record<string, unknown>;

export interface View {
  readonly page: Page;
  readonly frame: Frame;
  /** Calls the tool as an agent does, and shows the answer. */
  run(args: Arguments): Promise<void>;
  /** The calls of the view so far, by tool name. */
  calls(): Promise<string[]>;
  /** Addresses that the frame has requested. */
  readonly requested: readonly string[];
  /** Errors of scripts, and what the policy of the page refused. */
  readonly errors: readonly string[];
}

export interface Stage {
  open(options: OpenOptions & { readonly width?: number }): Promise<View>;
  close(): Promise<void>;
}

/** One browser and one server, which the tests of a file share. */
export async function openStage(): Promise<Stage> {
  const host = await startHostServer();
  const server = await launchServer({ PREFETCH_SERVER_CORS_ORIGINS: host.origin });
  const browser = await launchChromium(chromium ?? "", "Asia/Shanghai");
  return {
    open: async ({ width = 760, ...options }) => {
      const page = await browser.newPage({
        viewport: { width, height: 560 },
        colorScheme: options.context?.theme ?? "light",
      });
      onTestFinished(() => page.close());
      await page.goto(host.pageFor(server.url));
      const requested: string[] = [];
      const errors: string[] = [];
      page.on("request", (request) => {
        if (request.frame() !== page.mainFrame()) requested.push(request.url());
      });
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await page.evaluate((opened) => window.viewHost.open(JSON.parse(opened)), JSON.stringify(options));
      const frame = page.frames().find((each) => each !== page.mainFrame());
      if (!frame) throw new Error("the host shows no view");
      return {
        page,
        frame,
        run: async (args) => {
          await page.evaluate(async (given) => void (await window.viewHost.run(given)), args);
          // The frame gets the answer as a message and draws it in its next frame.
          await expect.poll(() => frame.locator("h1").innerText()).not.toMatch(/^(?:Waiting for the call|Sending|Asking)/);
        },
        calls: () => page.evaluate(() => [...window.viewHost.calls]),
        requested,
        errors,
      };
    },
    close: async () => {
      await browser.close();
      await server.stop();
      await host.close();
    },
  };
}
