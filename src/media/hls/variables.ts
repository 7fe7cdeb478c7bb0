/** Variables of HLS playlists: `EXT-X-DEFINE` and `{$name}` (draft-pantos-hls-rfc8216bis, sections 4.3 and 4.4.2.3). */

import type { Attributes } from "./grammar.ts";

const REFERENCE = /\{\$([A-Za-z0-9_-]{1,256})\}/g;

/** Definitions may build on each other, so that a few lines could grow without end. */
const LONGEST_VALUE = 8_192;
const LONGEST_TEXT = 65_536;

export type Substituted = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

export class Variables {
  readonly #values = new Map<string, string>();
  readonly #imported: ReadonlyMap<string, string>;
  readonly #query: URLSearchParams | undefined;

  constructor(imported: ReadonlyMap<string, string> | undefined, url: URL | null) {
    this.#imported = imported ?? new Map();
    this.#query = url?.searchParams;
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  define(attributes: Attributes): void {
    const name = attributes.get("NAME");
    const imported = attributes.get("IMPORT");
    const parameter = attributes.get("QUERYPARAM");
    if (name !== undefined) {
      const value = this.substitute(attributes.get("VALUE") ?? "");
      if (value.ok) this.#set(name, value.text);
    } else if (imported !== undefined) this.#set(imported, this.#imported.get(imported));
    // The draft leaves open whether the value is decoded; the players decode it.
    else if (parameter !== undefined) this.#set(parameter, this.#query?.get(parameter) ?? undefined);
  }

  substitute(text: string): Substituted {
    if (!text.includes("{$")) return { ok: true, text };
    const pieces: string[] = [];
    let length = 0;
    let from = 0;
    for (const match of text.matchAll(REFERENCE)) {
      const value = this.#values.get(match[1] ?? "");
      if (value === undefined) return { ok: false, reason: `uses the variable ${match[0]}, which has no value` };
      pieces.push(text.slice(from, match.index), value);
      length += match.index - from + value.length;
      if (length > LONGEST_TEXT) return { ok: false, reason: "grows too long when its variables are put in" };
      from = match.index + match[0].length;
    }
    return { ok: true, text: pieces.join("") + text.slice(from) };
  }

  #set(name: string, value: string | undefined): void {
    if (value !== undefined && value.length <= LONGEST_VALUE) this.#values.set(name, value);
  }
}
