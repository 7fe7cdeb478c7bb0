/** Reads one document: fetches it, tells its kind, and sorts its entries. */

import { PrefetchError } from "../base/errors.ts";
import { decodeText, textSlices, tooLarge, unpack } from "../documents/decode.ts";
import { resolveUri } from "../documents/resolve.ts";
import type { MainThread } from "../documents/thread/serve-reader.ts";
import type { EdgeBody } from "../prefetch/model/edge.ts";
import type { SitemapKind } from "../prefetch/model/sitemap.ts";
import type { EmitEntry, EntryReader } from "./entry-reader.ts";
import { kindOf } from "./kind.ts";
import type { SitemapLimits } from "./limits.ts";
import { createLineEntries } from "./line-entries.ts";
import { createTally, type Tally, type TallyRules } from "./tally.ts";
import { createXmlEntries } from "./xml-entries.ts";

export interface ReadDocument {
  readonly kind: SitemapKind;
  /** After redirects. */
  readonly url: string;
  readonly bytes: number;
  readonly tally: Tally;
}

export interface DocumentRules extends Omit<TallyRules, "kind" | "url"> {
  readonly limits: SitemapLimits;
  /** Throws when a document at this host must not be read. */
  readonly admit: (host: string) => void;
}

/** Bytes of the beginning that tell the kind. A longer comment before the root element hides it. */
const KIND_BYTES = 65_536;
/** Text between two pauses. More holds a turn of the thread for longer on a slow machine; less spends time on messages. */
const TURN_CHARACTERS = 1_048_576;

/** `begun`: the document's first bytes. Throws `PrefetchError` when the document cannot be read in full; it then gives no entry. */
export async function readDocument(begun: EdgeBody, rules: DocumentRules, main: MainThread): Promise<ReadDocument> {
  const { limits } = rules;
  const first = finalUrl(begun, rules);
  const beginning = unpack(begun, limits.documentBytes);
  const kind = kindOf(decodeText(beginning.subarray(0, KIND_BYTES), begun.isWhole && beginning.length <= KIND_BYTES), first);
  const body = begun.isWhole ? begun : await main.fetchBody(begun.url, limits.documentBytes);
  if (!body.isWhole) throw tooLarge(limits.documentBytes);
  const url = finalUrl(body, rules);
  const bytes = body === begun ? beginning : unpack(body, limits.documentBytes);
  const { tally, add } = createTally({ ...rules, kind, url });
  await readEntries(bytes, entryReader(kind, add), tally, main);
  return { kind, url, bytes: bytes.length, tally };
}

async function readEntries(bytes: Uint8Array, reader: EntryReader, tally: Tally, main: MainThread): Promise<void> {
  let characters = 0;
  for (const slice of textSlices(bytes)) {
    reader.write(slice);
    if (tally.endedAt !== undefined) return;
    characters += slice.length;
    if (characters >= TURN_CHARACTERS) {
      characters = 0;
      await main.pause();
    }
  }
  reader.close();
}

function entryReader(kind: SitemapKind, add: EmitEntry): EntryReader {
  return kind === "text" || kind === "robots" ? createLineEntries(kind, add) : createXmlEntries(add);
}

/** After redirects, which the document's host must allow. */
function finalUrl({ url }: EdgeBody, { admit }: DocumentRules): string {
  const final = resolveUri(url, null);
  if (!final.ok) throw new PrefetchError("invalid_argument", `It redirects to a URL that ${final.reason}`);
  admit(final.host);
  return final.url;
}
