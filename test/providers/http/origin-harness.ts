/** A web server on loopback that does what its paths say, and remembers who came. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

export interface Origin {
  /** Scheme, host and port; the same server under as many names as wanted. */
  readonly url: (path: string, host?: string) => string;
  readonly seen: readonly string[];
  /** Requests under way at this moment, and the most that there were, of each host. */
  readonly most: ReadonlyMap<string, number>;
  connections(): number;
}

type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

export async function startOrigin(answer: Answer): Promise<Origin> {
  const seen: string[] = [];
  const underWay = new Map<string, number>();
  const most = new Map<string, number>();
  const times = new Map<string, number>();
  let connections = 0;
  const server = createServer((request, response) => {
    const { url = "", headers } = request;
    const host = headers.host ?? "";
    seen.push(url);
    const now = (underWay.get(host) ?? 0) + 1;
    underWay.set(host, now);
    most.set(host, Math.max(most.get(host) ?? 0, now));
    response.once("close", () => underWay.set(host, (underWay.get(host) ?? 1) - 1));
    const nth = (times.get(url) ?? 0) + 1;
    times.set(url, nth);
    answer(request, response, nth);
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: (path, host = "127.0.0.1") => `http://${host}:${port}${path}`, seen, most, connections: () => connections };
}
