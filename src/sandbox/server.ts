/** The HTTP server that emulators stand on: it listens on loopback, reads requests whole, and commits the faults it is told to. */

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createFaults, type FaultRule, type Handle } from "./faults.ts";

export interface ReceivedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface EmulatorServer {
  /** Scheme, host and port. */
  readonly endpoint: string;
  inject(rule: FaultRule): void;
  clearFaults(): void;
  close(): Promise<void>;
}

export interface EmulatorServerOptions {
  readonly now: () => number;
  readonly answer: (request: ReceivedRequest) => ReturnType<Handle>;
  /** What `FaultRule.action` is compared with; without it no rule that names an action applies. */
  readonly actionOf?: (request: ReceivedRequest) => string | undefined;
}

const LARGEST_BODY = 12 * 1_048_576;
/** Some vendors' own clients put whole lists of URLs into the query. */
const LARGEST_HEAD = 256 * 1_024;

export async function startServer({ now, answer, actionOf }: EmulatorServerOptions): Promise<EmulatorServer> {
  const faults = createFaults();
  const server = createServer({ maxHeaderSize: LARGEST_HEAD }, (incoming, response) => {
    void receive(incoming).then((request) => {
      if (!request) return void incoming.socket.destroy();
      return faults.serve(incoming, response, actionOf?.(request), async () => {
        const full = await answer(request);
        return { ...full, headers: { date: new Date(now()).toUTCString(), ...full.headers } };
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    inject: (rule) => faults.inject(rule),
    clearFaults: () => faults.clear(),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming) {
      size += chunk.length;
      if (size > LARGEST_BODY) return undefined;
      chunks.push(chunk);
    }
  } catch {
    // The client went away in the middle of its request.
    return undefined;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === "string") headers[name] = value;
  const url = URL.parse(`http://${headers.host ?? "127.0.0.1"}${incoming.url ?? "/"}`) ?? new URL("http://127.0.0.1/");
  return { method: incoming.method ?? "GET", url, headers, body: Buffer.concat(chunks).toString("utf8") };
}
