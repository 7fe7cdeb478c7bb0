/** Every setting of the server: one list for parsing, `--help`, the bundle's manifest and the README. */

export interface Setting {
  /** Environment variable. */
  readonly name: string;
  /** Command-line flag; secrets and credentials have none, because command lines are public. */
  readonly flag?: string;
  readonly kind?: "boolean";
  readonly about: string;
  /** What holds when it is not set, in words. */
  readonly fallback?: string;
  readonly secret?: boolean;
}

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

export type SettingValues = Readonly<Record<string, string | undefined>>;

/** Set and meant: not empty, and not a placeholder that a host left in because the user gave no value. */
export function settingValue(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === undefined || text === "" || /^\$\{[^}]*\}$/.test(text) ? undefined : text;
}
