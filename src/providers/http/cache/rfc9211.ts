/**
 * The `Cache-Status` header. Source: RFC 9211; its grammar is a List of RFC 9651.
 * The first member is the cache nearest to the origin and the last one the cache nearest to the client.
 */

import { isInnerList, parseList } from "structured-headers";
import { type HeaderLines, linesOf, splitOutside } from "./headers.ts";
import { type Finding, type Layer, type Verdict, verdictOf } from "./verdict.ts";
import { stateOf } from "./words.ts";

export interface CacheMember {
  readonly name: string;
  readonly hit: boolean;
  readonly fwd?: string | undefined;
  readonly fwdStatus?: number | undefined;
  readonly ttlS?: number | undefined;
  readonly stored?: boolean | undefined;
}

type Params = ReadonlyMap<string, unknown>;

const HEADER = "cache-status";
const LONGEST_LIST = 8_192;

/** Members in the order of the header. What no strict parser takes, such as `Nginx; HIT`, is read as well as it can be. */
export function cacheMembers(lines: readonly string[]): CacheMember[] {
  const text = lines.join(", ");
  // Cut off, it would lose its end, which is the edge.
  if (text.length > LONGEST_LIST) return [];
  return (strictly(text) ?? tolerantly(text)).map(([name, params]) => memberOf(name, params));
}

function strictly(text: string): [string, Params][] | undefined {
  try {
    return parseList(text).map((entry) => (isInnerList(entry) ? ["", new Map()] : [String(entry[0]), entry[1]]));
  } catch {
    return undefined;
  }
}

function tolerantly(text: string): [string, Params][] {
  return splitOutside(text, ",").map((member) => {
    const [name = "", ...pairs] = splitOutside(member, ";");
    const params = pairs.map((pair): [string, unknown] => {
      const [key = "", value] = pair.split(/=(.*)/s, 2).map((part) => part.trim());
      return [key.toLowerCase(), value === undefined ? true : plain(value)];
    });
    return [name.replace(/^"|"$/g, ""), new Map(params)];
  });
}

function plain(value: string): unknown {
  if (/^\?[01]$/.test(value)) return value === "?1";
  return /^-?\d{1,15}$/.test(value) ? Number(value) : value.replace(/^"|"$/g, "");
}

function memberOf(name: string, params: Params): CacheMember {
  const fwd = params.get("fwd");
  const fwdStatus = params.get("fwd-status");
  const ttl = params.get("ttl");
  const stored = params.get("stored");
  const loose = looseWord(name, params);
  return {
    name,
    // The two exclude each other; a member that claims both has at least not proved that it hit.
    hit: fwd === undefined && (params.get("hit") === true || loose === "hit"),
    fwd: fwd === undefined || fwd === false ? fwdOf(loose) : String(fwd).toLowerCase(),
    ...(typeof fwdStatus === "number" && { fwdStatus }),
    ...(typeof ttl === "number" && { ttlS: ttl }),
    ...(typeof stored === "boolean" && { stored }),
  };
}

/** The state in `Nginx; MISS` or in a bare `HIT`: nothing in the standard, and common all the same. */
function looseWord(name: string, params: Params): string | undefined {
  if (params.size === 0) return /^[A-Z]+$/.test(name) ? stateOf(name) : undefined;
  for (const [key, value] of params) {
    if (value === true && key !== "hit" && key !== "stored" && key !== "collapsed") {
      const state = stateOf(key);
      if (state) return state;
    }
  }
  return undefined;
}

function fwdOf(state: string | undefined): string | undefined {
  if (state === "bypass" || state === "uncacheable") return "bypass";
  if (state === "expired") return "stale";
  return state === "miss" ? "miss" : undefined;
}

export interface CacheStatusOptions {
  /** Caches that count; others, such as an application's own, are skipped. */
  readonly caches?: RegExp | undefined;
  /** Finds the edge by its name, for vendors that do not keep to the standard's order. */
  readonly edge?: RegExp | undefined;
}

/** Reads the header: the edge's own word first, then a hit of any cache behind it, which is a parent's. */
export function readCacheStatus(headers: HeaderLines, { caches, edge }: CacheStatusOptions = {}): Finding | undefined {
  const members = cacheMembers(linesOf(headers, HEADER)).filter(({ name }) => caches?.test(name) ?? true);
  const named = edge && members.findLast(({ name }) => edge.test(name));
  const front = named ?? members.at(-1);
  if (front === undefined) return undefined;
  const behind = members.filter((member) => member !== front);
  const verdict = verdictOfFront(front, behind, layerOf(front, named !== undefined || edge === undefined));
  const warm = front.hit ? front : behind.findLast(({ hit }) => hit);
  return verdict && { verdict, from: [HEADER], ttlS: warm?.ttlS ?? front.ttlS };
}

/** A vendor whose edge has a name has been heard without it only from behind. A bare `HIT` names nobody. */
function layerOf({ name }: CacheMember, isEdge: boolean): Layer {
  if (!isEdge) return "parent";
  return stateOf(name) === undefined ? "edge" : "unknown";
}

function verdictOfFront(front: CacheMember, behind: readonly CacheMember[], layer: Layer): Verdict | undefined {
  const { fwd, stored } = front;
  const kept = stored !== undefined && { stored };
  if (front.hit) return verdictOf(isStale(front) ? "stale" : "hit", layer);
  if (fwd === "stale" && front.fwdStatus === 304) return { state: "revalidated", layer, ...kept };
  const aside = fwd === "bypass" || fwd === "method" || fwd === "request";
  const parent = behind.findLast(({ hit }) => hit);
  if (parent) return { state: isStale(parent) ? "stale" : "hit", layer: "parent", ...(aside ? { stored: false } : kept) };
  if (aside) return verdictOf("bypass");
  if (fwd !== undefined) return { state: fwd === "stale" ? "expired" : "miss", ...kept };
  return undefined;
}

/** A stale answer that did not go forward is a hit to the standard; only the lifetime tells. */
function isStale({ ttlS }: CacheMember): boolean {
  return ttlS !== undefined && ttlS < 0;
}
