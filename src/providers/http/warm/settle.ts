/** Combines the outcomes of all routes of one URL into the outcome of the URL. */

import type { ErrorCode } from "../../../base/errors.ts";
import type { Settled } from "../../../prefetch/model/provider.ts";
import type { FinalOutcome } from "./classify.ts";

export interface RouteOutcome {
  readonly routeName: string;
  /** False when the task skipped the route. */
  readonly attempted: boolean;
  readonly outcome: FinalOutcome;
}

/** A longer reason, of many routes, would fill the answers to status calls. */
const MAX_REASON_LENGTH = 1_000;
/** Errors that occur before a request is sent. */
const notSent: readonly string[] = ["forbidden_domain", "invalid_argument", "limit_reached"] satisfies ErrorCode[];

/** A URL succeeds when it succeeded through all routes; otherwise its reason lists the routes that failed. */
export function settleUrl(url: string, routes: readonly RouteOutcome[]): Settled {
  const failures = routes.flatMap(({ attempted, outcome }) => (outcome.state === "failed" ? [{ attempted, code: outcome.code }] : []));
  const decisive = failures.find(({ attempted }) => attempted) ?? failures[0];
  if (!decisive) return { url, state: "succeeded", reason: joinReasons(routes) };
  const wasRequested = routes.some(({ attempted }) => attempted) && !notSent.includes(decisive.code);
  const reason = joinReasons(routes.filter(({ outcome }) => outcome.state === "failed"));
  return { url, state: wasRequested ? "failed" : "rejected", code: decisive.code, reason };
}

function joinReasons(routes: readonly RouteOutcome[]): string {
  return routes
    .map(({ routeName, outcome }) => (routeName === "" ? outcome.reason : `${routeName}: ${outcome.reason}`))
    .join(" ")
    .slice(0, MAX_REASON_LENGTH);
}
