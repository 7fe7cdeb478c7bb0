/** Reads the entries of documents in lines: lists with one URL in a line, and the `Sitemap` fields of robots.txt (RFC 9309). */

import { LONGEST_URL } from "../documents/resolve.ts";
import type { EmitEntry, EntryReader, FoundEntry } from "./entry-reader.ts";

/** A line begins with the name of its field. */
const LONGEST_LINE = LONGEST_URL + 100;
const SITEMAP_FIELD = /^\s*sitemap\s*:\s*/i;

export function createLineEntries(kind: "text" | "robots", emit: EmitEntry): EntryReader {
  let rest = "";

  const read = (line: string): void => {
    const text = line.trim();
    if (kind === "robots") {
      if (SITEMAP_FIELD.test(text)) emit(entryOf(text.replace(SITEMAP_FIELD, "").replace(/\s+#.*$/, "")));
    } else if (text !== "" && !text.startsWith("#")) emit(entryOf(text));
  };

  return {
    write: (slice) => {
      const lines = slice.split(/\r\n|\r|\n/);
      const last = lines.pop() ?? "";
      for (const line of lines) {
        read(rest + line);
        rest = "";
      }
      // A line that is too long stays so, and need not grow.
      if (rest.length <= LONGEST_LINE) rest += last;
    },
    close: () => read(rest),
  };
}

function entryOf(address: string): FoundEntry {
  return { address, date: undefined, base: undefined };
}
