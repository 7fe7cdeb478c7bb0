/** The boundary where the text of manifests enters the server. */

import type { ForeignText } from "../base/foreign-text.ts";
import type { StreamReader } from "../prefetch/model/stream.ts";

/** A URL that echoes a credential of the server is refused: warming it would hand the credential on to the origin. */
export function withCleanStreams(read: StreamReader, { clean, cleanError }: ForeignText): StreamReader {
  return async (url, rules) => {
    try {
      const stream = await read(url, rules);
      const echoes = new Set(stream.urls.filter((each) => clean(each) !== each));
      const refused = [...echoes].map((each) => ({
        url: clean(each),
        code: "invalid_argument",
        reason: "It holds a credential of this server.",
      }));
      const urls = echoes.size > 0 ? stream.urls.filter((each) => !echoes.has(each)) : stream.urls;
      return { ...stream, urls, refused: [...clean(stream.refused), ...refused] };
    } catch (error) {
      throw cleanError(error);
    }
  };
}
