/** What the guard is tried against: a server that counts, a name server that changes its mind, and a record of what was dialled. */

import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, isIPv4, type Server, Socket } from "node:net";
import { afterEach, vi } from "vitest";
import type { Certificate } from "../../system/harness/certificates-harness.ts";

const closing: (() => unknown)[] = [];

export function closeAfterwards(close: () => unknown): void {
  closing.push(close);
}

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export interface Canary {
  readonly port: number;
  readonly connections: number;
  readonly closed: number;
  /** Bytes that came over closed connections. */
  readonly received: number;
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export async function canary(options: { certificate?: Certificate; host?: string; answer?: RequestListener } = {}): Promise<Canary> {
  const { certificate, host = "127.0.0.1", answer } = options;
  const seen = { connections: 0, closed: 0, received: 0, requests: [] as string[] };
  const listener: RequestListener = (request, response) => {
    seen.requests.push(`${request.method} ${request.headers.host} ${request.url}`);
    if (answer) answer(request, response);
    else response.end("here");
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
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  closeAfterwards(close);
  const { port } = server.address() as AddressInfo;
  return Object.assign(seen, { port, close });
}

/** Addresses to which a connection is begun from now on, whether it comes about or not. */
export function recordDialling(): string[] {
  const dialled: string[] = [];
  const { connect } = Socket.prototype;
  const spy = vi.spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket, ...args) {
    this.on("connectionAttempt", (address: string) => dialled.push(address));
    return Reflect.apply(connect, this, args);
  });
  closeAfterwards(() => spy.mockRestore());
  return dialled;
}

export interface NameServer {
  /** Asks over UDP, for both kinds of address at once, as resolvers of systems do. */
  lookup(hostname: string): Promise<readonly string[]>;
  readonly questions: readonly string[];
}

const KIND_A = 1;
const KIND_AAAA = 28;

/** A real name server, whose answer to the n-th question for a name is the n-th of the list, and the last from then on. */
export async function nameServer(answers: Readonly<Record<string, readonly (readonly string[])[]>>): Promise<NameServer> {
  const questions: string[] = [];
  const server = createSocket("udp4");
  server.on("message", (query, peer) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
      labels.push(query.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const kind = query.readUInt16BE(at + 1);
    const question = query.subarray(12, at + 5);
    const asked = `${kind === KIND_A ? "A" : "AAAA"} ${labels.join(".")}`;
    questions.push(asked);
    const rounds = answers[labels.join(".")] ?? [];
    const round = questions.filter((other) => other === asked).length - 1;
    const records = (rounds[round] ?? rounds.at(-1) ?? [])
      .filter((address) => isIPv4(address) === (kind === KIND_A))
      .map((address) => record(kind, address));
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(rounds.length > 0 ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    server.send(Buffer.concat([header, question, ...records]), peer.port, peer.address);
  });
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  closeAfterwards(() => new Promise<void>((resolve) => server.close(resolve)));
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  return {
    questions,
    lookup: async (hostname) => {
      const both = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      const found = both.flatMap((kind) => (kind.status === "fulfilled" ? kind.value : []));
      const failed = both.find((kind) => kind.status === "rejected");
      if (found.length === 0 && failed) throw failed.reason;
      return found;
    },
  };
}

/** Name by pointer to the question, class IN, no time to live. */
function record(kind: number, address: string): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : wide(address);
  const head = Buffer.from([0xc0, 0x0c, 0, kind === KIND_A ? KIND_A : KIND_AAAA, 0, 1, 0, 0, 0, 0, 0, data.length]);
  return Buffer.concat([head, data]);
}

/** The 16 bytes of an IPv6 address that is written without dotted parts. */
function wide(address: string): Buffer {
  const [left = "", right = ""] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const zeros = new Array<string>(8 - groups(left).length - groups(right).length).fill("0");
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...groups(left), ...zeros, ...groups(right)].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return bytes;
}
