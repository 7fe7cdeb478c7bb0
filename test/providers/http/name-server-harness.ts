/** A name server on loopback (RFC 1035) whose answers change from question to question. */

import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { closeAfterwards } from "./network-harness.ts";

export interface NameServer {
  /** Requests A and AAAA records at once over UDP, as system resolvers do. */
  lookup(hostname: string): Promise<readonly string[]>;
  /** E.g. `A media.example`. */
  readonly questions: readonly string[];
}

const KIND_A = 1;
const KIND_AAAA = 28;

/** The n-th question for a name gets the n-th list of addresses; further questions get the last list. */
export async function nameServer(answers: Readonly<Record<string, readonly (readonly string[])[]>>): Promise<NameServer> {
  const questions: string[] = [];
  const server = createSocket("udp4");
  server.on("message", (query, peer) => {
    const { name, kind, bytes } = questionIn(query);
    const question = `${kind === KIND_A ? "A" : "AAAA"} ${name}`;
    questions.push(question);
    const rounds = answers[name] ?? [];
    const round = questions.filter((earlier) => earlier === question).length - 1;
    const records = (rounds[round] ?? rounds.at(-1) ?? [])
      .filter((address) => isIPv4(address) === (kind === KIND_A))
      .map((address) => record(kind, address));
    server.send(Buffer.concat([header(query, rounds.length > 0, records.length), bytes, ...records]), peer.port, peer.address);
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

const HEADER_BYTES = 12;

function questionIn(query: Buffer): { name: string; kind: number; bytes: Buffer } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), kind: query.readUInt16BE(at + 1), bytes: query.subarray(HEADER_BYTES, at + 5) };
}

/** Response flags with NOERROR or NXDOMAIN, one question and this many answers. */
function header(query: Buffer, exists: boolean, answers: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  query.copy(bytes, 0, 0, 2);
  bytes.writeUInt16BE(exists ? 0x8180 : 0x8183, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(answers, 6);
  return bytes;
}

/** A resource record: the name as a pointer to the question, class IN, time to live 0. */
function record(kind: number, address: string): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : bytesOfIpv6(address);
  const head = Buffer.from([0xc0, HEADER_BYTES, 0, kind === KIND_A ? KIND_A : KIND_AAAA, 0, 1, 0, 0, 0, 0, 0, data.length]);
  return Buffer.concat([head, data]);
}

/** The 16 bytes of an IPv6 address without a dotted part. */
function bytesOfIpv6(address: string): Buffer {
  const [left = "", right = ""] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const zeros = new Array<string>(8 - groups(left).length - groups(right).length).fill("0");
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...groups(left), ...zeros, ...groups(right)].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return bytes;
}
