/** The inputs that every step of fetching one URL passes on. */

import type { Dispatcher } from "undici";
import type { Progress } from "../../../prefetch/model/provider.ts";
import type { Host } from "./hosts.ts";
import type { TaskBudget } from "./task-budget.ts";

/** One combination of PoP and variant. Each URL is fetched once through each route. */
export interface FetchRoute {
  /** Names the PoP and the variant in reasons, such as `paris, variant 2 (accept-encoding)`; empty for a single route. */
  readonly name: string;
  readonly dispatcher: Dispatcher;
  /** Carries redirects to another host, which the PoP may not serve. */
  readonly redirectDispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

export interface FetchContext {
  /** The URL's host. Redirects to other hosts count against it, too. */
  readonly host: Host;
  readonly budget: TaskBudget;
  readonly progress: Pick<Progress, "moved" | "settled">;
  readonly signal: AbortSignal;
}
