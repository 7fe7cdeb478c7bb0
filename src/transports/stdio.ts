/** MCP over stdin and stdout. The process ends when its host disconnects. */

import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import type { App } from "./served-app.ts";

/** Holds 10,000 URLs of the greatest length that a vendor accepts. A smaller limit would break such calls. */
const LARGEST_MESSAGE = 128 * 1_048_576;
/** A stop that hangs ends the process after this time. Hosts kill a process that takes much longer. */
const LONGEST_STOP_MS = 900;

/** Serves until stdin ends, stdout breaks or a signal arrives; then it closes the app and ends the process. */
export function runStdio(app: Pick<App, "factory" | "report" | "close">): void {
  const transport = new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize: LARGEST_MESSAGE });
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
  process.stdin.once("end", stop);
  process.stdin.once("close", stop);
  process.stdout.once("error", stop);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
}
