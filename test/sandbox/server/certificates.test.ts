import { X509Certificate } from "node:crypto";
import { connect, createServer } from "node:tls";
import { expect, it, onTestFinished } from "vitest";
import { createAuthority } from "../../../src/sandbox/server/certificates.ts";

it.each(Array.from({ length: 20 }, (_, nth) => `host-${"x".repeat(nth * 3)}.example.org`))(
  "issues a certificate for %s that only clients of the same authority accept",
  async (name) => {
    const { ca, contextFor } = createAuthority();
    const authority = new X509Certificate(ca);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(contextFor(name)).toBe(contextFor(name));
    const server = createServer({ SNICallback: (hostname, answer) => answer(null, contextFor(hostname)) }, (socket) => socket.end());
    onTestFinished(() => void server.close());
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const outcome = (options: { ca?: string; as?: string }) =>
      new Promise<string>((resolve) => {
        const socket = connect({ port, host: "127.0.0.1", servername: name, ...options }, () => resolve("secure"));
        socket.on("error", ({ message, ...rest }) => resolve("code" in rest ? String(rest.code) : message));
        onTestFinished(() => void socket.destroy());
      });
    expect(await outcome({ ca })).toBe("secure");
    expect(await outcome({})).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    expect(await outcome({ ca: createAuthority().ca })).not.toBe("secure");
  },
);
