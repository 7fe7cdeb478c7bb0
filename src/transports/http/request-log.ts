/** Logs and counts each request of the endpoint when its response closes. */

import type { ServerResponse } from "node:http";
import { type AmbientContext, withAmbientContext } from "../../telemetry/ambient-context.ts";
import type { App } from "../served-app.ts";
import type { Metrics } from "./metrics.ts";

/** Status of a request whose client disconnected before the response, as nginx logs it. */
const CLIENT_CLOSED_REQUEST = 499;
/** Callers choose these texts; a log line must not grow with them. */
const LONGEST_TEXT = 100;

export interface LogOptions {
  readonly app: Pick<App, "note">;
  readonly metrics: Pick<Metrics, "requestAnswered">;
}

export interface RequestLogEntry {
  setPrincipal(name: string | undefined): void;
  setMessage(method: string, name: string | undefined): void;
}

export type LogRequest = (response: ServerResponse, facts: AmbientContext) => RequestLogEntry;

export function createRequestLog({ app, metrics }: LogOptions): LogRequest {
  return (response, facts) => {
    const startedAt = performance.now();
    const entry: { method?: string; name?: string | undefined; principal?: string | undefined } = {};
    response.once("close", () => {
      const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST;
      metrics.requestAnswered(`${Math.floor(status / 100)}xx`);
      const ms = Math.round(performance.now() - startedAt);
      // The event fires outside of the request's ambient context.
      withAmbientContext(facts, () => app.note({ ...entry, status, ms }, "request"));
    });
    return {
      setPrincipal: (name) => {
        entry.principal = name;
      },
      setMessage: (method, name) => {
        entry.method = method.slice(0, LONGEST_TEXT);
        entry.name = name?.slice(0, LONGEST_TEXT);
      },
    };
  };
}
