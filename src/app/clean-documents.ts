/** The boundary where the text of manifests and sitemaps enters the server. */

import type { Breathe } from "../base/breathe.ts";
import type { ForeignText } from "../base/foreign-text.ts";
import type { RefusedUrl } from "../prefetch/model/left-out.ts";
import type { SitemapReader } from "../prefetch/model/sitemap.ts";
import type { StreamReader } from "../prefetch/model/stream.ts";

export function withCleanStreams(read: StreamReader, foreign: ForeignText, breathe: Breathe): StreamReader {
  const { clean, cleanError } = foreign;
  return async (url, rules) => {
    try {
      const stream = await read(url, rules);
      if (!stream) return undefined;
      const { kept: urls, echoes } = await withoutEchoes(stream.urls, (each) => each, foreign, breathe);
      return { ...stream, urls, skipped: clean(stream.skipped), refused: [...clean(stream.refused), ...echoes] };
    } catch (error) {
      throw cleanError(error);
    }
  };
}

export function withCleanSitemaps(read: SitemapReader, foreign: ForeignText, breathe: Breathe): SitemapReader {
  const { clean, cleanError } = foreign;
  return async (url, rules) => {
    try {
      const { entries: all, refused, leftOut, ...facts } = await read(url, rules);
      const { kept: entries, echoes } = await withoutEchoes(all, (entry) => entry.url, foreign, breathe);
      return {
        ...clean(facts),
        entries,
        refused: [...clean(refused), ...echoes],
        leftOut: { ...leftOut, invalid: leftOut.invalid + echoes.length },
      };
    } catch (error) {
      throw cleanError(error);
    }
  };
}

/** A URL that echoes a credential of the server is refused: warming it would hand the credential on to the origin. */
async function withoutEchoes<Entry>(
  entries: readonly Entry[],
  urlOf: (entry: Entry) => string,
  { clean }: ForeignText,
  breathe: Breathe,
): Promise<{ readonly kept: Entry[]; readonly echoes: RefusedUrl[] }> {
  const kept: Entry[] = [];
  const echoes: RefusedUrl[] = [];
  for (const entry of entries) {
    const pause = breathe();
    if (pause) await pause;
    const shown = clean(urlOf(entry));
    if (shown === urlOf(entry)) kept.push(entry);
    else echoes.push({ url: shown, code: "invalid_argument", reason: "It holds a credential of this server." });
  }
  return { kept, echoes };
}
