/** Variables of HLS playlists: `EXT-X-DEFINE` and `{$name}` (draft-pantos-hls-rfc8216bis, sections 4.3 and 4.4.2.3). */

import type { Attributes } from "./grammar.ts";

const REFERENCE = /\{\$([A-Za-z0-9_-]{1,256})\}/g;

/**
 * Definitions may build on each other. A larger value lets a few lines double one until the memory is full;
 * a smaller one refuses long tokens.
 */
const LONGEST_VALUE_CHARACTERS = 8_192;
/** Limits one URI in which variables repeat. A smaller limit refuses URIs that `resolveUri` accepts. */
const LONGEST_URI_CHARACTERS = 65_536;

export type Substituted = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

export interface Variables {
  readonly values: ReadonlyMap<string, string>;
  /** Executes an `EXT-X-DEFINE` tag. */
  define(attributes: Attributes): void;
  substitute(text: string): Substituted;
}

/** `imported` are the variables of the multivariant playlist; `url` is this playlist's own URL. */
export function createVariables(imported: ReadonlyMap<string, string> | undefined, url: URL | null): Variables {
  const values = new Map<string, string>();

  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value.length <= LONGEST_VALUE_CHARACTERS) values.set(name, value);
  };

  return {
    values,
    define: (attributes) => {
      const name = attributes.get("NAME");
      const importedName = attributes.get("IMPORT");
      const parameter = attributes.get("QUERYPARAM");
      if (name !== undefined) {
        const value = substitute(attributes.get("VALUE") ?? "", values);
        if (value.ok) set(name, value.text);
      } else if (importedName !== undefined) set(importedName, imported?.get(importedName));
      // The draft does not say whether to decode the parameter; players decode it.
      else if (parameter !== undefined) set(parameter, url?.searchParams.get(parameter) ?? undefined);
    },
    substitute: (text) => substitute(text, values),
  };
}

function substitute(text: string, values: ReadonlyMap<string, string>): Substituted {
  if (!text.includes("{$")) return { ok: true, text };
  const pieces: string[] = [];
  let length = 0;
  let from = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const value = values.get(match[1] ?? "");
    if (value === undefined) return { ok: false, reason: `uses the variable ${match[0]}, which has no value` };
    pieces.push(text.slice(from, match.index), value);
    length += match.index - from + value.length;
    if (length > LONGEST_URI_CHARACTERS) {
      return { ok: false, reason: `is longer than ${LONGEST_URI_CHARACTERS.toLocaleString("en")} characters with its variables filled in` };
    }
    from = match.index + match[0].length;
  }
  return { ok: true, text: pieces.join("") + text.slice(from) };
}
