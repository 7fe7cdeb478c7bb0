/** Every check of an installation, in the order of the report. */

import type { LocalApp } from "../../../app/app.ts";
import { systemClock } from "../../../app/system-clock.ts";
import { createForeignText } from "../../../base/foreign-text.ts";
import type { Secrets } from "../../../base/secrets.ts";
import { version } from "../../../base/version.ts";
import { providerDefinitions } from "../../../providers/index.ts";
import { createHttpClient } from "../../../providers/kit/http-client.ts";
import type { ConfigReading } from "../../read-config.ts";
import type { SettingSources } from "../../setting-values.ts";
import type { Check } from "./check.ts";
import { checkDatabase } from "./database.ts";
import { checkProgram, thisMachine } from "./program.ts";
import { checkProvider, PROVIDER_MS } from "./provider.ts";
import { checkProxy } from "./proxy.ts";
import { checkRoutes } from "./routes.ts";
import { checkServer } from "./server.ts";
import { checkSettings } from "./settings.ts";
import { checkStore } from "./store.ts";
import { checkUrl, URL_MS } from "./url.ts";

/** For checks of this machine. Larger: a disk that hangs holds the report. Smaller: a busy disk fails. */
const LOCAL_MS = 5_000;
/** The same with the vendors' lists of domains, each of which is waited for 3 s, and the start of the sandbox. */
const ROUTES_MS = LOCAL_MS + 5_000;

export interface PlanOptions {
  readonly reading: ConfigReading;
  readonly sources: SettingSources;
  /** An app whose store is in memory: it has no batches that it could send. */
  readonly app: LocalApp;
  readonly secrets: Secrets;
  readonly urls: readonly string[];
  /** The provider that calls with these URLs would name. */
  readonly named: string | undefined;
}

export function planChecks(options: PlanOptions): Check[] {
  return [...localChecks(options), ...providerChecks(options), ...urlChecks(options)];
}

function localChecks({ reading, sources }: PlanOptions): Check[] {
  const { config } = reading;
  const local = { needs: [], limitMs: LOCAL_MS };
  return [
    { ...local, area: "program", run: () => checkProgram(thisMachine()) },
    { ...local, area: "settings", run: () => checkSettings(reading, sources) },
    {
      ...local,
      area: "store",
      needs: ["PREFETCH_STORE", "PREFETCH_SANDBOX"],
      run: () => {
        const kind = config.sandbox ? "sandbox" : "real";
        return config.postgres ? checkDatabase(config.postgres, kind) : checkStore(config.store, kind);
      },
    },
    {
      ...local,
      area: "server",
      needs: ["PREFETCH_TRANSPORT", "PREFETCH_SERVER_HOST", "PREFETCH_SERVER_OAUTH_ISSUER"],
      run: () => checkServer(config, systemClock.now()),
    },
    { ...local, area: "proxy", needs: ["PREFETCH_SANDBOX"], run: () => checkProxy(config) },
  ];
}

function providerChecks({ reading: { config }, app: { directory } }: PlanOptions): Check[] {
  const proxy = config.sandbox ? undefined : config.proxy;
  const userAgent = `cdn-prefetch-mcp/${version}`;
  const clientFor = (provider: string) => createHttpClient({ provider, userAgent, clock: systemClock, proxy });
  const context = { directory, values: config.values, clientFor, now: systemClock.now };
  return providerDefinitions.map((definition) => ({
    area: definition.id,
    needs: ["PREFETCH_SANDBOX"],
    limitMs: PROVIDER_MS,
    run: (signal) => checkProvider(definition, context, signal),
  }));
}

function urlChecks({ reading, app, secrets, urls, named }: PlanOptions): Check[] {
  const { guards } = reading.config;
  const needs = ["PREFETCH_SANDBOX", "PREFETCH_ROUTES", "PREFETCH_ALLOWED_DOMAINS"];
  const context = { app, guards, foreign: createForeignText(secrets), named };
  return [
    { area: "urls", needs, limitMs: ROUTES_MS, run: (signal) => checkRoutes({ ...app, guards }, signal) },
    ...urls.map((url): Check => ({ area: "url", needs, limitMs: URL_MS, run: (signal) => checkUrl(url, context, signal) })),
  ];
}
