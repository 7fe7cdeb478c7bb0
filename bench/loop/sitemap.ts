/** How long the event loop stands still while the server reads a sitemap of 50 MB. */

import { once } from "node:events";
import { createServer } from "node:http";
import { bodyOf, callOverHttp } from "./calls.ts";
import { startServer } from "./server.ts";

const ENTRIES = 45_000;
const COMMENT = `<!--${"x".repeat(990)}-->`;
const ROUNDS = 3;

function sitemapOf(origin: string): Buffer {
  const entry = (nth: number) =>
    `<url><loc>${origin}/${nth}</loc><lastmod>${new Date(nth * 60_000).toISOString()}</lastmod>${COMMENT}</url>`;
  return Buffer.from(`<urlset>${Array.from({ length: ENTRIES }, (_, nth) => entry(nth)).join("")}</urlset>`);
}

export async function measureSitemap(bin: string, profile: string | undefined): Promise<void> {
  let content: Buffer = Buffer.alloc(0);
  const origin = createServer((_, response) => response.end(content)).listen(0, "127.0.0.1");
  await once(origin, "listening");
  const address = origin.address();
  if (address === null || typeof address === "string") throw new Error("The origin has no port");
  const site = `http://127.0.0.1:${address.port}`;
  content = sitemapOf(site);
  const server = await startServer({ bin, transport: "http", env: { PREFETCH_HTTP_ALLOW_LOOPBACK: "1" }, profile });
  const longest: string[] = [];
  try {
    // The first call loads and compiles.
    await callOverHttp(server, bodyOf({ urls: [`${site}/page`], dry_run: true }));
    for (let round = 0; round < ROUNDS; round += 1) {
      await server.longestDelay();
      const answer = await callOverHttp(server, bodyOf({ urls: [`${site}/sitemap.xml`], expand: "sitemap", dry_run: true }));
      if (!answer.includes('"sitemaps"')) throw new Error(answer.slice(0, 300));
      longest.push(await server.longestDelay());
    }
  } finally {
    await server.stop();
    origin.closeAllConnections();
    origin.close();
  }
  process.stdout.write(`a sitemap of ${content.length} bytes: loop stands still for ${longest.join(", ")} ms\n`);
}
