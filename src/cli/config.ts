/** From flags and environment to one frozen configuration. */

import { parseArgs } from "node:util";
import envPaths from "env-paths";
import { z } from "zod";
import type { AppConfig } from "../app/config.ts";
import { PrefetchError } from "../base/errors.ts";
import { type Setting, type SettingValues, settingValue } from "../base/setting.ts";
import type { Route } from "../prefetch/model/provider-directory.ts";
import { providerDefinitions } from "../providers/index.ts";
import { sandboxRoutes } from "../sandbox/routes.ts";
import { logLevels } from "../telemetry/log.ts";
import type { AuthSettings } from "../transports/auth/authenticate.ts";
import { type HttpOptions, isLoopback } from "../transports/http/options.ts";
import { generalSettings, serverSettings } from "./settings.ts";

/** Everything that the command line and the environment say. */
export interface Config extends AppConfig {
  readonly server: ServerSettings;
}

export type Command = { readonly kind: "help" } | { readonly kind: "version" } | { readonly kind: "serve"; readonly config: Config };

/** Settings of the HTTP transport, which a server over stdio does not look at. */
export type ServerSettings = HttpOptions & AuthSettings;

const MOST_URLS_PER_CALL = 10_000;
const DEFAULT_PORT = 3399;
const DEFAULT_REQUESTS_PER_MINUTE = 600;
const settings: readonly Setting[] = Object.values(generalSettings);
const forHttp: readonly Setting[] = Object.values(serverSettings);
export const allSettings: readonly Setting[] = [...settings, ...forHttp, ...providerDefinitions.flatMap((row) => row.settings)];

/** What must never be shown, whatever it is used for. */
export function secretValues(values: SettingValues): string[] {
  return allSettings.flatMap(({ name, secret }) => {
    const value = secret ? values[name] : undefined;
    return value === undefined ? [] : [value];
  });
}

/** Throws `invalid_argument` that lists every mistake, by the name of the variable or flag. */
export function readCommand(args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const flags = readFlags(args);
  if (flags.help) return { kind: "help" };
  if (flags.version) return { kind: "version" };

  const values: Record<string, string | undefined> = {};
  for (const { name, flag } of allSettings) {
    const given = flag === undefined ? undefined : flags[flag];
    values[name] = settingValue(given === undefined ? env[name] : String(given));
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw new PrefetchError("invalid_argument", mistakes.join("; "), { hint: "Run with --help for all settings." });
  }
  const read = parsed.data;
  const sandbox = read.PREFETCH_SANDBOX ?? false;
  return {
    kind: "serve",
    config: Object.freeze({
      sandbox,
      store: read.PREFETCH_STORE ?? (sandbox ? ":memory:" : defaultStore()),
      pollSeconds: read.PREFETCH_POLL_SECONDS ?? (sandbox ? 0 : undefined),
      guards: {
        allowedDomains: read.PREFETCH_ALLOWED_DOMAINS,
        maxUrlsPerCall: read.PREFETCH_MAX_URLS_PER_CALL ?? MOST_URLS_PER_CALL,
      },
      dailyBudget: read.PREFETCH_DAILY_BUDGET,
      routes: read.PREFETCH_ROUTES ?? (sandbox ? sandboxRoutes : []),
      logLevel: read.PREFETCH_LOG_LEVEL ?? "info",
      transport: read.PREFETCH_TRANSPORT ?? "stdio",
      server: serverSettingsFrom(read),
      tenantDailyBudget: read.PREFETCH_TENANT_DAILY_BUDGET,
      values,
      secrets: secretValues(values),
      warnings: unknownNames(env),
    }),
  };
}

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((number) => number >= least && number <= most, `must be a whole number from ${least} to ${most}`)
    .optional();

const domainPattern = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/;
const knownProviders = providerDefinitions.map((row) => row.id);

/** Comma-separated, trimmed, in lower case. */
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim().toLowerCase())
    .filter(Boolean),
);

