/** A web server on loopback that records its requests. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

export interface Origin {
  /** The URL of a path. Any host name works if the test resolves it to loopback. */
  readonly url: (path: string, host?: string) => string;
  /** Paths in order of arrival. */
  readonly seen: readonly string[];
  /** Most concurrent requests, by host. */
  readonly most: ReadonlyMap<string, number>;
  connections(): number;
}

/** `nth` counts the requests for this path from 1. */
type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

export async function startOrigin(answer: Answer): Promise<Origin> {
  const seen: string[] = [];
  const inFlight = new Map<string, number>();
  const most = new Map<string, number>();
  const counts = new Map<string, number>();
  let connections = 0;
  const server = createServer((request, response) => {
    const { url = "", headers } = request;
    const host = headers.host ?? "";
    seen.push(url);
    const now = (inFlight.get(host) ?? 0) + 1;
    inFlight.set(host, now);
    most.set(host, Math.max(most.get(host) ?? 0, now));
    response.once("close", () => inFlight.set(host, (inFlight.get(host) ?? 1) - 1));
    const nth = (counts.get(url) ?? 0) + 1;
    counts.set(url, nth);
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
