/** File names that select an outcome at the sandbox's edge: `/any/folder/missing-film.mp4` gives 404. */

export interface EdgeOutcome {
  readonly status?: number;
  /** These replace the default ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Delay of the origin. Objects in the edge's cache do not have it. */
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
    // Redirects to the same URL without the word.
    redirect: { status: 302, does: "redirect" },
    // Declares the whole length and closes the connection half-way.
    truncated: { does: "truncate" },
    slow: { firstByteMs: 1_000 },
    // Answers the first request with 429 and a second to wait.
    throttled: { does: "throttle-first" },
    // Claims to be stored and is missing at the next request.
    evicted: { does: "evict" },
    // Is cached by a customer's rule only, for vendors that report this.
    dynamic: { does: "dynamic" },
  }),
);

/** Words that a file name may begin with. */
export const edgeOutcomeWords: readonly string[] = [...outcomes.keys()];

const PREFIX = new RegExp(`/(${edgeOutcomeWords.join("|")})[^/]*$`);
const NONE: EdgeOutcome = {};

/** The outcome of the word at the start of the path's last segment. */
export function outcomeAtEdge(path: string): EdgeOutcome {
  return outcomes.get(PREFIX.exec(path)?.[1] ?? "") ?? NONE;
}

/** `/a/redirect-film.mp4` becomes `/a/film.mp4`. */
export function withoutOutcome(path: string): string {
  return path.replace(PREFIX, (file, word: string) => `/${file.slice(1 + word.length).replace(/^-/, "")}`);
}