/** Tokens and keys cross it, so it is encrypted unless it stays on this machine. */
const webAddress = z
  .string()
  .refine((text) => {
    const url = URL.parse(text);
    return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  }, "must be a URL with https; http only for loopback")
  .refine((text) => !/[?#]|\/\/[^/]*@/.test(text), "must have no query, fragment or credentials");

const hostNames = list.refine(
  (names) => names.length > 0 && names.every((name) => /^([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])$/.test(name)),
  "must be host names without ports, separated by commas, such as mcp.example.com",
);

const schema = z.object({
  PREFETCH_SANDBOX: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(["1", "true", "yes", "on", "0", "false", "no", "off"], "must be 1 or 0"))
    .transform((word) => ["1", "true", "yes", "on"].includes(word))
    .optional(),
  PREFETCH_STORE: z
    .string()
    .regex(/^(memory:|sqlite:.+)$/s, "must be sqlite:<path> or memory:")
    .transform((text) => (text === "memory:" ? ":memory:" : text.slice("sqlite:".length)))
    .optional(),
  PREFETCH_POLL_SECONDS: whole(0, 3_600),
  PREFETCH_ROUTES: list
    .transform((routes) =>
      routes.map((route): Route => {
        const [pattern = "", provider = "", ...rest] = route.split("=").map((part) => part.trim());
        return { pattern, provider: rest.length > 0 ? "" : provider };
      }),
    )
    .refine(
      (routes) =>
        routes.every(({ pattern, provider }) => (pattern === "*" || domainPattern.test(pattern)) && knownProviders.includes(provider)),
      `must be <host>=<provider>, separated by commas, such as *.example.com=${knownProviders[0]}; providers are ${knownProviders.join(", ")}`,
    )
    .optional(),
  PREFETCH_ALLOWED_DOMAINS: list
    .refine(
      (patterns) => patterns.every((pattern) => domainPattern.test(pattern)),
      "must be host names, separated by commas, such as *.example.com",
    )
    .optional(),
  PREFETCH_MAX_URLS_PER_CALL: whole(1, MOST_URLS_PER_CALL),
  PREFETCH_DAILY_BUDGET: whole(0, 999_999_999),
  PREFETCH_LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(", ")}`).optional(),
  PREFETCH_TRANSPORT: z.enum(["stdio", "http"], "must be stdio or http").optional(),
  PREFETCH_SERVER_HOST: z
    .string()
    .regex(/^(\[?[0-9a-f.:]+\]?|[a-z0-9.-]+)$/i, "must be an address or a host name")
    .transform((host) => host.replace(/^\[|\]$/g, ""))
    .optional(),
  PREFETCH_SERVER_PORT: whole(0, 65_535),
  PREFETCH_SERVER_PATH: z
    .string()
    .regex(/^(\/[\w-][\w.-]*)+$/, "must be a path such as /mcp")
    .refine((path) => !/^\/(healthz|readyz|metrics|\.well-known)(\/|$)/.test(path), "is taken by the server itself")
    .optional(),
  PREFETCH_SERVER_PUBLIC_URL: webAddress.optional(),
  PREFETCH_SERVER_ALLOWED_HOSTS: hostNames.optional(),
  PREFETCH_SERVER_ALLOWED_ORIGINS: hostNames.optional(),
  PREFETCH_SERVER_TOKENS_FILE: z.string().optional(),
  PREFETCH_SERVER_TOKENS: z.string().optional(),
  PREFETCH_SERVER_OAUTH_ISSUER: webAddress.optional(),
  PREFETCH_SERVER_OAUTH_AUDIENCE: z.string().optional(),
  PREFETCH_SERVER_OAUTH_JWKS_URL: webAddress.optional(),
  PREFETCH_SERVER_OAUTH_TENANT_CLAIM: z.string().optional(),
  PREFETCH_TENANT_DAILY_BUDGET: whole(0, 999_999_999),
  PREFETCH_TENANT_REQUESTS_PER_MINUTE: whole(1, 1_000_000),
});

/** Throws `invalid_argument` for settings that do not go together. */
function serverSettingsFrom(read: z.infer<typeof schema>): ServerSettings {
  const mistake = (message: string, hint: string) => new PrefetchError("invalid_argument", message, { hint });
  const host = read.PREFETCH_SERVER_HOST ?? "127.0.0.1";
  const issuer = read.PREFETCH_SERVER_OAUTH_ISSUER;
  const tokens = read.PREFETCH_SERVER_TOKENS ?? read.PREFETCH_SERVER_TOKENS_FILE;
  if (read.PREFETCH_SERVER_TOKENS !== undefined && read.PREFETCH_SERVER_TOKENS_FILE !== undefined) {
    throw mistake("PREFETCH_SERVER_TOKENS and PREFETCH_SERVER_TOKENS_FILE are both set", "Keep one of them.");
  }
  const without = oauthNames.find((name) => issuer === undefined && read[name] !== undefined);
  if (without !== undefined) throw mistake(`${without} is set, but PREFETCH_SERVER_OAUTH_ISSUER is not`, "Set both, or none.");
  if (read.PREFETCH_TRANSPORT === "http" && tokens === undefined && issuer === undefined && !isLoopback(host)) {
    throw mistake(
      `PREFETCH_SERVER_HOST is ${host}, which other machines can reach, and nothing says who may use the server`,
      "Set PREFETCH_SERVER_TOKENS_FILE or PREFETCH_SERVER_OAUTH_ISSUER, or listen on 127.0.0.1.",
    );
  }
  const publicUrl = read.PREFETCH_SERVER_PUBLIC_URL;
  if (issuer !== undefined && publicUrl === undefined && read.PREFETCH_SERVER_PORT === 0) {
    throw mistake(
      "PREFETCH_SERVER_PORT is 0, and tokens of PREFETCH_SERVER_OAUTH_ISSUER have to name the endpoint",
      "Set PREFETCH_SERVER_PUBLIC_URL.",
    );
  }
  const allowedHosts = read.PREFETCH_SERVER_ALLOWED_HOSTS ?? [
    "localhost",
    "127.0.0.1",
    "[::1]",
    ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname]),
  ];
  return {
    host,
    port: read.PREFETCH_SERVER_PORT ?? DEFAULT_PORT,
    path: read.PREFETCH_SERVER_PATH ?? "/mcp",
    publicUrl,
    allowedHosts,
    allowedOrigins: read.PREFETCH_SERVER_ALLOWED_ORIGINS ?? allowedHosts,
    requestsPerMinute: read.PREFETCH_TENANT_REQUESTS_PER_MINUTE ?? DEFAULT_REQUESTS_PER_MINUTE,
    tokensFile: read.PREFETCH_SERVER_TOKENS_FILE,
    tokens: read.PREFETCH_SERVER_TOKENS,
    oauth:
      issuer === undefined
        ? undefined
        : {
            issuer,
            audience: read.PREFETCH_SERVER_OAUTH_AUDIENCE,
            jwksUrl: read.PREFETCH_SERVER_OAUTH_JWKS_URL,
            tenantClaim: read.PREFETCH_SERVER_OAUTH_TENANT_CLAIM,
          },
  };
}

const oauthNames = ["PREFETCH_SERVER_OAUTH_AUDIENCE", "PREFETCH_SERVER_OAUTH_JWKS_URL", "PREFETCH_SERVER_OAUTH_TENANT_CLAIM"] as const;

function readFlags(args: readonly string[]): Record<string, string | boolean | undefined> {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "v" },
  };
  for (const { flag, kind } of [...settings, ...forHttp]) if (flag) options[flag] = { type: kind === "boolean" ? "boolean" : "string" };
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string | boolean] => !Array.isArray(entry[1])));
  } catch (error) {
    const detail = error instanceof Error ? error.message.split(".")[0] : "";
    throw new PrefetchError("invalid_argument", detail ?? "The command line cannot be read", { hint: "Run with --help for all flags." });
  }
}

function defaultStore(): string {
  return `${envPaths("cdn-prefetch-mcp", { suffix: "" }).data}/prefetch.sqlite`;
}

function unknownNames(env: NodeJS.ProcessEnv): string[] {
  const known = new Set(allSettings.map((setting) => setting.name));
  return Object.keys(env)
    .filter((name) => name.startsWith("PREFETCH_") && !known.has(name))
    .map((name) => `${name} is set, but there is no such setting`);
}

export function helpText(version: string): string {
  const line = ({ name, flag, kind, about, fallback }: Setting) => {
    const names = flag === undefined ? name : `--${flag}${kind === "boolean" ? "" : " <value>"}, ${name}`;
    return `  ${names}\n      ${about}${fallback ? ` Default: ${fallback}.` : ""}`;
  };
  return [
    `cdn-prefetch-mcp ${version}: an MCP server that warms CDNs, over stdio or Streamable HTTP.`,
    "",
    "Usage: cdn-prefetch-mcp [--transport http] [--sandbox] [settings]",
    "",
    "Settings (a flag wins over its variable):",
    ...settings.map(line),
    ...["", "Streamable HTTP:"],
    ...forHttp.map(line),
    "",
    "  --help, -h    This text.",
    "  --version, -v The version.",
    ...providerDefinitions.flatMap((row) => ["", `${row.title} (${row.id}), by environment only:`, ...row.settings.map(line)]),
    "",
  ].join("\n");
}
