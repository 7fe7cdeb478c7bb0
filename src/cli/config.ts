/** Turns the command line and the environment into one frozen configuration. */

import type { AppConfig } from "../app/config.ts";
import { PrefetchError } from "../base/errors.ts";
import type { Setting, SettingValues } from "../base/setting.ts";
import { sandboxRoutes } from "../sandbox/routes.ts";
import type { ShellCommand } from "./commands/run-command.ts";
import { type Flags, readCommandLine } from "./flags.ts";
import { readProxySettings } from "./proxy-settings.ts";
import { type ParsedSettings, parseSettings } from "./schema.ts";
import { type ServerConfig, serverConfigFrom } from "./server-config.ts";
import { keyIdValues, readSettingValues, secretValues } from "./setting-values.ts";
import { allSettings, serverSettings } from "./settings.ts";
import { storePath } from "./store-path.ts";
import { inTypedNames, isTyped } from "./typed-names.ts";
import { unknownNameWarnings } from "./unknown-names.ts";

export interface Config extends AppConfig {
  /** Unused by a server over stdio. */
  readonly server: ServerConfig;
}

export interface StartCommand {
  readonly kind: "serve" | "check";
  readonly config: Config;
  /** As typed, for errors that follow. */
  readonly flags: Flags;
}

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | StartCommand
  | ({ readonly kind: "command" } & ShellCommand);

/** Throws `invalid_argument` that lists every mistake in single settings, or else the first contradiction between settings. */
export function readCommand(args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const { command, flags, operands } = readCommandLine(args, allSettings);
  if (flags.help) return { kind: "help" };
  if (flags.version) return { kind: "version" };

  // On a terminal, a log of ordinary work would stand between the lines of a command.
  const quiet = command === undefined ? env : { PREFETCH_LOG_LEVEL: "error", ...env };
  try {
    const config = Object.freeze(configFrom(flags, quiet));
    if (command !== undefined) return { kind: "command", name: command, operands, options: flags, config };
    return { kind: flags.check ? "check" : "serve", config, flags };
  } catch (error) {
    throw inTypedNames(flags, error);
  }
}

function configFrom(flags: Flags, env: NodeJS.ProcessEnv): Config {
  const values = readSettingValues(flags, env);
  const { proxy, warnings, secrets } = readProxySettings(env);
  const settings = parseSettings(values);
  refuseUnusedFlags(settings, flags);
  const app = appConfigFrom(settings, values);
  return {
    ...app,
    ...(proxy && { proxy }),
    secrets: [...app.secrets, ...secrets],
    server: serverConfigFrom(settings),
    warnings: [...unknownNameWarnings(env), ...warnings],
  };
}

function appConfigFrom(settings: ParsedSettings, values: SettingValues): Omit<AppConfig, "warnings"> {
  const sandbox = settings.PREFETCH_SANDBOX;
  return {
    sandbox,
    store: storePath(settings.PREFETCH_STORE ?? (sandbox ? ":memory:" : undefined)),
    pollSeconds: settings.PREFETCH_POLL_SECONDS ?? (sandbox ? 0 : undefined),
    guards: { allowedDomains: settings.PREFETCH_ALLOWED_DOMAINS, maxUrlsPerCall: settings.PREFETCH_MAX_URLS_PER_CALL },
    dailyBudget: settings.PREFETCH_DAILY_BUDGET,
    tenantDailyBudget: settings.PREFETCH_TENANT_DAILY_BUDGET,
    routes: settings.PREFETCH_ROUTES ?? (sandbox ? sandboxRoutes : []),
    logLevel: settings.PREFETCH_LOG_LEVEL,
    transport: settings.PREFETCH_TRANSPORT,
    values,
    secrets: secretValues(values),
    keyIds: keyIdValues(values),
  };
}

/** A variable may be meant for another server that the user starts; a flag is meant for this one. */
function refuseUnusedFlags(settings: ParsedSettings, flags: Flags): void {
  if (settings.PREFETCH_TRANSPORT === "http") return;
  const unused = Object.values(serverSettings).find((setting: Setting) => setting.flag !== undefined && isTyped(setting, flags));
  if (unused === undefined || unused.name === serverSettings.transport.name) return;
  throw new PrefetchError("invalid_argument", `${unused.name} belongs to the HTTP server, but the server was to speak over stdio`, {
    hint: `Add --transport http, or leave out ${unused.name}.`,
  });
}
