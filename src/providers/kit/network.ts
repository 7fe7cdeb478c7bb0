/** What every provider of a vendor is created with, and what it opens with it. */

import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.ts";
import type { ProxySettings } from "../../base/proxy-settings.ts";
import { createRedactor, type Redactor } from "../../base/redact.ts";
import { createSecrets, type Secrets } from "../../base/secrets.ts";
import type { Observer } from "../../telemetry/observer.ts";
import { createHttpClient, type HttpClient } from "./http-client.ts";

export interface NetworkOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer?: Observer | undefined;
  /** Receives the secrets that requests use. */
  readonly secrets?: Secrets | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly dispatcher?: Dispatcher | undefined;
  /** Milliseconds to wait for an answer. */
  readonly answerMs?: number | undefined;
}

export interface Network {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Hides what is in `secrets` when it is called. */
  readonly redact: Redactor;
}

/** Opens no connection. */
export function openNetwork(provider: string, { secrets = createSecrets(), ...options }: NetworkOptions): Network {
  const { clock, userAgent, observer, proxy, dispatcher, answerMs } = options;
  const http = createHttpClient({ provider, clock, userAgent, observer, dispatcher, proxy, answerMs });
  return { http, clock, secrets, redact: createRedactor(secrets) };
}
