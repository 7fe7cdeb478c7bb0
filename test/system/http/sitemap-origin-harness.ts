/** A site on loopback whose documents a test chooses. */

import { once } from "node:events";
import { createServer } from "node:http";
import { z } from "zod";

/** A document's content; a number is a status, and a `URL` redirects. */
export type Documents = Record<string, string | Uint8Array | number | URL>;

export async function startSite(documents: Documents) {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    const found = documents[url] ?? (url.startsWith("/page") ? "a page" : 404);
    if (typeof found === "number") response.writeHead(found).end();
    else if (found instanceof URL) response.writeHead(302, { location: found.href }).end();
    else response.writeHead(200, { "cache-control": "public, max-age=3600" }).end(found);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    asked,
    /** The URL of a path on this site. */
    at: (path: string) => `http://127.0.0.1:${port}${path}`,
    /** The same server by another host name. */
    elsewhere: (path: string) => `http://localhost:${port}${path}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
