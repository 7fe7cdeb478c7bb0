/** Decides which URLs of each manifest an expansion lists, and which playlists it reads next. */

import type { ExpandLimits, ExpandOptions, Expansion, RefusedChild } from "./expansion.ts";
import type { Manifest, MediaContext, MediaUrl } from "./manifest.ts";
import { hostNotAllowed, type ReadResult, type Visit } from "./read-manifest.ts";
import { createUrlCollector } from "./url-collector.ts";

export interface Children {
  /** Lists the first manifest of the stream, which no manifest names. */
  addFirst(url: string, host: string): void;
  /** Lists the manifest's URLs and returns the playlists among them to read next, in their order. */
  take(visit: Visit, result: ReadResult): Visit[];
  /** Removes a playlist that turned out to be unreadable from the list. */
  reject(child: RefusedChild): void;
  result(): Pick<Expansion, "urls" | "refused" | "refusedMore" | "omitted">;
}

type Refusal = Pick<RefusedChild, "code" | "reason">;

export function createChildren({ hostAllowed }: Pick<ExpandOptions, "hostAllowed">, limits: ExpandLimits): Children {
  const found = createUrlCollector();
  const refused: RefusedChild[] = [];
  const visited = new Set<string>();
  let refusedMore = 0;
  let omitted = 0;

  const refuse = (child: RefusedChild): void => {
    if (refused.length < limits.refused) refused.push(child);
    else refusedMore += 1;
  };

  /** Returns `false` when the URL is left out. */
  const listChild = (child: MediaUrl, parent: string): boolean => {
    if (!hostAllowed(child.host)) {
      const { code, message } = hostNotAllowed(child.host);
      refuse({ url: child.url, parent, role: child.role, code, reason: message });
      return false;
    }
    if (!found.has(child.url) && found.size >= limits.urls) {
      omitted += 1;
      return false;
    }
    found.add(child);
    return true;
  };

  const refusalOf = (child: MediaUrl, depth: number, path: readonly string[]): Refusal | undefined => {
    if (path.includes(child.url)) return { code: "cycle", reason: "It already contains the manifest that names it" };
    if (visited.has(child.url)) return undefined;
    if (depth >= limits.depth) return { code: "limit", reason: `It is nested deeper than ${limits.depth} manifests` };
    if (visited.size < limits.manifests) return undefined;
    return { code: "limit", reason: `The stream has more than ${limits.manifests} manifests, the most that are read` };
  };

  /** The visit of a playlist that is read next; `undefined` when it is refused or known already. */
  const nextVisit = (child: MediaUrl, visit: Visit, path: readonly string[], manifest: Manifest): Visit | undefined => {
    const refusal = refusalOf(child, visit.depth, path);
    if (refusal) refuse({ url: child.url, parent: visit.url, role: child.role, ...refusal });
    if (refusal || visited.has(child.url)) return undefined;
    visited.add(child.url);
    return { url: child.url, depth: visit.depth + 1, context: contextOf(child, manifest), parent: visit.url, path };
  };

  return {
    addFirst: (url, host) => {
      found.add(firstManifest(url, host));
      visited.add(url);
    },
    take: (visit, { finalUrl, manifest }) => {
      for (const { uri, role, reason } of manifest.skipped) refuse({ url: uri, parent: visit.url, role, code: "skipped", reason });
      const path = [...visit.path, visit.url, finalUrl];
      return manifest.urls.flatMap((named) => {
        const child = inContext(named, visit.context);
        if (!listChild(child, visit.url) || child.role !== "playlist") return [];
        return nextVisit(child, visit, path, manifest) ?? [];
      });
    },
    reject: (child) => {
      refuse(child);
      found.remove(child.url);
    },
    result: () => ({ urls: found.list(), refused, refusedMore, omitted }),
  };
}

/** Everything inside an interstitial is part of it, so that a rendition of an advertisement is not taken for one of the film. */
function inContext(named: MediaUrl, context: MediaContext): MediaUrl {
  return context.kind === "interstitial" ? { ...named, kind: "interstitial" } : named;
}

/** An interstitial has its own beginning, so it does not inherit the start of the film. */
function contextOf({ kind, rendition, bandwidth, average }: MediaUrl, { start, variables }: Manifest): MediaContext {
  return { kind, rendition, bandwidth, average, start: kind === "interstitial" ? undefined : start, variables };
}

function firstManifest(url: string, host: string): MediaUrl {
  return {
    url,
    host,
    role: "playlist",
    kind: "main",
    rendition: "main",
    bandwidth: undefined,
    average: undefined,
    offset: undefined,
    duration: undefined,
    edge: undefined,
    ranges: undefined,
    bytes: undefined,
    alternative: 0,
  };
}
