/** MCP over stdin and stdout. The process ends when its host disconnects. */

import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { App } from "./served-app.ts";
import { createStdioTransport } from "./stdio-transport.ts";

/** A stop that hangs ends the process after this time. Hosts kill a process that takes much longer. */
const LONGEST_STOP_MS = 900;

/** Serves until stdin ends, stdout breaks, the host does not read, or a signal arrives; then it closes the app and ends the process. */
export function runStdio(app: Pick<App, "factory" | "report" | "noteRefusal" | "drain" | "close" | "breathe">): void {
  const transport = createStdioTransport(process.stdin, process.stdout, app);
  const server = serveStdio(app.factory, {
    transport,
    onerror: (error) => app.report(error, "the stdio transport"),
  });

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), LONGEST_STOP_MS).unref();
    Promise.allSettled([server.close(), app.close()])
      .then((results) => {
        for (const result of results) if (result.status === "rejected") app.report(result.reason, "stopping");
      })
      .finally(() => process.exit(0));
  };
  const endConnection = transport.onclose;
  transport.onclose = () => {
    endConnection?.();
    stop();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
}
