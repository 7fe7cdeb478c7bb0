/** A real CONNECT proxy on loopback. It records what it is asked for, and dials the local port that a test chooses for a name. */

import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { closeAfterwards } from "./network-harness.ts";

export interface TestProxy {
  readonly port: number;
  readonly url: string;
  /** `CONNECT host:port`, or method and URL of a request that asks it to forward. */
  readonly asked: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
}

/** `answer` is the status of refused tunnels; a silent proxy never answers. */
export async function startProxy(options: { readonly answer?: string; readonly isSilent?: boolean } = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Duplex>();
  const keep = (socket: Duplex) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  };
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(200).end("from the proxy's cache");
  });
  server.on("connection", keep);
  server.on("connect", (request: IncomingMessage, socket: Duplex) => {
    asked.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    if (options.isSilent) return;
    if (options.answer !== undefined) return void socket.end(`HTTP/1.1 ${options.answer}\r\n\r\n`);
    const port = Number(/:(\d+)$/.exec(request.url ?? "")?.[1]);
    // Every name leads to this machine, as the proxy is the one to look it up.
    const target: Socket = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    keep(target);
    target.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closeAfterwards(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, asked, authorizations };
}
