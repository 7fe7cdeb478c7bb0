/** Every setting of the server: one list for parsing, `--help`, the bundle's manifest and the README. */

import type { Setting } from "../base/setting.ts";

export const generalSettings = {
  sandbox: {
    name: "PREFETCH_SANDBOX",
    flag: "sandbox",
    kind: "boolean",
    about: "Use a built-in emulator instead of real vendors; no credentials needed, no real CDN touched.",
    fallback: "off",
  },
  store: {
    name: "PREFETCH_STORE",
    flag: "store",
    about: "Where tasks and the quota ledger are kept: sqlite:<path>, or memory: to keep nothing.",
    fallback: "a file in the user's data folder; memory: in the sandbox",
  },
  pollSeconds: {
    name: "PREFETCH_POLL_SECONDS",
    flag: "poll-seconds",
    about: "Seconds between two questions about the same batch.",
    fallback: "the provider's own (30), 0 in the sandbox",
  },
  routes: {
    name: "PREFETCH_ROUTES",
    flag: "routes",
    about:
      "Which provider serves which hosts, when several are configured: <host>=<provider>, separated by commas; *.example.com covers all hosts below it, * every host; the first match counts.",
    fallback: "none: calls then name their provider",
  },
  allowedDomains: {
    name: "PREFETCH_ALLOWED_DOMAINS",
    flag: "allowed-domains",
    about: "Hosts that may be prefetched, separated by commas; *.example.com covers all hosts below it.",
    fallback: "every host",
  },
  maxUrlsPerCall: {
    name: "PREFETCH_MAX_URLS_PER_CALL",
    flag: "max-urls-per-call",
    about: "Most URLs that one call may carry, 1 to 10,000.",
    fallback: "10000",
  },
  dailyBudget: {
    name: "PREFETCH_DAILY_BUDGET",
    flag: "daily-budget",
    about: "Most units of quota to spend a day and account, below what the vendor allows.",
    fallback: "the vendor's limit",
  },
  logLevel: {
    name: "PREFETCH_LOG_LEVEL",
    flag: "log-level",
    about: "trace, debug, info, warn, error, fatal or silent; logs go to stderr.",
    fallback: "info",
  },
} as const satisfies Record<string, Setting>;

/** What only a server that is reached over HTTP needs; hosts of bundles start one over stdio. */
export const serverSettings = {
  transport: {
    name: "PREFETCH_TRANSPORT",
    flag: "transport",
    about: "stdio, for a host that starts the server itself; http, for a deployment that many clients reach.",
    fallback: "stdio",
  },
  host: {
    name: "PREFETCH_SERVER_HOST",
    flag: "host",
    about: "Address to listen on; beyond loopback only with tokens or OAuth.",
    fallback: "127.0.0.1",
  },
  port: { name: "PREFETCH_SERVER_PORT", flag: "port", about: "Port to listen on; 0 for any that is free.", fallback: "3399" },
  path: { name: "PREFETCH_SERVER_PATH", flag: "path", about: "Path of the MCP endpoint.", fallback: "/mcp" },
  publicUrl: {
    name: "PREFETCH_SERVER_PUBLIC_URL",
    flag: "public-url",
    about: "URL at which clients reach the endpoint, when that is not the address it listens on.",
    fallback: "http, the host, the port and the path",
  },
  allowedHosts: {
    name: "PREFETCH_SERVER_ALLOWED_HOSTS",
    flag: "allowed-hosts",
    about: "Host names, without ports, by which clients may address the server, separated by commas.",
    fallback: "localhost, 127.0.0.1, [::1] and the public URL's",
  },
  allowedOrigins: {
    name: "PREFETCH_SERVER_ALLOWED_ORIGINS",
    flag: "allowed-origins",
    about: "Host names of the web pages that may call the server, separated by commas.",
    fallback: "those by which it may be addressed",
  },
  tokensFile: {
    name: "PREFETCH_SERVER_TOKENS_FILE",
    flag: "tokens-file",
    about: "JSON file with the hashes of the bearer tokens that are accepted; read again on SIGHUP.",
    fallback: "none",
  },
  tokens: {
    name: "PREFETCH_SERVER_TOKENS",
    about: "The same as text, instead of a file.",
    fallback: "none: without tokens and OAuth, whoever reaches the server may use it",
    secret: true,
  },
  issuer: {
    name: "PREFETCH_SERVER_OAUTH_ISSUER",
    flag: "oauth-issuer",
    about: "Issuer of the JWT access tokens that are accepted.",
    fallback: "none",
  },
  audience: {
    name: "PREFETCH_SERVER_OAUTH_AUDIENCE",
    flag: "oauth-audience",
    about: "What such a token must name as its audience.",
    fallback: "the public URL",
  },
  jwksUrl: {
    name: "PREFETCH_SERVER_OAUTH_JWKS_URL",
    flag: "oauth-jwks-url",
    about: "Where the issuer publishes its keys.",
    fallback: "as the issuer's metadata says",
  },
  tenantClaim: {
    name: "PREFETCH_SERVER_OAUTH_TENANT_CLAIM",
    flag: "oauth-tenant-claim",
    about: "Claim whose value joins principals into one tenant, which shares its tasks.",
    fallback: "none: each subject is a tenant of its own",
  },
  tenantDailyBudget: {
    name: "PREFETCH_TENANT_DAILY_BUDGET",
    flag: "tenant-daily-budget",
    about: "Most units of quota that a tenant may spend a day and account.",
    fallback: "what the account has left",
  },
  requestsPerMinute: {
    name: "PREFETCH_TENANT_REQUESTS_PER_MINUTE",
    flag: "tenant-requests-per-minute",
    about: "Most requests of one tenant a minute.",
    fallback: "600",
  },
} as const satisfies Record<string, Setting>;
