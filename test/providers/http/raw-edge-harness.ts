/** A server on loopback that answers each request with the bytes that a test chooses, whether they are HTTP or not. */

import { type AddressInfo, createServer, type Socket } from "node:net";
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
