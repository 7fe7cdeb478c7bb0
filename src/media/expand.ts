/**
 * Expands the URL of a manifest into every URL that it and the manifests below it name. Manifests are foreign text:
 * each step has a limit, and `refuseHost` decides about each host.
 */

import { PrefetchError } from "../base/errors.ts";
import { resolveUri } from "../documents/resolve.ts";
import { shortened } from "../documents/shortened.ts";
import { createChildren } from "./children.ts";
import { type ExpandOptions, type Expansion, expandLimits, type ManifestSummary } from "./expansion.ts";
import { type ReadResult, readManifest, type Visit } from "./read-manifest.ts";

/**
 * Resolves with `undefined` when the URL is a guess and its content no manifest. Throws when the first manifest cannot be
 * read. The result reports every problem with another manifest.
 */
export async function expandManifest(entry: string, options: ExpandOptions): Promise<Expansion | undefined> {
  const first = resolveUri(entry, null);
  if (!first.ok) throw new PrefetchError("invalid_argument", `The manifest's URL ${first.reason}`);
  const refused = options.refuseHost(first.host);
  if (refused !== undefined) throw new PrefetchError("forbidden_domain", refused);
  const limits = { ...expandLimits, ...options.limits };
  const children = createChildren(options, limits);
  children.addFirst(first.url, first.host);
  const manifests: ManifestSummary[] = [];

  const read = async (visit: Visit): Promise<ReadResult | undefined> => {
    try {
      return await readManifest(visit, options, limits);
    } catch (error) {
      if (visit.parent === undefined || !(error instanceof PrefetchError) || error.code === "cancelled") throw error;
      children.reject({ url: visit.url, parent: visit.parent, role: "playlist", code: error.code, reason: error.message });
      return undefined;
    }
  };

  // Breadth first, a few manifests at a time: more would hold many large manifests in memory at once.
  let pending: Visit[] = [{ url: first.url, depth: 1, context: {}, parent: undefined, path: [] }];
  while (pending.length > 0) {
    const visits = pending.slice(0, limits.concurrency);
    pending = pending.slice(limits.concurrency);
    const results = await Promise.all(visits.map(read));
    for (const [index, visit] of visits.entries()) {
      const result = results[index];
      if (!result) continue;
      manifests.push(summaryOf(visit, result));
      pending.push(...children.take(visit, result));
    }
  }
  return manifests.length === 0 ? undefined : { ...children.result(), manifests };
}

function summaryOf({ url, depth }: Visit, { finalUrl, manifest }: ReadResult): ManifestSummary {
  const { format, shape, live, duration, urls } = manifest;
  return { url: shortened(url), finalUrl: shortened(finalUrl), depth, format, shape, live, duration, urls: urls.length };
}
