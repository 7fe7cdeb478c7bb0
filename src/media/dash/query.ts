/** Query strings that players add to the URLs of segments (ISO/IEC 23009-1, annex I). */

import { attribute } from "../../documents/attributes.ts";
import { charactersOf, LONGEST_URL, tooLong } from "../../documents/resolve.ts";
import { childrenOf, type XmlElement } from "./xml.ts";

export interface Query {
  /** The query string of the levels so far; a lower level adds to it. */
  readonly initial: string;
  /** Added to each URL; "" adds nothing. */
  readonly final: string;
  readonly isSameOriginOnly: boolean;
  /** Why the URLs cannot be known. */
  readonly problem: string | undefined;
}

export const noQuery: Query = { initial: "", final: "", isSameOriginOnly: false, problem: undefined };

const SCHEME = /^urn:mpeg:dash:urlparam:20(?:14|16)$/;

export function lowerQuery(query: Query, level: XmlElement, manifestUrl: string): Query {
  const info = ["EssentialProperty", "SupplementalProperty"]
    .flatMap((name) => childrenOf(level, name))
    .filter((property) => SCHEME.test((attribute(property, "schemeIdUri") ?? "").trim()))
    .flatMap(({ children }) => children)
    .find(({ name }) => name === "UrlQueryInfo" || name === "ExtUrlQueryInfo");
  if (info === undefined) return query;
  const requests = (attribute(info, "includeInRequests") ?? "segment").trim().split(/\s+/);
  if (!requests.includes("segment")) return query;
  const own = attribute(info, "useMPDUrlQuery")?.trim() === "true" ? (URL.parse(manifestUrl)?.search.slice(1) ?? "") : "";
  const initial = [query.initial, own, attribute(info, "queryString") ?? ""].filter((part) => part !== "").join("&");
  const isSameOriginOnly = attribute(info, "sameOriginOnly")?.trim() === "true";
  const unknown = (problem: string): Query => ({ initial: "", final: "", isSameOriginOnly, problem });
  // Lower levels and templates repeat it, so a long one would grow beyond the memory.
  const template = attribute(info, "queryTemplate") ?? "";
  const longest = Math.max(initial.length, template.length);
  if (longest > LONGEST_URL) return unknown(`needs a query that ${tooLong(longest)}`);
  const pieces = fill(template, initial);
  if (pieces === undefined) return unknown("needs a query that only a player can build (annex I of the standard)");
  const length = charactersOf(pieces);
  if (length > LONGEST_URL) return unknown(`needs a query that ${tooLong(length)}`);
  return { initial, final: pieces.join(""), isSameOriginOnly, problem: undefined };
}

/** `$querypart$` is the whole string, `$query:name$` one parameter, `$$` a dollar sign; `undefined` for anything else. */
function fill(template: string, initial: string): readonly string[] | undefined {
  const parameters = parametersOf(initial);
  const pieces = template.split("$");
  if (pieces.length % 2 === 0) return undefined;
  const filled = pieces.map((piece, index) => {
    if (index % 2 === 0) return piece;
    if (piece === "") return "$";
    if (piece === "querypart") return initial;
    return piece.startsWith("query:") ? parameters.get(piece.slice(6)) : undefined;
  });
  const known = filled.filter((piece) => piece !== undefined);
  return known.length < filled.length ? undefined : known;
}

/** Values as they are written, since decoding and encoding them again could change them. The first of a name counts. */
function parametersOf(query: string): ReadonlyMap<string, string> {
  const pairs = query.split("&").map((pair): [string, string] => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return new Map(pairs.toReversed());
}

export function addQuery(url: string, { final, isSameOriginOnly }: Query, origin: string | undefined): string {
  if (final === "" || (isSameOriginOnly && URL.parse(url)?.origin !== origin)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${final}`;
}
