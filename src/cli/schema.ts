/** Checks the value of every setting and turns it into what the configuration holds. Providers check their own settings. */

import { z } from "zod";
import { PrefetchError } from "../base/errors.ts";
import type { SettingValues } from "../base/setting.ts";
import type { Route } from "../prefetch/model/provider-directory.ts";
import { providerDefinitions } from "../providers/index.ts";
import { logLevels } from "../telemetry/log.ts";
import { hostNames, isHostPattern, list, origins, switchValue, trustedUrl, wholeNumber } from "./setting-types.ts";
import { allSettings } from "./settings.ts";

const MOST_URLS_PER_CALL = 10_000;
const MOST_UNITS = 999_999_999;
const MOST_REQUESTS_PER_MINUTE = 1_000_000;

const providerIds = providerDefinitions.map((definition) => definition.id);

const routes = list
  .transform((entries) => entries.map((entry) => entry.split("=").map((part) => part.trim())))
  .superRefine((entries, context) => {
    const wrong = entries.find((entry) => !isAuto(entry) && !isRoute(entry));
    if (wrong) context.addIssue({ code: "custom", message: routeMistake(wrong) });
  })
  .transform((entries) => entries.map((entry): Route => (isAuto(entry) ? "auto" : { pattern: entry[0] ?? "", provider: entry[1] ?? "" })));

function isAuto([word, ...rest]: readonly string[]): boolean {
  return word === "auto" && rest.length === 0;
}

function routeMistake(route: readonly string[]): string {
  const [pattern = "", provider = ""] = route;
  const mistake = isRoute([pattern, providerIds[0] ?? ""]) && provider !== "" ? `; no provider is called "${provider}"` : "";
  const form = `must be auto, or <host>=<provider>, separated by commas, such as *.example.com=${providerIds[0]}`;
  return `${form}; providers are ${providerIds.join(", ")}${mistake || `; "${route.join("=")}" is not of this form`}`;
}

function isRoute([pattern = "", provider = "", ...rest]: readonly string[]): boolean {
  return rest.length === 0 && (pattern === "*" || isHostPattern(pattern)) && providerIds.includes(provider);
}

