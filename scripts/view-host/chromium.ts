/** The browser that shows the view: Debian's Chromium, or another one that the machine has. */

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PROGRAMS = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

export function findChromium(): string | undefined {
  return PROGRAMS.find((program) => existsSync(program));
}

/** Playwright's own emulation of a time zone reaches a sandboxed frame too late. */
export function launchChromium(executablePath: string, timeZone: string): Promise<Browser> {
  // Chromium has no sandbox of its own when root starts it, as in a container.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args, env: { ...process.env, TZ: timeZone } });
}
