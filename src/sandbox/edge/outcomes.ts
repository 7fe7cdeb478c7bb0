/** File names that get a URL a certain outcome at the sandbox's edge, whatever folder they are in. */

export interface EdgeOutcome {
  readonly status?: number;
  /** In the place of the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The origin's; what the edge holds already does not wait for it. */
  readonly firstByteMs?: number;
  readonly does?: "redirect" | "truncate" | "throttle-first" | "evict" | "dynamic";
}

const outcomes: ReadonlyMap<string, EdgeOutcome> = new Map(
  Object.entries<EdgeOutcome>({
    missing: { status: 404 },
    forbidden: { status: 403 },
    broken: { status: 500 },
    "no-store": { headers: { "cache-control": "no-store" } },
    private: { headers: { "cache-control": "private, max-age=3600" } },
    "no-cache": { headers: { "cache-control": "no-cache" } },
    cookie: { headers: { "set-cookie": "sandbox=1; Path=/" } },
    "vary-any": { headers: { vary: "*" } },
    short: { headers: { "cache-control": "public, max-age=0" } },
    // Leads to the same URL without the word.
    redirect: { status: 302, does: "redirect" },
    // Names its whole length, and closes the connection half-way.
    truncated: { does: "truncate" },
    slow: { firstByteMs: 1_000 },
    // Has the first who asks come back after a second.
    throttled: { does: "throttle-first" },
    // Is said to be stored, and gone when it is asked for again.
    evicted: { does: "evict" },
    // Is nothing that an edge would cache without a rule for it, where the vendor has a word for that.
    dynamic: { does: "dynamic" },
  }),
);

/** The words that a file's name may begin with. */
export const edgeOutcomeWords: readonly string[] = [...outcomes.keys()];

const PREFIX = new RegExp(`/(${edgeOutcomeWords.join("|")})[^/]*$`);
const NONE: EdgeOutcome = {};

/** What the name of the path's last segment begins with. */
export function outcomeAtEdge(path: string): EdgeOutcome {
  return outcomes.get(PREFIX.exec(path)?.[1] ?? "") ?? NONE;
}

/** The path without the word that its file name begins with, and without the dash behind it. */
export function withoutOutcome(path: string): string {
  return path.replace(PREFIX, (file, word: string) => `/${file.slice(1 + word.length).replace(/^-/, "")}`);
}
