/** The providers that a server knows, and which of them it can use. */

import type { Provider } from "./provider.ts";

/** URLs of hosts that match the pattern go to the provider; the first route that matches counts. */
export interface Route {
  readonly pattern: string;
  readonly provider: string;
}

/** The providers that this server knows, and those that it can use. */
export interface ProviderDirectory {
  readonly known: readonly string[];
  readonly configured: readonly string[];
  /** Those of the configured that need no credentials: a call that names none means one of the others, where there are any. */
  readonly fallbacks: readonly string[];
  /** What each of the others needs, naming the variables to set. */
  readonly problems: readonly string[];
  /** Those of the problems that somebody has begun to solve. */
  readonly unfinished: readonly string[];
  readonly routes: readonly Route[];
  /** Throws `not_configured`, naming the variables to set. */
  get(id: string): Promise<Provider>;
}
