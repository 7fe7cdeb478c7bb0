/** Sorts the entries of one document: URLs to send, documents to read, and entries that are left out, with the reason. */

import type { Moment } from "../base/zoned-time.ts";
import { ownText } from "../documents/own-text.ts";
import { type Resolved, resolveUri } from "../documents/resolve.ts";
import { shortened } from "../documents/shortened.ts";
import type { SkippedUri } from "../prefetch/model/left-out.ts";
import type { SitemapEntry, SitemapKind } from "../prefetch/model/sitemap.ts";
import type { FoundEntry } from "./entry-reader.ts";
import { isSince, momentOf } from "./moment.ts";

export interface TallyRules {
  readonly kind: SitemapKind;
  /** Of the document, after redirects. */
  readonly url: string;
  readonly isHome: (host: string) => boolean;
  readonly since: number | undefined;
  /** Entries and characters that may still be read. */
  readonly urls: number;
  readonly characters: number;
  /** Invalid entries that are named. */
  readonly named: number;
}

/** A document that an index or robots.txt names. */
export interface NamedDocument {
  readonly url: string;
  readonly host: string;
  readonly moment: Moment | undefined;
}

/** The entries of one document. */
export interface Tally {
  /** Entries of every kind. */
  read: number;
  characters: number;
  readonly entries: SitemapEntry[];
  readonly documents: NamedDocument[];
  readonly foreign: Map<string, number>;
  readonly skipped: SkippedUri[];
  invalid: number;
  unchanged: number;
  undated: number;
  /** The bound that the document reached; what follows is not read. */
  endedAt: "urls" | "characters" | undefined;
}

export function createTally(rules: TallyRules): { readonly tally: Tally; add(entry: FoundEntry): void } {
  const { kind, since } = rules;
  const tally: Tally = {
    read: 0,
    characters: 0,
    entries: [],
    documents: [],
    foreign: new Map(),
    skipped: [],
    invalid: 0,
    unchanged: 0,
    undated: 0,
    endedAt: undefined,
  };
  const namesDocuments = kind === "sitemap-index" || kind === "robots";

  const skip = (uri: string, reason: string): void => {
    tally.invalid += 1;
    if (tally.skipped.length < rules.named) tally.skipped.push({ uri: shortened(uri), reason });
  };

  const addUrl = (url: string, moment: Moment | undefined): void => {
    if (since !== undefined && moment === undefined) tally.undated += 1;
    else if (since !== undefined && moment !== undefined && !isSince(moment, since)) tally.unchanged += 1;
    else tally.entries.push({ url, changedAt: moment?.begins });
  };

  const boundFor = ({ address }: FoundEntry): Tally["endedAt"] => {
    if (tally.read >= rules.urls) return "urls";
    return tally.characters + address.length > rules.characters ? "characters" : undefined;
  };

  const sort = (resolved: Resolved, { address, date }: FoundEntry): void => {
    if (!resolved.ok) {
      skip(address, resolved.reason);
      return;
    }
    const [url, host] = [ownText(resolved.url), ownText(resolved.host)];
    if (namesDocuments) tally.documents.push({ url, host, moment: momentOf(date) });
    else if (rules.isHome(host)) addUrl(url, momentOf(date));
    else tally.foreign.set(host, (tally.foreign.get(host) ?? 0) + 1);
  };

  return {
    tally,
    add: (found) => {
      tally.endedAt ??= boundFor(found);
      if (tally.endedAt !== undefined) return;
      tally.read += 1;
      tally.characters += found.address.length;
      sort(addressOf(found, rules), found);
    },
  };
}

/** Feeds and robots.txt may have relative addresses; in a sitemap and a list they must be absolute. */
function addressOf({ address, base }: FoundEntry, { kind, url }: TallyRules): Resolved {
  if (address === "") return { ok: false, reason: "An entry has no address" };
  // URL parsers drop these silently, which would join two addresses into one.
  if (/[\n\r\t]/.test(address)) return { ok: false, reason: "has a line break or tab in it" };
  if (kind === "rss" || kind === "atom" || kind === "robots") return resolveUri(address, URL.parse(base ?? url, url));
  const resolved = resolveUri(address, null);
  if (resolved.ok || URL.canParse(address)) return resolved;
  return { ok: false, reason: "is no absolute URL, as a sitemap needs it" };
}
