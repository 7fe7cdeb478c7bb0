/** The HTTP server under every emulator: it listens on loopback, reads requests whole and applies injected faults. */

import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { SecureContext } from "node:tls";
import { send } from "./answer.ts";
import { answerWith, createFaults, type FaultRule, type Handle } from "./faults.ts";
import { type ReceivedRequest, receive } from "./receive.ts";
import { createSharedPort } from "./shared-port.ts";

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
  /** The certificate for a host name. Given one, the port speaks TLS too. */
  readonly contextFor?: (hostname: string) => SecureContext;
  /** The action that fault rules name. Without it, a rule that names an action never applies. */
  readonly actionOf?: (request: ReceivedRequest) => string | undefined;
  /** Waits for the fault `delay`. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** Some vendors' clients put whole lists of URLs into the query; Node's limit of 16 KiB refuses them with 431. */
const LARGEST_HEAD_BYTES = 256 * 1_024;

/** The process may exit during such a pause. */
export async function pause(ms: number): Promise<void> {
  await setTimeout(ms, undefined, { ref: false });
}

export async function startServer(options: EmulatorServerOptions): Promise<EmulatorServer> {
  const { now, answer, actionOf, contextFor, sleep = pause } = options;
  const faults = createFaults();
  const serve: RequestListener = async (incoming, response) => {
    const request = await receive(incoming);
    if (!request) return void incoming.socket.destroy();
    const fault = faults.next(request.method, actionOf?.(request));
    const sent = await answerWith(
      fault,
      async () => {
        const { headers, ...rest } = await answer(request);
        return { ...rest, headers: { date: new Date(now()).toUTCString(), ...headers } };
      },
      sleep,
    );
    if (sent === "reset") return void incoming.socket.destroy();
    await send(response, sent);
  };
  const plain = createServer({ maxHeaderSize: LARGEST_HEAD_BYTES }, serve);
  const shared = contextFor && createSharedPort(plain, createSecureServer(contextFor, serve));
  const listener = shared?.listener ?? plain;
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    inject: faults.inject,
    clearFaults: faults.clear,
    close: async () => {
      const closed = new Promise((resolve) => listener.close(resolve));
      plain.closeAllConnections();
      shared?.destroyConnections();
      await closed;
    },
  };
}

function createSecureServer(contextFor: (hostname: string) => SecureContext, serve: RequestListener) {
  const options = {
    maxHeaderSize: LARGEST_HEAD_BYTES,
    SNICallback: (hostname: string, done: (error: null, context: SecureContext) => void) => done(null, contextFor(hostname)),
  };
  return createTlsServer(options, serve);
}
