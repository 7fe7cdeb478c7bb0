/**
 * Variables of HLS playlists: `EXT-X-DEFINE` and `{$name}` (draft-pantos-hls-rfc8216bis, sections 4.3 and 4.4.2.3). A playlist
 * with a variable that has no value must fail to parse: its URLs would be wrong.
 */

import { PrefetchError } from "../../base/errors.ts";
import { LONGEST_URL } from "../../documents/resolve.ts";
import { shortened } from "../../documents/shortened.ts";
import { MOST_CHARACTERS, tooManyCharacters } from "../url-collector.ts";
import type { Attributes } from "./grammar.ts";

const REFERENCE = /\{\$([A-Za-z0-9_-]{1,256})\}/g;

/** Every definition costs memory; a smaller value refuses playlists with one variable for each rendition. */
const MOST_VARIABLES = 1_000;

/** No URL may be longer, so no text that builds one needs to be. */
const limit = LONGEST_URL.toLocaleString("en");

export interface Variables {
  readonly values: ReadonlyMap<string, string>;
  /** Executes an `EXT-X-DEFINE` tag. */
  define(attributes: Attributes): void;
  /** Replaces each reference by its value. */
  substitute(text: string): string;
}

/** `imported` are the variables of the multivariant playlist; `url` is this playlist's own URL. All functions throw a `PrefetchError`. */
export function createVariables(imported: ReadonlyMap<string, string> | undefined, url: URL | null): Variables {
  const values = new Map<string, string>();
  let characters = 0;

  const substitute = (text: string): string => {
    if (!text.includes("{$")) return text;
    let length = text.length;
    for (const [reference, name = ""] of text.matchAll(REFERENCE)) {
      const value = values.get(name);
      if (value === undefined) {
        throw failure(`uses the variable ${reference}, which has no value (EXT-X-DEFINE)`, "Define it before its first use.");
      }
      length += value.length - reference.length;
    }
    if (length > LONGEST_URL) {
      throw failure(`has a text of ${length.toLocaleString("en")} characters with its variables filled in; the limit is ${limit}`);
    }
    characters += length;
    if (characters > MOST_CHARACTERS) throw tooManyCharacters("Its texts, with their variables filled in,");
    return text.replace(REFERENCE, (_, name: string) => values.get(name) ?? "");
  };

  const definitionOf = (attributes: Attributes): { readonly name: string; readonly value: string } => {
    const [name, from, parameter] = ["NAME", "IMPORT", "QUERYPARAM"].map((attribute) => attributes.get(attribute));
    const value = attributes.get("VALUE");
    if (name !== undefined && value !== undefined) return { name, value };
    if (from !== undefined) return { name: from, value: imported?.get(from) ?? missing("IMPORT", from) };
    // The draft does not say whether to decode the parameter; players decode it.
    if (parameter !== undefined) return { name: parameter, value: url?.searchParams.get(parameter) || missing("QUERYPARAM", parameter) };
    throw failure("has an EXT-X-DEFINE tag without NAME and VALUE, IMPORT or QUERYPARAM", "Correct the tag.");
  };

  return {
    values,
    define: (attributes) => {
      const { name, value } = definitionOf(attributes);
      if (values.has(name))
        throw failure(`defines the variable "${shortened(name)}" twice (EXT-X-DEFINE)`, "Give each variable a name of its own.");
      if (value.length > LONGEST_URL) throw failure(`gives the variable "${shortened(name)}" a value of more than ${limit} characters`);
      if (values.size >= MOST_VARIABLES) throw failure(`defines more than ${MOST_VARIABLES.toLocaleString("en")} variables`);
      values.set(name, value);
    },
    substitute,
  };
}

function missing(attribute: "IMPORT" | "QUERYPARAM", name: string): never {
  const [problem, hint] =
    attribute === "IMPORT"
      ? ["the playlist that names this one does not define", "Pass the multivariant playlist that defines it."]
      : ["the playlist's URL does not have", "Pass its URL with this query parameter."];
  throw failure(`needs a value for the variable "${shortened(name)}" (EXT-X-DEFINE:${attribute}), which ${problem}`, hint);
}

function failure(problem: string, hint?: string): PrefetchError {
  return new PrefetchError("invalid_argument", `The playlist ${problem}`, hint === undefined ? {} : { hint });
}
