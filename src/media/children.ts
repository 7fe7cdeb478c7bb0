/** Decides which URLs of each manifest an expansion lists, and which playlists it reads next. */

import { PrefetchError } from "../base/errors.ts";
import { isDataUri } from "./data-uri.ts";
import type { ExpandLimits, ExpandOptions, Expansion, RefusedChild } from "./expansion.ts";
import { type Manifest, type MediaContext, type MediaRole, type MediaUrl, untimed } from "./manifest.ts";
import type { ReadResult, Visit } from "./read-manifest.ts";
import { createSkippedUris } from "./skipped-uris.ts";
import { createUrlCollector } from "./url-collector.ts";

export interface Children {
  /** Lists the first manifest of the stream, which no manifest names. */
  addFirst(url: string, host: string): void;
  /**
   * Lists the manifest's URLs and returns the playlists among them to read next, in their order. Throws `limit_reached` when
   * the stream has too many URLs.
   */
  take(visit: Visit, result: ReadResult): Visit[];
  /** Removes a playlist that turned out to be unreadable from the list. */
  reject(child: RefusedChild): void;
  result(): Pick<Expansion, "urls" | "refused" | "skipped">;
}

type Refusal = Pick<RefusedChild, "code" | "reason">;

/** The answers at these URLs differ for each viewer or change every few seconds, so no cache can be warmed with them. */
const unwarmable: Partial<Record<MediaRole, string>> = {
  hint: "is announced, but does not exist yet",
  report: "tells the position of another live playlist, which changes with each segment",
  location: "is the address of the next update of the manifest",
  steering: "is a steering manifest, which differs for each viewer",
  asset_list: "is a list of advertisements, which differs for each viewer",
};

export function createChildren({ refuseHost, select = (entry) => entry }: ExpandOptions, limits: ExpandLimits): Children {
  const found = createUrlCollector();
  const refused: RefusedChild[] = [];
  const skipped = createSkippedUris();
  const visited = new Set<string>();
  /** Reports name playlists that the stream mostly lists anyway; only the rest is skipped. */
  const reports = new Set<string>();

  const refuse = (child: RefusedChild): void => {
    // Only a URL can be an entry of a list. An inline playlist is named by its beginning.
    if (refused.length < limits.refused && !isDataUri(child.url)) refused.push(child);
    else skipped.add(child.url, child.reason.replace(/^It /, ""));
  };

  const skipUnwarmable = ({ role, url }: MediaUrl): boolean => {
    const reason = unwarmable[role];
    if (role === "report") reports.add(withoutQuery(url));
    else if (reason !== undefined) skipped.add(url, reason);
    return reason !== undefined;
  };

  /** Returns `false` when the URL is left out. */
  const listChild = (child: MediaUrl, parent: string): boolean => {
    if (skipUnwarmable(child)) return false;
    if (isDataUri(child.url)) return true;
    const reason = refuseHost(child.host);
    if (reason !== undefined) {
      refuse({ url: child.url, parent, role: child.role, code: "forbidden_domain", reason });
      return false;
    }
    if (!found.has(child.url) && found.size >= limits.urls) throw tooLarge(limits.urls);
    found.add(child);
    return true;
  };

  const refusalOf = (child: MediaUrl, depth: number): Refusal | undefined => {
    const most = limits.depth + (child.kind === "interstitial" ? 1 : 0);
    if (depth >= most) return { code: "limit", reason: `It is nested deeper than ${most} manifests` };
    if (visited.size < limits.manifests) return undefined;
    return { code: "limit", reason: `The stream has more than ${limits.manifests} manifests, the most that are read` };
  };

  /** The visit of a playlist that is read next; `undefined` when it is refused or known already. */
  const nextVisit = (child: MediaUrl, visit: Visit, path: readonly string[], manifest: Manifest): Visit | undefined => {
    if (path.includes(child.url)) {
      skipped.add(child.url, "already contains the manifest that names it");
      return undefined;
    }
    if (visited.has(child.url)) return undefined;
    const refusal = refusalOf(child, visit.depth);
    if (refusal) {
      refuse({ url: child.url, parent: visit.url, role: child.role, ...refusal });
      found.remove(child.url);
      return undefined;
    }
    visited.add(child.url);
    return { url: child.url, depth: visit.depth + 1, context: contextOf(child, manifest, visit.context), parent: visit.url, path };
  };

  return {
    addFirst: (url, host) => {
      found.add(firstManifest(url, host));
      visited.add(url);
    },
    take: (visit, { finalUrl, manifest }) => {
      skipped.join(manifest.skipped);
      const path = [...visit.path, visit.url, finalUrl];
      return manifest.urls.flatMap((named) => {
        const child = select(inContext(named, visit.context));
        if (child === undefined || !listChild(child, visit.url) || child.role !== "playlist") return [];
        return nextVisit(child, visit, path, manifest) ?? [];
      });
    },
    reject: (child) => {
      refuse(child);
      found.remove(child.url);
    },
    result: () => {
      const urls = found.list();
      const listed = new Set(urls.filter(({ role }) => role === "playlist").map(({ url }) => withoutQuery(url)));
      for (const url of reports) if (!listed.has(url)) skipped.add(url, unwarmable.report ?? "");
      return { urls, refused, skipped: skipped.result() };
    },
  };
}

function tooLarge(most: number): PrefetchError {
  return new PrefetchError("limit_reached", `It names more than ${most.toLocaleString("en")} URLs, the most that one stream may have`, {
    hint: "Pass the media playlists of its renditions as separate streams instead.",
  });
}

function withoutQuery(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** Everything inside an interstitial is part of it, so that a rendition of an advertisement is not taken for one of the film. */
function inContext(named: MediaUrl, context: MediaContext): MediaUrl {
  return context.kind === "interstitial" ? { ...named, kind: "interstitial" } : named;
}

/** An interstitial has its own beginning, so it does not inherit the start of the film, but its place on the film's time line. */
function contextOf(child: MediaUrl, { start, variables }: Manifest, { place }: MediaContext): MediaContext {
  const { kind, rendition, bandwidth, average, offset, edge, lasting } = child;
  if (kind !== "interstitial") return { kind, rendition, bandwidth, average, start, variables };
  return { kind, rendition, bandwidth, average, variables, place: place ?? { offset, edge, lasting } };
}

function firstManifest(url: string, host: string): MediaUrl {
  return {
    url,
    host,
    role: "playlist",
    kind: "main",
    rendition: "main",
    bandwidth: undefined,
    ...untimed,
    alternative: 0,
  };
}
