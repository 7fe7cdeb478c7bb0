/** Every setting of the server: one list for parsing, `--help`, the bundle's manifest, the README and the docs. */

import type { Setting } from "../base/setting.ts";
import { providerDefinitions } from "../providers/index.ts";

export const generalSettings = {
  sandbox: {
    name: "PREFETCH_SANDBOX",
    flag: "sandbox",
    kind: "boolean",
    about: "Run against built-in emulated vendors: no credentials are needed and no real CDN is touched.",
    fallback: "off",
  },
  store: {
    name: "PREFETCH_STORE",
    flag: "store",
    about:
      "Where the server keeps tasks and the quota ledger: sqlite:<path>, such as sqlite:~/prefetch.sqlite; postgres://<user>@<host>/<database>, which several machines can share; or memory: to lose them when it stops.",
    fallback: "a file in the user's data folder; memory: in the sandbox",
  },
  storeSchema: {
    name: "PREFETCH_STORE_SCHEMA",
    flag: "store-schema",
    about: "Schema of the PostgreSQL database that the server keeps its tables in. The server creates it.",
    fallback: "cdn_prefetch",
  },
  storePool: {
    name: "PREFETCH_STORE_POOL",
    flag: "store-pool",
    about: "Maximum number of connections of this process to PostgreSQL, 1 to 100.",
    fallback: "5",
  },
  pollSeconds: {
    name: "PREFETCH_POLL_SECONDS",
    flag: "poll-seconds",
    about: "Seconds between two status queries about the same batch.",
    fallback: "the provider's own (30); 0 in the sandbox",
  },
  routes: {
    name: "PREFETCH_ROUTES",
    flag: "routes",
    about:
      "Which provider serves which hosts when several are configured: <host>=<provider>, separated by commas. The first match counts. *.example.com matches every host below example.com; * matches every host. auto, alone or as an entry, asks the vendors which hosts they serve.",
    fallback: "none: each call then names its provider",
  },
  allowedDomains: {
    name: "PREFETCH_ALLOWED_DOMAINS",
    flag: "allowed-domains",
    about: "The only hosts whose URLs may be prefetched, separated by commas. *.example.com matches every host below example.com.",
    fallback: "every host",
  },
  maxUrlsPerCall: {
    name: "PREFETCH_MAX_URLS_PER_CALL",
    flag: "max-urls-per-call",
    about: "Maximum number of URLs in one call, 1 to 10,000.",
    fallback: "10000",
  },
  confirmAbove: {
    name: "PREFETCH_CONFIRM_ABOVE",
    flag: "confirm-above",
    about:
      "The server asks the user before a call sends more URLs than this, or takes more than half of the quota that is left. 0 turns these questions off.",
    fallback: "1000",
  },
  dailyBudget: {
    name: "PREFETCH_DAILY_BUDGET",
    flag: "daily-budget",
    about:
      "Maximum units of quota that the server spends per day and account; the vendor's own limit still applies. With http, each URL counts as a unit.",
    fallback: "the vendor's limit",
  },
  logLevel: {
    name: "PREFETCH_LOG_LEVEL",
    flag: "log-level",
    about: "Least severe level that the server logs to stderr: trace, debug, info, warn, error, fatal or silent.",
    fallback: "info",
  },
} as const satisfies Record<string, Setting>;

