/** Runs the HTTP server as a process: SIGHUP reloads its tokens, SIGTERM and SIGINT stop it. */

import { asPrefetchError, explain } from "../../base/errors.ts";
import type { Observer } from "../../telemetry/observer.ts";
import { type AuthSettings, createAuthenticator } from "../auth/authenticate.ts";
import type { App } from "../served-app.ts";
import { createMetrics } from "./metrics.ts";
import type { HttpOptions } from "./options.ts";
import { resourceOf, startHttp } from "./server.ts";

/** A stop that hangs ends the process after this time. It must exceed the grace times of server.ts. */
const LONGEST_STOP_MS = 20_000;

/** Resolves when the server listens. Throws `invalid_argument` for an unusable token list or address. */
export async function runHttp(settings: HttpOptions & AuthSettings, createApp: (observer: Observer) => App): Promise<void> {
  const metrics = createMetrics();
  const app = createApp(metrics.observer);
  const auth = createAuthenticator(settings, { resource: resourceOf(settings), now: Date.now, report: app.report, conceal: app.conceal });
  const service = await startHttp({ app, metrics, auth, options: settings });
  app.note({ url: service.url, authentication: auth ? "required" : "none" }, "listening");

  let stopping = false;
  const stop = (): void => {
    // A second signal means that the operator does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), LONGEST_STOP_MS).unref();
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        app.report(error, "stopping");
        process.exit(1);
      },
    );
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  process.on("SIGHUP", () => {
    if (settings.tokensFile === undefined) return;
    try {
      auth?.reload();
      service.endStreams();
      app.note({}, "reloaded the tokens");
    } catch (error) {
      // The operator waits for the answer to each SIGHUP, so the limit of log lines does not apply.
      app.warn({ reason: explain(asPrefetchError(error)) }, "could not reload the tokens; the old ones stay valid");
    }
  });
}
