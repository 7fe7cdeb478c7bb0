/**
 * Warms a list on the sandbox in the view and takes assets/view-light.webp and assets/view-dark.webp, the pictures in the READMEs.
 * Usage: `npm run screenshot:view`. It needs Chromium, and takes the font Inter (Debian: fonts-inter) where the machine has it.
 */

import { writeFile } from "node:fs/promises";
import { launchServer } from "../../test/system/harness/http-server-harness.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { startHostServer } from "./host-server.ts";

const program = findChromium();
if (program === undefined) throw new Error("there is no Chromium here; on Debian: apt-get install chromium");

const segments = Array.from(
  { length: 44 },
  (_, nth) => `https://media.example.net/launch/1080p/segment-${String(nth + 1).padStart(4, "0")}.ts`,
);
const urls = [
  ...segments,
  "https://cloudflare.example.org/launch/trailer.mp4",
  "https://cloudflare.example.org/launch/poster/missing-4k.avif",
  "https://cloudflare.example.org/launch/no-store-manifest.json",
  "https://foreign.example.com/launch/logo.svg",
];
/** A card as chats have it. The corners around it are transparent. */
const card = `
  html, body { background: transparent !important; }
  main { margin: 1px; overflow: hidden; border: 1px solid light-dark(#dfe2e6, #3c4147); border-radius: 12px; background: light-dark(#fff, #1f2124); }
`;

const host = await startHostServer();
const server = await launchServer({ PREFETCH_SERVER_CORS_ORIGINS: host.origin });
const browser = await launchChromium(program, "UTC");
try {
  const page = await browser.newPage({ viewport: { width: 762, height: 520 }, deviceScaleFactor: 2 });
  const protocol = await page.context().newCDPSession(page);
  await protocol.send("Emulation.setDefaultBackgroundColorOverride", { color: { r: 0, g: 0, b: 0, a: 0 } });
  await page.goto(host.pageFor(server.url));
  await page.addStyleTag({ content: card });
  await page.evaluate(() => {
    const styles = { variables: { "--font-sans": 'Inter, system-ui, "Noto Sans", sans-serif' } };
    return window.viewHost.open({
      tool: "prefetch_urls",
      context: JSON.parse(JSON.stringify({ theme: "light", locale: "en", timeZone: "UTC", styles })),
    });
  });
  await page.evaluate((given) => window.viewHost.run({ urls: given, wait_seconds: 30 }), urls);
  await page.frameLocator("iframe").getByText("Finished with gaps").first().waitFor();
  for (const theme of ["light", "dark"] as const) {
    await page.evaluate((name) => window.viewHost.context({ theme: name }), theme);
    await page.frameLocator("iframe").locator(`html[style*="${theme}"]`).waitFor();
    const path = `assets/view-${theme}.webp`;
    const { x = 0, y = 0, width = 0, height = 0 } = (await page.locator("main").boundingBox()) ?? {};
    // The browser's own protocol takes WebP, which is a quarter of the size of a PNG.
    const clip = { x, y, width, height, scale: 1 };
    const { data } = await protocol.send("Page.captureScreenshot", { format: "webp", quality: 90, clip });
    const picture = Buffer.from(data, "base64");
    await writeFile(path, picture);
    process.stdout.write(`${path} written: ${Math.round(picture.length / 1_000)} kB\n`);
  }
} finally {
  await browser.close();
  await server.stop();
  await host.close();
}
