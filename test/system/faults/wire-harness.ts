/**
 * A proxy between the server and an emulated vendor that commits faults on real sockets. It is separate from the emulator,
 * so the emulator's log shows which requests really arrived.
 */

import { randomInt } from "node:crypto";
import {
  createServer as createHttpServer,
  request as forward,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { Answer } from "../../../src/sandbox/server/answer.ts";
import { type CertificateName, certificates } from "../harness/certificates-harness.ts";
import type { WireClock } from "./clock-harness.ts";

/** Whether the vendor carries out the request. `late`: after the client has given up. */
export type CarriedOut = "no" | "yes" | "late";

/** A fault of one request. */
export type RequestFault =
  /** The vendor or a proxy answers with this. */
  | { readonly kind: "answer"; readonly answer: Answer; readonly carriedOut?: CarriedOut }
  | { readonly kind: "reset"; readonly carriedOut: CarriedOut }
  /** No answer comes. */
  | { readonly kind: "silence"; readonly carriedOut: CarriedOut }
  /** The vendor's answer is changed on its way. `lost`: the announced part of the body that is not sent. */
  | { readonly kind: "changed"; readonly change: (answer: Answer) => Answer; readonly lost?: "end" | "rest of it, silently" }
  /** The vendor's answer comes one byte at a time. */
  | { readonly kind: "trickle"; readonly everyMs: number }
  /** The answer is not HTTP. */
  | { readonly kind: "noise"; readonly carriedOut: CarriedOut };

/** A fault of every connection. */
export type ConnectionFault =
  | "refused"
  /** The connection is accepted, and nothing follows. */
  | "silent"
  /** The connection is accepted and closed at once. */
  | "hung up"
  /** The other side does not speak TLS. */
  | "noise"
  | { readonly certificate: CertificateName };

export interface Arrival {
  readonly at: number;
  /** The URLs to prefetch; empty for a status query. */
  readonly urls: readonly string[];
  readonly request: WireRequest;
}

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WireOptions {
  readonly clock: WireClock;
  /** The emulated vendor's endpoint, and its clock. */
  readonly target: string;
  readonly now: () => number;
  readonly tls: boolean;
  readonly urlsOf: (request: WireRequest) => readonly string[];
  readonly faultOf: (arrival: Arrival) => RequestFault | undefined;
}

export interface Wire {
  readonly endpoint: string;
  /** Every request that arrived at the proxy. */
  readonly arrivals: readonly Arrival[];
  /** Commits the fault on all connections from now on; `undefined` ends it. */
  breakConnections(fault: ConnectionFault | undefined): Promise<void>;
  close(): Promise<void>;
}

/** By then any client has given up. */
const LATE_MS = 60_000;

export async function startWire({ clock, target, now, tls, urlsOf, faultOf }: WireOptions): Promise<Wire> {
  const arrivals: Arrival[] = [];
  const sockets = new Set<Socket>();
  let broken: ConnectionFault | undefined;

  // Adds the date in the test's time, because Node would add the real one.
  const headersOf = ({ headers, body }: Answer): Record<string, string> => ({
    date: new Date(now()).toUTCString(),
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
  });

  const write = (response: ServerResponse, answer: Answer): void => {
    response.writeHead(answer.status, headersOf(answer));
    response.end(answer.body);
  };

  /** Lets time pass although this request stays in flight. */
  const abandon = (socket: Socket): void => {
    socket.once("close", clock.disregard());
  };

  const carryOut = async (request: WireRequest): Promise<Answer> => {
    const release = clock.hold();
    try {
      return await passOn(request, target);
    } finally {
      release();
    }
  };

  const carryOutAs = async (carriedOut: CarriedOut, request: WireRequest): Promise<void> => {
    if (carriedOut === "yes") await carryOut(request);
    if (carriedOut === "late") void clock.sleep(LATE_MS).then(() => carryOut(request));
  };

  const commit = async (fault: RequestFault, request: WireRequest, socket: Socket, response: ServerResponse): Promise<void> => {
    if (fault.kind === "changed" || fault.kind === "trickle") {
      const answer = await carryOut(request);
      if (fault.kind === "trickle") return trickle(answer, fault.everyMs, socket, response);
      const changed = fault.change(answer);
      if (fault.lost === undefined) return write(response, changed);
      const body = Buffer.from(changed.body);
      response.writeHead(changed.status, headersOf(changed));
      response.write(body.subarray(0, Math.ceil(body.length / 2)), () => {
        if (fault.lost === "end") socket.destroy();
        else abandon(socket);
      });
      return;
    }
    await carryOutAs(fault.carriedOut ?? "no", request);
    if (fault.kind === "answer") write(response, fault.answer);
    else if (fault.kind === "reset") socket.resetAndDestroy();
    else if (fault.kind === "noise") socket.end("SSH-2.0-OpenSSH_9.9\r\n");
    else abandon(socket);
  };

  const trickle = async (answer: Answer, everyMs: number, socket: Socket, response: ServerResponse): Promise<void> => {
    response.writeHead(answer.status, headersOf(answer));
    abandon(socket);
    for (const byte of Buffer.from(answer.body)) {
      response.write(Buffer.of(byte));
      await clock.sleep(everyMs);
      if (socket.destroyed) return;
    }
    response.end();
  };

  const listener: RequestListener = (incoming, response) => {
    const { socket } = incoming;
    void receive(incoming).then(
      async (request) => {
        const arrival = { at: clock.now(), urls: urlsOf(request), request };
        arrivals.push(arrival);
        const fault = faultOf(arrival);
        if (fault) await commit(fault, request, socket, response);
        else write(response, await carryOut(request));
      },
      () => socket.destroy(),
    );
  };
  const secure = tls ? createTlsServer(certificates.good, listener) : undefined;
  const server = secure ?? createHttpServer(listener);
  // Closing an idle connection would be another fault.
  server.keepAliveTimeout = 0;

  const front = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Some faults make the client hang up.
    socket.on("error", () => undefined);
    if (broken === "silent") abandon(socket);
    else if (broken === "hung up") socket.destroy();
    else if (broken === "noise") socket.end("SSH-2.0-OpenSSH_9.9\r\n");
    else server.emit("connection", socket);
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      front.once("error", reject);
      front.listen(port, "127.0.0.1", () => {
        front.off("error", reject);
        resolve();
      });
    });
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const stopListening = async (): Promise<void> => {
    const closed = new Promise((resolve) => front.close(resolve));
    dropAll();
    await closed;
  };
  const port = await listenSomewhere(listen);

  return {
    endpoint: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    arrivals,
    breakConnections: async (fault) => {
      const release = clock.hold();
      const certificate = typeof fault === "object" ? fault.certificate : "good";
      secure?.setSecureContext(certificates[certificate]);
      if (front.listening && fault === "refused") await stopListening();
      else dropAll();
      if (!front.listening && fault !== "refused") await listen(port);
      broken = fault;
      release();
    },
    close: async () => {
      if (front.listening) await stopListening();
      else dropAll();
    },
  };
}

/**
 * Ports below the range that systems give to outgoing connections. Such a port stays free while the proxy is closed.
 */
const ports = [20_000, 30_000] as const;
const ATTEMPTS = 100;

async function listenSomewhere(listen: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(...ports);
    try {
      await listen(port);
      return port;
    } catch (error) {
      // Another process has the port.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function receive(incoming: IncomingMessage): Promise<WireRequest> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === "string") headers[name] = value;
  return { method: incoming.method ?? "GET", path: incoming.url ?? "/", headers, body: await text(incoming) };
}

/** Passes the request on unchanged, because its signature covers the host. */
function passOn({ method, path, headers, body }: WireRequest, target: string): Promise<Answer> {
  const { hostname, port } = new URL(target);
  return new Promise((resolve, reject) => {
    const outgoing = forward({ hostname, port, method, path, headers: { ...headers, connection: "close" }, agent: false }, (incoming) => {
      const answered: Record<string, string> = {};
      for (const [name, value] of Object.entries(incoming.headers)) {
        if (typeof value === "string" && !["connection", "keep-alive", "transfer-encoding"].includes(name)) answered[name] = value;
      }
      text(incoming).then((answer) => resolve({ status: incoming.statusCode ?? 0, headers: answered, body: answer }), reject);
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}
