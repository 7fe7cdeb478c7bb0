/** The providers that a server knows, and which of them it can use. */

import type { Provider } from "./provider.ts";

/** Sends the URLs of matching hosts to one provider. */
export interface WrittenRoute {
  readonly pattern: string;
  readonly provider: string;
}

/** `auto` sends each host to the provider whose vendor lists it. The first route that knows a host counts. */
export type Route = WrittenRoute | "auto";

export interface ProviderDirectory {
  /** Ids of all providers. */
  readonly known: readonly string[];
  /** Ids of the providers that calls can use. */
  readonly configured: readonly string[];
  /** The configured ones that need no credentials. A call without `provider` means a fallback only while no vendor is configured. */
  readonly fallbacks: readonly string[];
  /** The configured ones that can drop old copies before a prefetch. */
  readonly refreshing: readonly string[];
  /** The configured ones that take asset ids. */
  readonly assetTakers: readonly string[];
  /** What a configured provider is for, in a few words, where its id does not say it. */
  readonly purposes: ReadonlyMap<string, string>;
  /** One sentence per provider that is not configured: the variables to set. */
  readonly problems: readonly string[];
  /** The problems of providers with some of their variables set. */
  readonly unfinished: readonly string[];
  readonly routes: readonly Route[];
  /** Throws `not_configured`, naming the variables to set. */
  get(id: string): Promise<Provider>;
}