const schema = z.object({
  PREFETCH_SANDBOX: switchValue.default(false),
  PREFETCH_STORE: z
    .string()
    .regex(/^(memory:|sqlite:.+|postgres(ql)?:\/\/.*)$/s, "must be sqlite:<path>, postgres://<user>@<host>/<database> or memory:")
    .transform((text) => (text === "memory:" ? ":memory:" : text.replace(/^sqlite:/, "")))
    .optional(),
  PREFETCH_STORE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, "must be at most 63 lower-case letters, digits and _, such as cdn_prefetch")
    .refine((name) => !name.startsWith("pg_"), "must not begin with pg_, which PostgreSQL keeps for itself")
    .default("cdn_prefetch"),
  PREFETCH_STORE_POOL: wholeNumber(1, 100).default(5),
  PREFETCH_POLL_SECONDS: wholeNumber(0, 3_600).optional(),
  PREFETCH_ROUTES: routes.optional(),
  PREFETCH_ALLOWED_DOMAINS: list
    .refine((patterns) => patterns.every(isHostPattern), "must be host names, separated by commas, such as *.example.com")
    .optional(),
  PREFETCH_MAX_URLS_PER_CALL: wholeNumber(1, MOST_URLS_PER_CALL).default(MOST_URLS_PER_CALL),
  PREFETCH_CONFIRM_ABOVE: wholeNumber(0, MOST_UNITS).default(1_000),
  PREFETCH_DAILY_BUDGET: wholeNumber(0, MOST_UNITS).optional(),
  PREFETCH_LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(", ")}`).default("info"),
  PREFETCH_TRANSPORT: z.enum(["stdio", "http"], "must be stdio or http").default("stdio"),
  PREFETCH_SERVER_HOST: z
    .string()
    .regex(/^(\[?[0-9a-f.:]+\]?|[a-z0-9.-]+)$/i, "must be an address or a host name")
    .transform((host) => host.replace(/^\[|\]$/g, ""))
    .default("127.0.0.1"),
  PREFETCH_SERVER_PORT: wholeNumber(0, 65_535).default(3_399),
  PREFETCH_SERVER_PATH: z
    .string()
    .regex(/^(\/[\w-][\w.-]*)+$/, "must be a path such as /mcp")
    .refine(
      (path) => !/^\/(healthz|readyz|metrics|\.well-known)(\/|$)/.test(path),
      "is taken by the server itself; choose another path, such as /mcp",
    )
    .default("/mcp"),
  PREFETCH_SERVER_PUBLIC_URL: trustedUrl.optional(),
  PREFETCH_SERVER_ALLOWED_HOSTS: hostNames.optional(),
  PREFETCH_SERVER_ALLOWED_ORIGINS: hostNames.optional(),
  PREFETCH_SERVER_CORS_ORIGINS: origins.optional(),
  PREFETCH_SERVER_TOKENS_FILE: z.string().optional(),
  PREFETCH_SERVER_TOKENS: z.string().optional(),
  PREFETCH_SERVER_OAUTH_ISSUER: trustedUrl.optional(),
  PREFETCH_SERVER_OAUTH_AUDIENCE: z.string().optional(),
  PREFETCH_SERVER_OAUTH_JWKS_URL: trustedUrl.optional(),
  PREFETCH_SERVER_OAUTH_TENANT_CLAIM: z.string().optional(),
  PREFETCH_SERVER_STATE_KEY: z.string().min(32, "must have at least 32 characters").optional(),
  PREFETCH_TENANT_DAILY_BUDGET: wholeNumber(0, MOST_UNITS).optional(),
  PREFETCH_TENANT_REQUESTS_PER_MINUTE: wholeNumber(1, MOST_REQUESTS_PER_MINUTE).default(600),
});

export type ParsedSettings = z.infer<typeof schema>;

const flagged = new Set(allSettings.filter(({ flag }) => flag !== undefined).map(({ name }) => name));
/** Longer values fill the terminal; shorter ones hide the mistake. */
const MOST_SHOWN = 60;

/** Other users of the machine can read a command line, so a setting with a flag holds no secret. */
function shownValue(name: string, value: string | undefined): string {
  // An address with a mistake may still hold a password.
  if (value === undefined || !flagged.has(name) || /\/\/[^/]*@/.test(value)) return "";
  return `; it is "${value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value}"`;
}

/** A value that cannot be used. The message begins with the name of its variable. */
export interface SettingMistake {
  readonly name: string;
  readonly message: string;
}

export interface SettingsReading {
  /** With its default in place of every value that cannot be used. */
  readonly settings: ParsedSettings;
  readonly mistakes: readonly SettingMistake[];
}

export function readSettings(values: SettingValues): SettingsReading {
  const parsed = schema.safeParse(values);
  if (parsed.success) return { settings: parsed.data, mistakes: [] };
  const mistakes = parsed.error.issues.map(({ path, message }): SettingMistake => {
    const name = path.join(".");
    // A message that quotes the wrong part says more than the whole value.
    return { name, message: `${name} ${message}${message.includes('"') ? "" : shownValue(name, values[name])}` };
  });
  const wrong = new Set(mistakes.map(({ name }) => name));
  return { settings: schema.parse(Object.fromEntries(Object.entries(values).filter(([name]) => !wrong.has(name)))), mistakes };
}

/** The error that lists every mistake. */
export function mistakesError(mistakes: readonly SettingMistake[]): PrefetchError {
  return new PrefetchError("invalid_argument", mistakes.map(({ message }) => message).join("; "), {
    hint: "Run with --help for all settings, or cdn-prefetch-mcp doctor for all problems.",
  });
}
