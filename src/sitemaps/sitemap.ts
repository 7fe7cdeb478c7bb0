/**
 * Reads a sitemap and the documents below it, level by level, into the URLs that they name. Documents are foreign text: each step
 * has a limit, and only the hosts of the call and of the first document count.
 */

import { explain, PrefetchError } from "../base/errors.ts";
import { resolveUri } from "../documents/resolve.ts";
import type { MainThread } from "../documents/thread/serve-reader.ts";
import type { EdgeBody } from "../prefetch/model/edge.ts";
import type { Sitemap, SitemapKind, SitemapRequest } from "../prefetch/model/sitemap.ts";
import { createCollection } from "./collection.ts";
import { type ReadDocument, readDocument } from "./document.ts";
import { type SitemapLimits, sitemapLimits } from "./limits.ts";
import { isSince } from "./moment.ts";
import type { NamedDocument } from "./tally.ts";

interface Visit {
  readonly url: string;
  /** 1 for the first document. */
  readonly depth: number;
}

type Begun = Visit & ({ readonly body: EdgeBody } | { readonly error: PrefetchError });

/** Throws `PrefetchError` when the first document cannot be read; the result names every other one that cannot. */
export async function readSitemap(
  entry: string,
  request: SitemapRequest,
  main: MainThread,
  limits: SitemapLimits = sitemapLimits,
): Promise<Sitemap> {
  const first = resolveUri(entry, null);
  if (!first.ok) throw new PrefetchError("invalid_argument", `The sitemap's URL ${first.reason}`);
  const home = new Set([...request.hosts, first.host]);
  const collection = createCollection(limits);
  const visited = new Set([first.url]);
  let kind: SitemapKind | undefined;

  /** The first document may redirect, such as to the site's `www.` host. */
  const admit = (host: string): void => {
    if (kind === undefined) home.add(host);
    else if (!home.has(host)) throw foreignDocument(host);
  };

  const begin = async (visit: Visit): Promise<Begun> => {
    try {
      return { ...visit, body: await main.fetchBody(visit.url, limits.firstBytes) };
    } catch (error) {
      if (!(error instanceof PrefetchError)) throw error;
      return { ...visit, error };
    }
  };

  const read = async (begun: Begun): Promise<ReadDocument | undefined> => {
    try {
      if ("error" in begun) throw begun.error;
      const left = collection.left();
      return await readDocument(
        begun.body,
        { ...request, ...left, limits, named: limits.named, admit, isHome: (host) => home.has(host) },
        main,
      );
    } catch (error) {
      if (kind === undefined || !(error instanceof PrefetchError)) throw error;
      collection.refuse({ url: begun.url, code: error.code, reason: explain(error) });
      return undefined;
    }
  };

  const isUnchanged = ({ moment }: NamedDocument): boolean =>
    request.since !== undefined && moment !== undefined && !isSince(moment, request.since);

  const nextVisit = (named: NamedDocument, depth: number): Visit | undefined => {
    const { url, host } = named;
    if (visited.has(url)) return undefined;
    visited.add(url);
    if (isUnchanged(named)) collection.leaveOut();
    else {
      const problem = home.has(host) ? depthProblem(depth, limits) : foreignDocument(host);
      if (problem === undefined) return { url, depth };
      collection.refuse({ url, code: problem.code, reason: explain(problem) });
    }
    return undefined;
  };

  /** The documents of an index to read next, the newest first: a bound then cuts off old ones. */
  const nextVisits = (documents: readonly NamedDocument[], depth: number): Visit[] =>
    documents.toSorted((a, b) => (b.moment?.begins ?? 0) - (a.moment?.begins ?? 0)).flatMap((named) => nextVisit(named, depth) ?? []);

  let pending: Visit[] = [{ url: first.url, depth: 1 }];
  while (pending.length > 0 && !collection.isFull()) {
    const visits = pending.slice(0, limits.concurrency);
    pending = pending.slice(limits.concurrency);
    for (const begun of await Promise.all(visits.map(begin))) {
      const document = collection.isFull() ? undefined : await read(begun);
      if (!document) continue;
      kind ??= document.kind;
      visited.add(document.url);
      collection.take(document);
      pending.push(...nextVisits(document.tally.documents, begun.depth + 1));
    }
  }
  return collection.result(kind ?? "sitemap", request.mostUrls);
}

function depthProblem(depth: number, { depth: most }: SitemapLimits): PrefetchError | undefined {
  if (depth <= most) return undefined;
  return new PrefetchError("limit_reached", `It is nested deeper than ${most} documents`, { hint: "Pass it as a URL of its own." });
}

function foreignDocument(host: string): PrefetchError {
  return new PrefetchError("forbidden_domain", `It is on ${host}, which is neither the sitemap's host nor that of a URL of the call`, {
    hint: "Pass it as a URL of its own to include it.",
  });
}
