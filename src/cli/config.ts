/** Turns the command line and the environment into one frozen configuration. */

import envPaths from "env-paths";
import type { AppConfig } from "../app/config.ts";
import type { SettingValues } from "../base/setting.ts";
import { sandboxRoutes } from "../sandbox/routes.ts";
import { readFlags } from "./flags.ts";
import { readProxySettings } from "./proxy-settings.ts";
import { type ParsedSettings, parseSettings } from "./schema.ts";
import { type ServerConfig, serverConfigFrom } from "./server-config.ts";
import { readSettingValues, secretValues, unknownNameWarnings } from "./setting-values.ts";
import { allSettings } from "./settings.ts";

export interface Config extends AppConfig {
  /** Unused by a server over stdio. */
  readonly server: ServerConfig;
}

export type Command = { readonly kind: "help" } | { readonly kind: "version" } | { readonly kind: "serve"; readonly config: Config };

/** Throws `invalid_argument` that lists every mistake in single settings, or else the first contradiction between settings. */
export function readCommand(args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const flags = readFlags(args, allSettings);
  if (flags.help) return { kind: "help" };
  if (flags.version) return { kind: "version" };

  const values = readSettingValues(flags, env);
  const settings = parseSettings(values);
  const { proxy, warnings, secrets } = readProxySettings(env);
  const app = appConfigFrom(settings, values);
  const config: Config = {
    ...app,
    ...(proxy && { proxy }),
    secrets: [...app.secrets, ...secrets],
    server: serverConfigFrom(settings),
    warnings: [...unknownNameWarnings(env), ...warnings],
  };
  return { kind: "serve", config: Object.freeze(config) };
}

function appConfigFrom(settings: ParsedSettings, values: SettingValues): Omit<AppConfig, "warnings"> {
  const sandbox = settings.PREFETCH_SANDBOX;
  return {
    sandbox,
    store: settings.PREFETCH_STORE ?? (sandbox ? ":memory:" : defaultStore()),
    pollSeconds: settings.PREFETCH_POLL_SECONDS ?? (sandbox ? 0 : undefined),
    guards: { allowedDomains: settings.PREFETCH_ALLOWED_DOMAINS, maxUrlsPerCall: settings.PREFETCH_MAX_URLS_PER_CALL },
    dailyBudget: settings.PREFETCH_DAILY_BUDGET,
    tenantDailyBudget: settings.PREFETCH_TENANT_DAILY_BUDGET,
    routes: settings.PREFETCH_ROUTES ?? (sandbox ? sandboxRoutes : []),
    logLevel: settings.PREFETCH_LOG_LEVEL,
    transport: settings.PREFETCH_TRANSPORT,
    values,
    secrets: secretValues(values),
  };
}

function defaultStore(): string {
  return `${envPaths("cdn-prefetch-mcp", { suffix: "" }).data}/prefetch.sqlite`;
}
