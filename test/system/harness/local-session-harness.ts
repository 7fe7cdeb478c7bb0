/** The server in the test's own process, for tests of words and numbers: a process of its own takes ten times as long to start. */

import { InMemoryTransport, Client as ModernClient } from "@modelcontextprotocol/client";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { createApp } from "../../../src/app/app.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { openSqlite } from "../../../src/storage/sqlite.ts";
import { modernOver, type ServerOptions, type Session, unasked } from "./clients-harness.ts";

/** A session of 2026-07-28. The store is not in a thread, and what the server logs is left out. */
export async function localSession({ args = [], env = {} }: Pick<ServerOptions, "args" | "env">): Promise<Session> {
  const command = readCommand(args, { ...unasked, PREFETCH_STORE: "memory:", PREFETCH_LOG_LEVEL: "silent", ...env });
  if (command.kind !== "serve") throw new Error("The arguments do not start a server.");
  const app = createApp(command.config, { openStorage: ({ location, clock, kind }) => openSqlite(location, clock, undefined, kind) });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const server = serveStdio(app.factory, { transport: theirs, onerror: (error) => app.report(error, "the transport") });
  const client = new ModernClient({ name: "local-test", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(ours);
  const session = await modernOver(client, null);
  return {
    ...session,
    close: async () => {
      await session.close();
      await server.close();
      await app.close();
    },
  };
}
