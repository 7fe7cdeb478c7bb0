/** What answers say about the sitemaps of a call. */

import { PrefetchError } from "../../base/errors.ts";
import { isoTime } from "../../base/iso-time.ts";
import type { LeftOut, SitemapView } from "../model/sitemap.ts";
import { noCounts } from "../model/task.ts";
import { shownUrl, type TaskView } from "./view.ts";

/** What the answer to a call without a URL to send needs of the call. */
export interface NothingFacts {
  /** The providers that the call could use. */
  readonly providers: readonly string[];
  readonly dryRun: boolean;
}

/** Foreign hosts that a sentence names; `foreign_hosts` has more. */
const NAMED_HOSTS = 3;

/** A call with `since` warms pages that changed, and the edge may hold their old copies. */
const PURGE_FIRST = "A copy that is still valid stays: purge changed pages first.";

export function withSitemaps(view: TaskView, sitemaps: readonly SitemapView[], since: number | undefined): TaskView {
  const shown = sitemaps.map((sitemap) => ({ ...sitemap, url: shownUrl(sitemap.url) }));
  const isRefreshed = view.refreshCost !== undefined;
  const isOfChanges = since !== undefined && !isRefreshed && shown.some(({ urls }) => urls > 0);
  const words = [...sentences(sitemaps, since), ...(isOfChanges ? [PURGE_FIRST] : []), view.nextStep];
  return { ...view, sitemaps: shown, nextStep: words.join(" ") };
}

/** Nothing has changed: the answer of a call that has nothing to do. Throws when the sitemaps lead to nothing for another reason. */
export function nothingNew(sitemaps: readonly SitemapView[], since: number | undefined, { providers, dryRun }: NothingFacts): TaskView {
  const isUnchanged = sitemaps.some(({ leftOut, unchangedDocuments }) => leftOut.unchanged + unchangedDocuments > 0);
  const found = sentences(sitemaps, since);
  if (!isUnchanged) {
    throw new PrefetchError("invalid_argument", `urls: the sitemaps lead to no URL to send. ${found.join(" ")}`, {
      hint: "Nothing was sent.",
    });
  }
  const nothing = { providers, batches: 0, duplicatesRemoved: 0, skippedRecent: 0, problems: [], quota: undefined, cost: 0 };
  const state = dryRun ? "planned" : "succeeded";
  return withSitemaps(
    { ...nothing, state, counts: noCounts(), ...(dryRun && { dryRun }), nextStep: "Nothing is to be sent." },
    sitemaps,
    since,
  );
}

function sentences(sitemaps: readonly SitemapView[], since: number | undefined): string[] {
  if (sitemaps.length === 0) return ["No entry of the list is a sitemap: problems says why."];
  const sum = (count: (sitemap: SitemapView) => number): number => sitemaps.reduce((total, sitemap) => total + count(sitemap), 0);
  const left = (reason: keyof LeftOut): number => sum(({ leftOut }) => leftOut[reason]);
  const read = sum((sitemap) => sitemap.read);
  const urls = sum((sitemap) => sitemap.urls);
  const refused = sum(({ refusedCount }) => refusedCount);
  const unchangedDocuments = sum((sitemap) => sitemap.unchangedDocuments);
  const moment = since === undefined ? "" : isoTime(since);
  return [
    `${inWords(sitemaps.length, "sitemap")} in ${inWords(
      sum(({ documents }) => documents),
      "document",
    )}: ${inWords(read, "entry", "entries")}, ${urls.toLocaleString("en")} of them to send.`,
    ...when(unchangedDocuments, `${inWords(unchangedDocuments, "document")} of the indexes, unchanged since ${moment}, stayed unread.`),
    ...when(left("unchanged"), `${inWords(left("unchanged"), "entry", "entries")} did not change since ${moment}.`),
    ...when(
      left("undated"),
      `Left out: ${inWords(left("undated"), "entry", "entries")} without a date, so since cannot tell; without since they are sent.`,
    ),
    ...when(left("foreign"), foreignInWords(left("foreign"), sitemaps)),
    ...when(
      left("invalid"),
      `Left out: ${inWords(left("invalid"), "invalid entry", "invalid entries")}; sitemaps[].skipped has the reasons.`,
    ),
    ...when(
      left("over"),
      `Left out: ${inWords(left("over"), "older entry", "older entries")} beyond the most URLs of one call; pass the documents of an index one by one to send those too.`,
    ),
    ...sitemaps.flatMap(({ url, endedAt }) =>
      endedAt === undefined ? [] : [`Reading ${shownUrl(url)} ended at ${endedAt}; there may be more.`],
    ),
    ...when(refused, `${inWords(refused, "document")} below could not be read: problems says why.`),
  ];
}

function when(count: number, sentence: string): string[] {
  return count > 0 ? [sentence] : [];
}

function foreignInWords(count: number, sitemaps: readonly SitemapView[]): string {
  const hosts = [...new Set(sitemaps.flatMap(({ foreignHosts }) => foreignHosts.map(({ host }) => host)))];
  const named = hosts.slice(0, NAMED_HOSTS).join(", ");
  const more = hosts.length > NAMED_HOSTS ? " and others" : "";
  return `Left out: ${inWords(count, "entry", "entries")} on other hosts (${named}${more}); pass a URL of such a host as well, such as its robots.txt, to include them.`;
}

function inWords(count: number, one: string, several = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : several}`;
}
