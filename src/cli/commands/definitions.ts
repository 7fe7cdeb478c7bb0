/** The commands for shells and pipelines, as data: the command line, `--help` and docs/commands.md follow from it. */

export interface CommandOption {
  readonly type: "string" | "boolean";
  /** May be given several times. Its values reach the command joined by line breaks, which no value has. */
  readonly multiple?: true;
  /** Stands for the value in `--help`. */
  readonly value?: string;
  readonly about: string;
}

export interface CommandDefinition {
  /** Stands for the operands in `--help`. */
  readonly operands: string;
  readonly about: string;
  readonly options: Readonly<Record<string, CommandOption>>;
}

const provider: CommandOption = { type: "string", value: "id", about: "The provider, as the tools take it." };
const json: CommandOption = { type: "boolean", about: "Print each result as one line of JSON." };
const wait: CommandOption = { type: "string", value: "minutes", about: "How long to wait for the outcome; 0 does not wait. Default: 60." };

export const commandDefinitions = {
  warm: {
    operands: "<url|file|-> ...",
    about: "Warm URLs, or the URLs that a file or standard input lists, one in a line, and wait for the outcome.",
    options: {
      asset: { type: "string", multiple: true, value: "id", about: "Warm published media assets instead; may be given several times." },
      provider,
      expand: {
        type: "string",
        value: "kind",
        about: "streams: also warm what HLS and DASH manifests name. sitemap: warm what sitemaps, feeds, robots.txt or text lists name.",
      },
      scope: { type: "string", value: "scope", about: "Of streams: startup, full or manifests." },
      since: { type: "string", value: "date", about: "Of sitemaps: only entries that changed since this date or time." },
      "time-zone": { type: "string", value: "zone", about: "Of --since, such as Asia/Shanghai. Default: UTC." },
      "on-quota-exceeded": { type: "string", value: "policy", about: "reject, partial or defer, when today's quota is too small." },
      force: { type: "boolean", about: "Also send URLs that were sent in the last 10 minutes." },
      "refresh-first": { type: "boolean", about: "For changed content: have the vendor drop its old copies first." },
      "dry-run": { type: "boolean", about: "Plan and count the cost; send nothing." },
      verify: { type: "boolean", about: "Ask the edge afterwards whether it holds each URL." },
      wait,
      json,
    },
  },
  status: {
    operands: "[task id]",
    about: "Tell what became of a task; without an id, list the newest tasks.",
    options: { wait: { ...wait, about: "How long to wait for the outcome. Default: 0." }, json },
  },
  quota: {
    operands: "",
    about: "Tell what is left of today's quota.",
    options: { provider, json },
  },
  doctor: {
    operands: "",
    about: "Check settings, store, network, credentials and quota, and tell the next step for each problem. Spends nothing.",
    options: {
      url: {
        type: "string",
        multiple: true,
        value: "url",
        about: "Also tell which provider gets this URL, and what the CDN's edge says; may be given several times.",
      },
      provider: { ...provider, about: "The provider of these URLs, as the tools take it." },
      json,
    },
  },
} as const satisfies Record<string, CommandDefinition>;

export type CommandName = keyof typeof commandDefinitions;

export const commandNames = Object.keys(commandDefinitions).filter((name): name is CommandName => name in commandDefinitions);

/** Exit codes, for pipelines. */
export const exitCodes = {
  /** Everything that was asked for is done: warmed, planned or told. */
  done: 0,
  /** The command could not be carried out: wrong settings or arguments, no quota, a vendor that refuses everything. Or a check failed. */
  refused: 1,
  /** Some URLs did not become warm. */
  incomplete: 2,
  /** Some URLs are not settled: the wait is over, or they wait for another day. */
  unsettled: 3,
  /** Ctrl+C, as shells report it. */
  interrupted: 130,
} as const;