/** Settings of the HTTP server. The bundle's manifest leaves them out, because hosts start bundles over stdio. */
export const serverSettings = {
  transport: {
    name: "PREFETCH_TRANSPORT",
    flag: "transport",
    about: "stdio: an MCP host starts the server itself. http: the server listens for many clients.",
    fallback: "stdio",
  },
  host: {
    name: "PREFETCH_SERVER_HOST",
    flag: "host",
    about: "Address to listen on. Every address other than loopback requires tokens or OAuth.",
    fallback: "127.0.0.1",
  },
  port: { name: "PREFETCH_SERVER_PORT", flag: "port", about: "Port to listen on; 0 picks a free port.", fallback: "3399" },
  path: { name: "PREFETCH_SERVER_PATH", flag: "path", about: "Path of the MCP endpoint.", fallback: "/mcp" },
  publicUrl: {
    name: "PREFETCH_SERVER_PUBLIC_URL",
    flag: "public-url",
    about: "URL at which clients reach the endpoint, if it differs from the listening address.",
    fallback: "http://<host>:<port><path>",
  },
  allowedHosts: {
    name: "PREFETCH_SERVER_ALLOWED_HOSTS",
    flag: "allowed-hosts",
    about: "Host names, without ports, that the server accepts in a request's Host header, separated by commas.",
    fallback: "localhost, 127.0.0.1, [::1] and the host of the public URL",
  },
  allowedOrigins: {
    name: "PREFETCH_SERVER_ALLOWED_ORIGINS",
    flag: "allowed-origins",
    about: "Host names of the web pages that may call the server, separated by commas.",
    fallback: "the allowed hosts",
  },
  corsOrigins: {
    name: "PREFETCH_SERVER_CORS_ORIGINS",
    flag: "cors-origins",
    about:
      "Origins of the web pages that may call the server and read its answers, separated by commas, such as https://app.example.com. * is not allowed.",
    fallback: "none: no CORS",
  },
  tokensFile: {
    name: "PREFETCH_SERVER_TOKENS_FILE",
    flag: "tokens-file",
    about: "JSON file with the hashes of the bearer tokens that the server accepts; SIGHUP reloads it.",
    fallback: "none",
  },
  tokens: {
    name: "PREFETCH_SERVER_TOKENS",
    about: "The JSON token list itself, instead of a file.",
    fallback: "none: without tokens and OAuth, every client that reaches the server has full access",
    secret: true,
  },
  issuer: {
    name: "PREFETCH_SERVER_OAUTH_ISSUER",
    flag: "oauth-issuer",
    about: "Issuer URL of the JWT access tokens that the server accepts.",
    fallback: "none",
  },
  audience: {
    name: "PREFETCH_SERVER_OAUTH_AUDIENCE",
    flag: "oauth-audience",
    about: "Audience that a JWT access token must name.",
    fallback: "the public URL",
  },
  jwksUrl: {
    name: "PREFETCH_SERVER_OAUTH_JWKS_URL",
    flag: "oauth-jwks-url",
    about: "URL of the issuer's signing keys.",
    fallback: "jwks_uri in the issuer's metadata",
  },
  tenantClaim: {
    name: "PREFETCH_SERVER_OAUTH_TENANT_CLAIM",
    flag: "oauth-tenant-claim",
    about: "Claim whose value is the caller's tenant. Callers of the same tenant share tasks and budget.",
    fallback: "none: each subject is a tenant of its own",
  },
  stateKey: {
    name: "PREFETCH_SERVER_STATE_KEY",
    about:
      "At least 32 random characters that sign what clients send back with a user's answer. Several processes behind one address need the same key.",
    fallback: "a random key in each process",
    secret: true,
  },
  tenantDailyBudget: {
    name: "PREFETCH_TENANT_DAILY_BUDGET",
    flag: "tenant-daily-budget",
    about: "Maximum units of quota that one tenant may spend per day and vendor account.",
    fallback: "the remaining quota of the account",
  },
  requestsPerMinute: {
    name: "PREFETCH_TENANT_REQUESTS_PER_MINUTE",
    flag: "tenant-requests-per-minute",
    about: "Maximum number of requests from one tenant per minute.",
    fallback: "600",
  },
} as const satisfies Record<string, Setting>;

export const allSettings: readonly Setting[] = [
  ...Object.values(generalSettings),
  ...Object.values(serverSettings),
  // The products of a vendor share the settings of its keys.
  ...new Set(providerDefinitions.flatMap((definition) => definition.settings)),
];
