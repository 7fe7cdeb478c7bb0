/** The configuration that the command line and the environment give, and everything that is wrong with it. */

import type { AppConfig } from "../app/config.ts";
import { asPrefetchError, explain, PrefetchError } from "../base/errors.ts";
import type { Setting, SettingValues } from "../base/setting.ts";
import type { WrittenRoute } from "../prefetch/model/provider-directory.ts";
import { providerDefinitions } from "../providers/index.ts";
import { type PostgresStore, readPostgresAddress, shownAddress } from "../storage/postgres/address.ts";
import type { Flags } from "./flags.ts";
import { readProxySettings } from "./proxy-settings.ts";
import { mistakesError, type ParsedSettings, readSettings, type SettingMistake } from "./schema.ts";
import { type ServerConfig, serverConfigFrom, serverContradictions } from "./server-config.ts";
import { keyIdValues, readSettingValues, secretValues } from "./setting-values.ts";
import { generalSettings, serverSettings } from "./settings.ts";
import { storePath } from "./store-path.ts";
import { isTyped } from "./typed-names.ts";
import { unknownNameWarnings } from "./unknown-names.ts";

export interface Config extends AppConfig {
  /** Unused by a server over stdio. */
  readonly server: ServerConfig;
}

export interface ConfigReading {
  /** With its default in place of every setting that cannot be used, so a server starts on it only when `refusalOf` finds nothing. */
  readonly config: Config;
  readonly mistakes: readonly SettingMistake[];
  /** Variables of the settings in whose place a default stands. */
  readonly unusable: readonly string[];
  /** Usable settings that contradict each other or this machine. */
  readonly contradictions: readonly PrefetchError[];
}

/** The error of a start on this configuration. */
export function refusalOf({ mistakes, contradictions: [first] }: ConfigReading): PrefetchError | undefined {
  return mistakes.length > 0 ? mistakesError(mistakes) : first;
}

export function readConfig(flags: Flags, env: NodeJS.ProcessEnv): ConfigReading {
  const values = readSettingValues(flags, env);
  const { proxy, warnings, secrets } = readProxySettings(env);
  const { settings, mistakes } = readSettings(values);
  const wrong = mistakes.map(({ name }) => name);
  const store = placeOfStore(settings, env);
  const app = appConfigFrom(settings, values, store.path);
  const password = store.postgres?.address.password;
  const unused = wrong.includes(serverSettings.transport.name) ? undefined : unusedFlag(settings, flags);
  const found = [unused, store.problem, ...serverContradictions(settings)];
  return {
    config: {
      ...app,
      ...(proxy && { proxy }),
      ...(store.postgres && { postgres: store.postgres }),
      secrets: [...app.secrets, ...secrets, ...(password === undefined ? [] : [password])],
      server: serverConfigFrom(settings),
      warnings: [...unknownNameWarnings(env), ...warnings],
    },
    mistakes,
    unusable: [...wrong, ...(store.problem ? [generalSettings.store.name] : [])],
    // A default that stands for a wrong value contradicts nothing that the user has set.
    contradictions: found.flatMap((error) => (error && !wrong.some((name) => explain(error).includes(name)) ? [error] : [])),
  };
}

function appConfigFrom(settings: ParsedSettings, values: SettingValues, store: string): Omit<AppConfig, "warnings"> {
  const sandbox = settings.PREFETCH_SANDBOX;
  return {
    sandbox,
    store,
    pollSeconds: settings.PREFETCH_POLL_SECONDS ?? (sandbox ? 0 : undefined),
    guards: {
      allowedDomains: settings.PREFETCH_ALLOWED_DOMAINS,
      maxUrlsPerCall: settings.PREFETCH_MAX_URLS_PER_CALL,
      confirmAbove: settings.PREFETCH_CONFIRM_ABOVE,
    },
    dailyBudget: settings.PREFETCH_DAILY_BUDGET,
    tenantDailyBudget: settings.PREFETCH_TENANT_DAILY_BUDGET,
    routes: settings.PREFETCH_ROUTES ?? (sandbox ? sandboxRoutes() : []),
    logLevel: settings.PREFETCH_LOG_LEVEL,
    transport: settings.PREFETCH_TRANSPORT,
    stateKey: settings.PREFETCH_SERVER_STATE_KEY,
    values,
    secrets: secretValues(values),
    keyIds: keyIdValues(values),
  };
}

/** Each emulated vendor serves hosts of its own; the pattern that matches every host comes last. */
function sandboxRoutes(): WrittenRoute[] {
  const routes = providerDefinitions.flatMap(({ id, sandboxHosts }) => sandboxHosts.map((pattern) => ({ pattern, provider: id })));
  return [...routes.filter(({ pattern }) => pattern !== "*"), ...routes.filter(({ pattern }) => pattern === "*")];
}

interface StorePlace {
  readonly path: string;
  readonly postgres?: PostgresStore;
  readonly problem?: PrefetchError;
}

function placeOfStore(settings: ParsedSettings, env: NodeJS.ProcessEnv): StorePlace {
  const { PREFETCH_STORE: given, PREFETCH_SANDBOX: sandbox, PREFETCH_STORE_SCHEMA: schema, PREFETCH_STORE_POOL: poolSize } = settings;
  try {
    if (given && /^postgres(ql)?:/.test(given)) {
      const address = readPostgresAddress(given, env);
      return { path: shownAddress(address), postgres: { address, schema, poolSize } };
    }
    return { path: storePath(given ?? (sandbox ? ":memory:" : undefined)) };
  } catch (error) {
    return { path: ":memory:", problem: asPrefetchError(error) };
  }
}

/** A variable may be meant for another server that the user starts; a flag is meant for this one. */
function unusedFlag(settings: ParsedSettings, flags: Flags): PrefetchError | undefined {
  if (settings.PREFETCH_TRANSPORT === "http") return undefined;
  const unused = Object.values(serverSettings).find((setting: Setting) => setting.flag !== undefined && isTyped(setting, flags));
  if (unused === undefined || unused.name === serverSettings.transport.name) return undefined;
  return new PrefetchError("invalid_argument", `${unused.name} belongs to the HTTP server, but the server was to speak over stdio`, {
    hint: `Add --transport http, or leave out ${unused.name}.`,
  });
}
