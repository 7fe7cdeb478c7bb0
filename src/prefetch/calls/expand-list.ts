/** Turns a call's URLs into the list that is planned, by the expansion that the call asks for, and says in the answer what became of it. */

import { createSemaphore } from "../../base/semaphore.ts";
import { expandSitemaps, SITEMAPS_AT_ONCE } from "../admission/expand-sitemaps.ts";
import { expandStreams, STREAMS_AT_ONCE } from "../admission/expand-streams.ts";
import type { Refusals } from "../admission/expandable.ts";
import type { ParsedUrls } from "../admission/parse-urls.ts";
import { edgeOf } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { Expansion, SitemapExpansion } from "../model/expansion.ts";
import type { StreamScope } from "../model/stream.ts";
import { beforeDeadline } from "./before-deadline.ts";
import type { Deps } from "./deps.ts";
import { type NothingFacts, nothingNew, withSitemaps } from "./sitemap-answer.ts";
import { nothingUsable, withManifests, withStreams } from "./submit-answer.ts";
import { readSpan } from "./time-span.ts";
import type { TaskView } from "./view.ts";

export interface ListToSend {
  readonly urls: readonly unknown[];
  readonly refusals?: Refusals;
  /** The argument that the list is. An expanded list has other places than the caller's. */
  readonly argument: "urls" | undefined;
  /** The answer, with what the expansion found. */
  told(view: TaskView, parsed: ParsedUrls): TaskView;
  /** The answer of a list without a URL to send. Throws when that is a mistake or a failure. */
  nothing(parsed: ParsedUrls, facts: NothingFacts): TaskView;
}

export type ExpandList = (urls: readonly unknown[], expand: Expansion, call: CallContext) => Promise<ListToSend>;

export function createExpandList(deps: Deps): ExpandList {
  const { clock, directory, guards, foreign, breathe, report } = deps;
  const streamPermits = createSemaphore(STREAMS_AT_ONCE);
  const sitemapPermits = createSemaphore(SITEMAPS_AT_ONCE);

  const tools = async (signal: AbortSignal) => {
    const { allowedDomains, maxUrlsPerCall: mostUrls } = guards;
    return { edge: await edgeOf(directory), allowedDomains, mostUrls, signal, holdsSecret: foreign.holdsSecret, breathe, report };
  };

  const ofStreams = async (urls: readonly unknown[], scope: StreamScope, call: CallContext): Promise<ListToSend> => {
    const { streams, ...list } = await beforeDeadline(call.signal, streamsInTime, async (signal) =>
      expandStreams(urls, { ...(await tools(signal)), read: deps.readStream, scope, now: clock.now(), semaphore: streamPermits }),
    );
    const told = (view: TaskView): TaskView => withStreams(view, streams, list.refusals.size, scope);
    return { ...list, argument: undefined, told, nothing };
  };

  const ofSitemaps = async (urls: readonly unknown[], { since, timeZone }: SitemapExpansion, call: CallContext): Promise<ListToSend> => {
    const span = readSpan({ since, timeZone });
    const { sitemaps, ...list } = await beforeDeadline(call.signal, sitemapsInTime, async (signal) =>
      expandSitemaps(urls, { ...(await tools(signal)), read: deps.readSitemap, since: span?.since, semaphore: sitemapPermits }),
    );
    return {
      ...list,
      argument: undefined,
      told: (view, { candidates }) => withSitemaps(view, sitemaps, span?.since, candidates),
      nothing: (parsed, facts) => nothingNew(sitemaps, span?.since, parsed, facts),
    };
  };

  return async (urls, expand, call) => {
    if (expand.kind === "streams") return ofStreams(urls, expand.scope, call);
    if (expand.kind === "sitemap") return ofSitemaps(urls, expand, call);
    return { urls, argument: "urls", told: (view, { candidates }) => withManifests(view, candidates), nothing };
  };
}

function nothing(parsed: ParsedUrls): never {
  throw nothingUsable(parsed);
}

const streamsInTime = { what: "The manifests of the streams", fewer: "streams in one call, and files without expand" };
const sitemapsInTime = { what: "The sitemaps", fewer: "sitemaps in one call, or the documents that an index names" };
