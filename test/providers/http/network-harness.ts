/** Tools for tests of the network: a counting web server on loopback, a record of dialled addresses, and undici's clock. */

import { EventEmitter, once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createRequire } from "node:module";
import { type AddressInfo, type Server, Socket } from "node:net";
import { onTestFinished, vi } from "vitest";
import type { Certificate } from "../../system/harness/certificates-harness.ts";

/** Runs `close` after the current test, the last one first. A hook of this module would run for the first file that imports it only. */
export function closeAfterwards(close: () => unknown): void {
  onTestFinished(async () => {
    await close();
  });
}

export interface Canary {
  readonly port: number;
  readonly connections: number;
  readonly closed: number;
  /** Bytes received over closed connections. */
  readonly received: number;
  /** Method, host and path of each request. */
  readonly requests: readonly string[];
  /** Resolves when this many requests have arrived. */
  requested(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function canary(options: { certificate?: Certificate; host?: string; answer?: RequestListener } = {}): Promise<Canary> {
  const { certificate, host = "127.0.0.1", answer } = options;
  const seen = { connections: 0, closed: 0, received: 0, requests: [] as string[] };
  const arrivals = new EventEmitter();
  const listener: RequestListener = (request, response) => {
    seen.requests.push(`${request.method} ${request.headers.host} ${request.url}`);
    if (answer) answer(request, response);
    else response.end("here");
    arrivals.emit("request");
  };
  const server: Server = certificate ? createTlsServer(certificate, listener) : createHttpServer(listener);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    seen.connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      seen.closed += 1;
      seen.received += socket.bytesRead;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const requested = async (count: number) => {
    while (seen.requests.length < count) await once(arrivals, "request");
  };
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  closeAfterwards(close);
  const { port } = server.address() as AddressInfo;
  return Object.assign(seen, { port, requested, close });
}

/** Public by every rule, but in a block that IANA has not assigned. */
export const UNASSIGNED = "2d00:1234::1";

/** Addresses to which sockets connect from now on. A connection to `UNASSIGNED` fails at once instead of by a time-out. */
export function recordDialling(): string[] {
  const dialled: string[] = [];
  const { connect } = Socket.prototype;
  const spy = vi.spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket, ...args) {
    this.on("connectionAttempt", (address: string) => {
      dialled.push(address);
      const unreachable = Object.assign(new Error(`connect ENETUNREACH ${address}`), { code: "ENETUNREACH" });
      if (address === UNASSIGNED) process.nextTick(() => this.destroy(unreachable));
    });
    return Reflect.apply(connect, this, args);
  });
  closeAfterwards(() => spy.mockRestore());
  return dialled;
}

/** undici's coarse timers, with the functions that undici exports for tests. */
const undiciTimers: { tick(ms: number): void } = createRequire(import.meta.url)("undici/lib/util/timers.js");

/** Lets this time pass for undici's time-outs: its own timers tick only every half a second. */
export function passUndiciTime(ms: number): void {
  // The first tick only starts new timers.
  undiciTimers.tick(0);
  undiciTimers.tick(ms);
}
