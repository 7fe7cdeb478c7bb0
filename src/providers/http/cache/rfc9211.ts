/**
 * The `Cache-Status` header of RFC 9211, a structured List (RFC 9651). Its first member is the cache nearest to the origin, its
 * last member the cache nearest to the client.
 */

import { isInnerList, parseList } from "structured-headers";
import { type HeaderLines, linesOf, splitOutside } from "./headers.ts";
import { type Finding, type Layer, type Verdict, verdictOf } from "./verdict.ts";
import { stateOf } from "./words.ts";

interface CacheMember {
  readonly name: string;
  readonly hit: boolean;
  readonly fwd?: string | undefined;
  readonly fwdStatus?: number | undefined;
  readonly ttlS?: number | undefined;
  readonly stored?: boolean | undefined;
}

type Params = ReadonlyMap<string, unknown>;

const HEADER = "cache-status";
/** A longer header is not read at all: the edge is at the end, so cutting would lose it. */
const MAX_HEADER_CHARS = 8_192;

/** Members in the order of the header. A header that breaks the grammar, e.g. `Nginx; HIT`, is parsed tolerantly. */
export function cacheMembers(lines: readonly string[]): CacheMember[] {
  const text = lines.join(", ");
  if (text.length > MAX_HEADER_CHARS) return [];
  return (parseStrictly(text) ?? parseTolerantly(text)).map(([name, params]) => memberOf(name, params));
}

function parseStrictly(text: string): [string, Params][] | undefined {
  try {
    return parseList(text).map((entry) => (isInnerList(entry) ? ["", new Map()] : [String(entry[0]), entry[1]]));
  } catch {
    return undefined;
  }
}

function parseTolerantly(text: string): [string, Params][] {
  return splitOutside(text, ",").map((member) => {
    const [name = "", ...pairs] = splitOutside(member, ";");
    const params = pairs.map((pair): [string, unknown] => {
      const [key = "", value] = pair.split(/=(.*)/s, 2).map((part) => part.trim());
      return [key.toLowerCase(), value === undefined ? true : bareItem(value)];
    });
    return [name.replace(/^"|"$/g, ""), new Map(params)];
  });
}

function bareItem(value: string): unknown {
  if (/^\?[01]$/.test(value)) return value === "?1";
  return /^-?\d{1,15}$/.test(value) ? Number(value) : value.replace(/^"|"$/g, "");
}

function memberOf(name: string, params: Params): CacheMember {
  const fwd = params.get("fwd");
  const fwdStatus = params.get("fwd-status");
  const ttl = params.get("ttl");
  const stored = params.get("stored");
  const word = nonStandardState(name, params);
  return {
    name,
    hit: (fwd === undefined && (params.get("hit") === true || word === "hit")) || isStaleHit(params),
    fwd: fwd === undefined || fwd === false ? fwdOf(word) : String(fwd).toLowerCase(),
    ...(typeof fwdStatus === "number" && { fwdStatus }),
    ...(typeof ttl === "number" && { ttlS: ttl }),
    ...(typeof stored === "boolean" && { stored }),
  };
}

/**
 * `hit` and `fwd` exclude each other, so a member with both does not prove a hit. The exception is `hit; fwd=stale`: some caches,
 * such as Souin, write it when the origin failed and they served their stale copy.
 */
function isStaleHit(params: Params): boolean {
  const fwdStatus = params.get("fwd-status");
  const isReplaced = typeof fwdStatus === "number" && fwdStatus < 400;
  return params.get("hit") === true && String(params.get("fwd")).toLowerCase() === "stale" && !isReplaced;
}

const standardFlags = new Set(["hit", "stored", "collapsed"]);

/** Many servers write the state as a word: `Nginx; MISS`, or a bare `HIT`. */
function nonStandardState(name: string, params: Params): string | undefined {
  if (params.size === 0) return /^[A-Z]+$/.test(name) ? stateOf(name) : undefined;
  const flags = [...params].filter(([key, value]) => value === true && !standardFlags.has(key));
  return flags.map(([key]) => stateOf(key)).find((state) => state !== undefined);
}

function fwdOf(state: string | undefined): string | undefined {
  if (state === "bypass" || state === "uncacheable") return "bypass";
  if (state === "expired") return "stale";
  return state === "miss" ? "miss" : undefined;
}

export interface CacheStatusOptions {
  /** Names of the CDN's caches. Members with other names, such as an application's cache, do not count. */
  readonly caches?: RegExp | undefined;
  /** The edge's name, for vendors whose edge is not always the last member. */
  readonly edge?: RegExp | undefined;
}

/** The edge's own member decides. If the edge missed, a hit of a member behind it is a parent's hit. */
export function readCacheStatus(headers: HeaderLines, { caches, edge }: CacheStatusOptions = {}): Finding | undefined {
  const members = cacheMembers(linesOf(headers, HEADER)).filter(({ name }) => caches?.test(name) ?? true);
  const named = edge && members.findLast(({ name }) => edge.test(name));
  const front = named ?? members.at(-1);
  if (front === undefined) return undefined;
  const parent = members.findLast((member) => member !== front && member.hit);
  const verdict =
    servedByFront(front, layerOf(front, named !== undefined || edge === undefined)) ?? servedByParent(parent, front) ?? notServed(front);
  return verdict && { verdict, from: [HEADER], ttlS: (front.hit ? front : parent)?.ttlS ?? front.ttlS };
}

/** If the vendor names its edge and no member has that name, only parents wrote the header. A bare `HIT` names no cache. */
function layerOf({ name }: CacheMember, isEdge: boolean): Layer {
  if (!isEdge) return "parent";
  return stateOf(name) === undefined ? "edge" : "unknown";
}

function servedByFront(front: CacheMember, layer: Layer): Verdict | undefined {
  if (front.hit) return verdictOf(servedState(front), layer);
  if (front.fwd !== "stale") return undefined;
  if (front.fwdStatus === 304) return { state: "revalidated", layer, ...storedOf(front) };
  // The origin failed, but this is a good response: cache-status.ts turns a response with an error status into an error.
  return front.fwdStatus !== undefined && front.fwdStatus >= 500 ? verdictOf("stale", layer) : undefined;
}

function servedByParent(parent: CacheMember | undefined, front: CacheMember): Verdict | undefined {
  return parent && { state: servedState(parent), layer: "parent", ...(isBypass(front) ? { stored: false } : storedOf(front)) };
}

function notServed(front: CacheMember): Verdict | undefined {
  if (isBypass(front)) return verdictOf("bypass");
  if (front.fwd === undefined) return undefined;
  return { state: front.fwd === "stale" ? "expired" : "miss", ...storedOf(front) };
}

/** RFC 9211 calls a stale response a hit if the cache did not forward the request; only `ttl` shows that it was stale. */
function servedState({ ttlS, fwd }: CacheMember): "stale" | "hit" {
  return fwd === "stale" || (ttlS !== undefined && ttlS < 0) ? "stale" : "hit";
}

function isBypass({ fwd }: CacheMember): boolean {
  return fwd === "bypass" || fwd === "method" || fwd === "request";
}

function storedOf({ stored }: CacheMember): { stored?: boolean } {
  return stored === undefined ? {} : { stored };
}
