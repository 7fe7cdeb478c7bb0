/** Dispatches verified calls of the emulated Alibaba Cloud by action, within the limits of the account. */

import { createRateLimit } from "../limits.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { AcsError, type Reply } from "./answer.ts";
import type { Params } from "./params.ts";

export type Action = (params: Params) => Reply;

type Account = "open" | "closed" | "suspended";

export interface DispatcherPolicy {
  readonly account?: Account;
  /** Actions that this account or region lacks. */
  readonly missingActions?: readonly string[];
  /** The limit of each action: the vendor publishes limits by action. */
  readonly callsPerSecond?: number;
  /** The vendor's pages disagree on the status. Only some refusals carry the time to wait. */
  readonly throttlingStatus?: 503 | 400 | 429;
  readonly retryAfterMs?: number;
}

type Dispatcher = (request: ReceivedRequest, action: string, params: Params) => Reply;

interface DispatcherOptions {
  readonly actions: ReadonlyMap<string, Action>;
  readonly version: string;
  readonly service: string;
  readonly now: () => number;
  readonly policy: DispatcherPolicy;
}

/** Checks version, action, rate and account, in this order, and then calls the action. */
export function createDispatcher({ actions, version, service, now, policy }: DispatcherOptions): Dispatcher {
  const { account = "open", missingActions = [], callsPerSecond = 50, throttlingStatus = 503, retryAfterMs } = policy;
  const unknown = missingActions.find((name) => !actions.has(name));
  if (unknown !== undefined) {
    throw new RangeError(`missingActions names ${unknown}, which is no action of this emulator. Use: ${[...actions.keys()].join(", ")}.`);
  }
  const rates = new Map([...actions.keys()].map((name) => [name, createRateLimit(callsPerSecond, 1_000, now)]));

  return ({ headers, method }, action, params) => {
    if (headers.get("x-acs-version") !== version) throw new AcsError(400, "InvalidVersion", "Specified parameter Version is not valid.");
    const perform = missingActions.includes(action) ? undefined : actions.get(action);
    if (!perform || !["GET", "POST"].includes(method)) {
      throw new AcsError(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.");
    }
    if (rates.get(action)?.() === false) {
      const retryAfter: Record<string, string> = retryAfterMs === undefined ? {} : { "x-acs-retry-after": String(retryAfterMs) };
      throw new AcsError(throttlingStatus, "Throttling.User", "Request was denied due to user flow control.", retryAfter);
    }
    checkAccount(account, service);
    return perform(params);
  };
}

function checkAccount(account: Account, service: string): void {
  if (account === "closed") throw new AcsError(403, "OperationDenied", `Your account does not open ${service} service yet.`);
  if (account === "suspended") throw new AcsError(403, "OperationDenied.Suspended", `Your ${service} service is suspended.`);
}
