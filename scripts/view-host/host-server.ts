/** Serves the page that hosts the view, on loopback. */

import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";

export interface HostServer {
  readonly origin: string;
  /** The address of the page that talks to the MCP server at `url`. */
  pageFor(url: string): string;
  close(): Promise<void>;
}

/** Surfaces as hosts have them. The view itself is transparent. */
const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>host</title>
<style>
  :root { color-scheme: light dark; }
  body { margin: 0; background: light-dark(#fff, #1f2124); }
  iframe { display: block; width: 100%; border: 0; }
</style>
<main></main>
<script type="module" src="/host.js"></script>
</html>
`;

export async function startHostServer(): Promise<HostServer> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "host-page.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "chrome123",
    logLevel: "error",
  });
  const script = outputFiles[0]?.text ?? "";
  const server = createServer((request, response) => {
    const isScript = request.url === "/host.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the host's server has no port");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    pageFor: (url) => `${origin}/?server=${encodeURIComponent(url)}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
