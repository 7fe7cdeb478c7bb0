/** What answers say about the sitemaps of a call. */

import { PrefetchError } from "../../base/errors.ts";
import { isoTime } from "../../base/iso-time.ts";
import type { ParsedUrls } from "../admission/parse-urls.ts";
import type { LeftOut, SitemapView } from "../model/sitemap.ts";
import { noCounts } from "../model/task.ts";
import { nothingUsable, rejectedRows } from "./submit-answer.ts";
import { shownUrl, summaryOf, type TaskView } from "./view.ts";

/** What the answer to a call without a URL to send needs of the call. */
export interface NothingFacts {
  /** The providers that the call could use. */
  readonly providers: readonly string[];
  readonly dryRun: boolean;
}

/** Foreign hosts that a sentence names; `foreign_hosts` has more. */
const NAMED_HOSTS = 3;

/** A call with `since` warms pages that changed, and the edge may hold their old copies. */
const PURGE_FIRST = "A copy that is still valid stays: purge changed pages first";

export function withSitemaps(
  view: TaskView,
  sitemaps: readonly SitemapView[],
  since: number | undefined,
  candidates: ParsedUrls["candidates"] = [],
): TaskView {
  const shown = sitemaps.map((sitemap) => ({ ...sitemap, url: shownUrl(sitemap.url) }));
  const isRefreshed = view.refreshCost !== undefined;
  const isOfChanges = since !== undefined && !isRefreshed && shown.some(({ urls }) => urls > 0);
  const otherwise = candidates.some(({ provider }) => provider.refresh) ? ", or pass refresh_first" : "";
  const words = [...sentences(sitemaps, since), ...(isOfChanges ? [`${PURGE_FIRST}${otherwise}.`] : []), view.nextStep];
  return { ...view, sitemaps: shown, nextStep: words.join(" ") };
}

/** The answer of a call that has nothing to send, as nothing has changed. Throws when the sitemaps lead to nothing for another reason. */
export function nothingNew(
  sitemaps: readonly SitemapView[],
  since: number | undefined,
  parsed: ParsedUrls,
  { providers, dryRun }: NothingFacts,
): TaskView {
  const isUnchanged = sitemaps.some(({ leftOut, unchangedDocuments }) => leftOut.unchanged + unchangedDocuments > 0);
  if (!isUnchanged) throw parsed.rejected.length > 0 || sitemaps.length === 0 ? nothingUsable(parsed) : nothingNamed(sitemaps, since);
  const rows = rejectedRows(parsed.rejected);
  const counts = { ...noCounts(), rejected: rows.length };
  const ended = rows.length > 0 ? "failed" : "succeeded";
  const nothing = { providers, batches: 0, duplicatesRemoved: parsed.duplicatesRemoved, skippedRecent: 0, quota: undefined, cost: 0 };
  const view = { ...nothing, state: dryRun ? "planned" : ended, counts, problems: summaryOf(rows) } as const;
  return withSitemaps({ ...view, ...(dryRun && { dryRun }), nextStep: "Nothing is to be sent." }, sitemaps, since);
}

function nothingNamed(sitemaps: readonly SitemapView[], since: number | undefined): PrefetchError {
  return new PrefetchError("invalid_argument", `urls: the sitemaps lead to no URL to send. ${sentences(sitemaps, since).join(" ")}`, {
    hint: "Nothing was sent.",
  });
}

function sentences(sitemaps: readonly SitemapView[], since: number | undefined): string[] {
  if (sitemaps.length === 0) return ["No entry of the list is a sitemap: problems says why."];
  const sum = (count: (sitemap: SitemapView) => number): number => sitemaps.reduce((total, sitemap) => total + count(sitemap), 0);
  const left = (reason: keyof LeftOut): number => sum(({ leftOut }) => leftOut[reason]);
  const read = sum((sitemap) => sitemap.read);
  const urls = sum((sitemap) => sitemap.urls);
  const documents = sum((sitemap) => sitemap.documents);
  const refused = sum(({ refusedCount }) => refusedCount);
  const unchangedDocuments = sum((sitemap) => sitemap.unchangedDocuments);
  const moment = since === undefined ? "" : isoTime(since);
  return [
    `${inWords(sitemaps.length, "sitemap")} in ${inWords(documents, "document")}: ${inWords(read, "entry", "entries")}, ${urls.toLocaleString("en")} of them to send.`,
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
    ...endsInWords(sitemaps),
    ...when(refused, `${inWords(refused, "document")} below could not be read: problems says why.`),
  ];
}

function endsInWords(sitemaps: readonly SitemapView[]): string[] {
  const [first, ...more] = sitemaps.filter(({ endedAt }) => endedAt !== undefined);
  if (first === undefined) return [];
  const others = more.length > 0 ? ` So did ${inWords(more.length, "other sitemap")}; sitemaps[].ended_at has the bounds.` : "";
  return [`Reading ${shownUrl(first.url)} ended at ${first.endedAt}; there may be more.${others}`];
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
