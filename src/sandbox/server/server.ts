/** The HTTP server that emulators stand on: it listens on loopback, reads requests whole, and commits the faults it is told to. */

import { createServer, type Server as HttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { type SecureContext, TLSSocket, type TlsOptions } from "node:tls";
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
  /** For who speaks TLS on the same port: the certificate of the name that is asked for. */
  readonly contextFor?: (hostname: string) => SecureContext;
  /** What `FaultRule.action` is compared with; without it no rule that names an action applies. */
  readonly actionOf?: (request: ReceivedRequest) => string | undefined;
}

const LARGEST_BODY = 12 * 1_048_576;
/** Some vendors' own clients put whole lists of URLs into the query. */
const LARGEST_HEAD = 256 * 1_024;

export async function startServer({ now, answer, actionOf, contextFor }: EmulatorServerOptions): Promise<EmulatorServer> {
  const faults = createFaults();
  const serve: RequestListener = (incoming, response) => {
    void receive(incoming).then((request) => {
      if (!request) return void incoming.socket.destroy();
      return faults.serve(incoming, response, actionOf?.(request), async () => {
        const full = await answer(request);
        return { ...full, headers: { date: new Date(now()).toUTCString(), ...full.headers } };
      });
    });
  };
  const plain = createServer({ maxHeaderSize: LARGEST_HEAD }, serve);
  const both =
    contextFor && createBoth(plain, createTlsServer({ maxHeaderSize: LARGEST_HEAD, SNICallback: sniCallback(contextFor) }, serve));
  const listening = both?.front ?? plain;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    inject: (rule) => faults.inject(rule),
    clearFaults: () => faults.clear(),
    close: async () => {
      const closed = new Promise((resolve) => listening.close(resolve));
      plain.closeAllConnections();
      both?.destroy();
      await closed;
    },
  };
}

function sniCallback(contextFor: (hostname: string) => SecureContext): TlsOptions["SNICallback"] {
  return (hostname, answer) => answer(null, contextFor(hostname));
}

/** The first byte of a TLS handshake; no HTTP method begins with it. */
const HANDSHAKE = 0x16;

/** One port for both: the first byte tells who comes. */
function createBoth(plain: HttpServer, secure: HttpServer): { readonly front: Server; destroy(): void } {
  const sockets = new Set<Socket>();
  const front = createTcpServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Who goes away before the first byte is no error of anybody's.
    socket.on("error", () => socket.destroy());
    socket.once("data", (first) => {
      socket.pause();
      socket.unshift(first);
      (first[0] === HANDSHAKE ? secure : plain).emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
  });
  return {
    front,
    destroy: () => {
      for (const socket of sockets) socket.destroy();
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
  const scheme = incoming.socket instanceof TLSSocket ? "https" : "http";
  const url = URL.parse(`${scheme}://${headers.host ?? "127.0.0.1"}${incoming.url ?? "/"}`) ?? new URL("http://127.0.0.1/");
  return { method: incoming.method ?? "GET", url, headers, body: Buffer.concat(chunks).toString("utf8") };
}
