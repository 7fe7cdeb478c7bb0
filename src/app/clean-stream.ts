/** The boundary where the text of manifests enters the server. */

import type { Breathe } from "../base/breathe.ts";
import type { ForeignText } from "../base/foreign-text.ts";
import type { Stream, StreamReader } from "../prefetch/model/stream.ts";

/** A URL that echoes a credential of the server is refused: warming it would hand the credential on to the origin. */
export function withCleanStreams(read: StreamReader, { clean, cleanError }: ForeignText, breathe: Breathe): StreamReader {
  return async (url, rules) => {
    try {
      const stream = await read(url, rules);
      if (!stream) return undefined;
      const urls: string[] = [];
      const echoes: Stream["refused"][number][] = [];
      for (const each of stream.urls) {
        const pause = breathe();
        if (pause) await pause;
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
