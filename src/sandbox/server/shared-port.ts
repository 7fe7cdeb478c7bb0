/** One port for HTTP and HTTPS: the first byte of a connection decides. */

import type { Server as HttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";

/** The first byte of a TLS handshake (RFC 8446, section 5.1). No HTTP method begins with it. */
const TLS_HANDSHAKE = 0x16;

export interface SharedPort {
  readonly listener: Server;
  /** Breaks all open connections, those included that have not sent their first byte. */
  destroyConnections(): void;
}

export function createSharedPort(plain: HttpServer, secure: HttpServer): SharedPort {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Until the first byte arrives, no HTTP server handles this socket's errors.
    socket.on("error", () => socket.destroy());
    socket.once("data", (first) => {
      socket.pause();
      socket.unshift(first);
      (first[0] === TLS_HANDSHAKE ? secure : plain).emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
  });
  return {
    listener,
    destroyConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
