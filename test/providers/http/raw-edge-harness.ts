/** A server on loopback that answers each request with the bytes that a test chooses, whether they are HTTP or not. */

import { type AddressInfo, createServer, type Socket } from "node:net";
import fc from "fast-check";
import { closeAfterwards } from "./network-harness.ts";

export interface RawEdge {
  /** The URL of a path. Any host name works if the test resolves it to loopback. */
  readonly url: (path: string, host?: string) => string;
  /** Method and path of each request, in order of arrival. */
  readonly asked: readonly string[];
}

/** `path` is that of the request. The socket stays open unless `answer` ends it. */
export async function startRawEdge(answer: (socket: Socket, path: string) => void): Promise<RawEdge> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let request = "";
    socket.on("data", (chunk) => {
      request += chunk.toString("latin1");
      if (!request.endsWith("\r\n\r\n")) return;
      const [method = "", path = ""] = request.split(" ");
      request = "";
      asked.push(`${method} ${path}`);
      answer(socket, path);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closeAfterwards(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: (path, host = "127.0.0.1") => `http://${host}:${port}${path}`, asked };
}

/** A secret in every malformed answer: it must appear in no error and no outcome. */
export const PEER_SECRET = "sid-of-a-viewer";
const cookie = `Set-Cookie: sid=${PEER_SECRET}\r\n`;

/** Answers that break HTTP/1.1, each as the whole text that the peer sends. */
export const malformed: Readonly<Record<string, string>> = {
  "HTTP/0.9": `<html>${PEER_SECRET}</html>\r\n`,
  "binary garbage": `\x00\x01\xff${PEER_SECRET}\r\n\r\n`,
  "an SSH banner": `SSH-2.0-OpenSSH_9.9 ${PEER_SECRET}\r\n`,
  "an HTTP/2 frame": `\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64${PEER_SECRET}`,
  "a request": `GET /${PEER_SECRET} HTTP/1.1\r\nHost: a\r\n\r\n`,
  "an unknown version": `HTTP/3.0 200 OK\r\n${cookie}Content-Length: 2\r\n\r\nok`,
  "a status of one digit": `HTTP/1.1 1 ${PEER_SECRET}\r\n\r\n`,
  "a status below 100": `HTTP/1.1 099 ${PEER_SECRET}\r\n${cookie}\r\n`,
  "status 100 unasked": `HTTP/1.1 100 Continue\r\n${cookie}\r\n`,
  "status 101 unasked": `HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n${cookie}\r\n`,
  "status 101 without an upgrade": `HTTP/1.1 101 Switching\r\n${cookie}\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
  "LF only": `HTTP/1.1 200 OK\n${cookie}Content-Length: 2\n\nok`,
  "a NUL in a header": `HTTP/1.1 200 OK\r\nX-A: b\x00c\r\n${cookie}Content-Length: 2\r\n\r\nok`,
  "a slash in a header name": `HTTP/1.1 200 OK\r\n${cookie}a/b.php: x\r\nContent-Length: 2\r\n\r\nok`,
  "a folded header": `HTTP/1.1 200 OK\r\nX-A: b\r\n ${PEER_SECRET}\r\nContent-Length: 2\r\n\r\nok`,
  "a blank before a colon": `HTTP/1.1 200 OK\r\n${cookie}Content-Length : 2\r\n\r\nok`,
  "a header without a colon": `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${PEER_SECRET}\r\n\r\nok`,
  "a negative length": `HTTP/1.1 200 OK\r\nContent-Length: -5\r\n${cookie}\r\nok`,
  "a length of 23 digits": `HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n${cookie}\r\nok`,
  "two lengths": `HTTP/1.1 200 OK\r\n${cookie}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
  "a length and chunks": `HTTP/1.1 200 OK\r\n${cookie}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "headers that break off": `HTTP/1.1 200 OK\r\n${cookie}Content-Le`,
};

/** Malformed after the headers. The answer to a HEAD request ends before that. */
export const malformedBodies: Readonly<Record<string, string>> = {
  "a chunk of the size zz": `HTTP/1.1 200 OK\r\n${cookie}Transfer-Encoding: chunked\r\n\r\nzz\r\n${PEER_SECRET}`,
  "a malformed trailer": `HTTP/1.1 200 OK\r\n${cookie}Transfer-Encoding: chunked\r\n\r\n0\r\nbad name: ${PEER_SECRET}\r\n\r\n`,
};

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const secretBytes = (bytes: fc.Arbitrary<Buffer>) => bytes.map((each) => Buffer.concat([each, latin1(PEER_SECRET)]));
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const headText = fc.string({ unit: fc.constantFrom("a", ":", " ", "\t", "\r", "\n", "\x00", "/", "1", "-", ",", "ÿ"), maxLength: 30 });
/** A good answer with a fault somewhere in its head: an insertion, or a cut. */
const brokenHead = fc
  .tuple(fc.constantFrom("200 OK", "103 Early Hints", "204 None", "503 Busy"), fc.nat(80), headText, fc.boolean())
  .map(([status, at, text, isCut]) => {
    const good = `HTTP/1.1 ${status}\r\nSet-Cookie: ${PEER_SECRET}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    return latin1(isCut ? good.slice(0, at + 1) : good.slice(0, at) + text + good.slice(at));
  });

/** Parts of answers in any order: mostly malformed, sometimes good, sometimes cut short. */
const shuffledParts = fc
  .array(
    fc.constantFrom(
      ...["HTTP/1.1 200 OK\r\n", "HTTP/1.0 200\r\n", "HTTP/1.1 103 Early\r\n", "HTTP/1.1 101 Switching\r\n", "HTTP/1.1 099 Low\r\n"],
      ...["Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n"],
      ...["Connection: close\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n", "Connection: keep-alive\r\n", "__proto__: a\r\n"],
      ...[`Set-Cookie: ${PEER_SECRET}\r\n`, "\r\n", "\r\n", "5\r\nhello\r\n", "0\r\n\r\n", "hello", "\n", "\x00", "zz\r\n"],
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => latin1(["HTTP/1.1 200 OK\r\n", ...parts].slice(parts.length % 2).join("")));

/** Random bytes, a good answer with a fault in its head, or shuffled parts of answers. None is empty. */
export const anyAnswer: fc.Arbitrary<Buffer> = fc.oneof(secretBytes(anyBytes), brokenHead, shuffledParts);
