/** The boundary where the text of manifests enters the server. */

import type { ForeignText } from "../base/foreign-text.ts";
import { nextTurn } from "../base/next-turn.ts";
import type { Stream, StreamReader } from "../prefetch/model/stream.ts";

/** URLs that are cleaned in one turn of the event loop. More hold other calls; fewer take longer. */
const URLS_PER_TURN = 200;

/** A URL that echoes a credential of the server is refused: warming it would hand the credential on to the origin. */
export function withCleanStreams(read: StreamReader, { clean, cleanError }: ForeignText): StreamReader {
  return async (url, rules) => {
    try {
      const stream = await read(url, rules);
      if (!stream) return undefined;
      const urls: string[] = [];
      const echoes: Stream["refused"][number][] = [];
      for (const [index, each] of stream.urls.entries()) {
        if (index % URLS_PER_TURN === URLS_PER_TURN - 1) await nextTurn();
        const shown = clean(each);
        if (shown === each) urls.push(each);
        else echoes.push({ url: shown, code: "invalid_argument", reason: "It holds a credential of this server." });
      }
      return { ...stream, urls, skipped: clean(stream.skipped), refused: [...clean(stream.refused), ...echoes] };
    } catch (error) {
      throw cleanError(error);
    }
  };
}
