/** Finds many needles in one pass over the bytes, by a hash of each needle's last six bytes (Rabin and Karp). */

import { endOf, type Layer, startOf } from "./byte-layers.ts";
import { folded, type Needle, SHORTEST_CORE } from "./needles.ts";

/** A stretch of the text, its end excluded. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface NeedleIndex {
  add(needles: readonly Needle[]): void;
  remove(needles: readonly Needle[]): void;
  readonly size: number;
  /** Where the layer holds needles, in any order. */
  find(layer: Layer): Range[];
}

/** Hashes share a place, and a place counts its needles. More places miss the processor's cache; fewer make more look-ups. */
const PLACES = 65_536;

export function createNeedleIndex(): NeedleIndex {
  const counts = new Uint16Array(PLACES);
  const byHash = new Map<number, Needle[]>();

  const lookUp = (layer: Layer, hash: number, index: number, ranges: Range[]): void => {
    for (const needle of byHash.get(hash) ?? []) {
      const first = matchBackwards(layer.bytes, index, needle.core);
      if (first >= 0) ranges.push(rangeOf(layer, first, index, needle));
    }
  };

  return {
    add: (needles) => {
      for (const needle of needles) {
        const hash = hashOf(needle.core);
        counts[placeOf(hash)] = (counts[placeOf(hash)] ?? 0) + 1;
        byHash.set(hash, [...(byHash.get(hash) ?? []), needle]);
      }
    },
    remove: (needles) => {
      for (const needle of needles) {
        const hash = hashOf(needle.core);
        const kept = (byHash.get(hash) ?? []).filter((other) => other !== needle);
        counts[placeOf(hash)] = Math.max(0, (counts[placeOf(hash)] ?? 0) - 1);
        if (kept.length > 0) byHash.set(hash, kept);
        else byHash.delete(hash);
      }
    },
    get size() {
      return byHash.size;
    },
    find: (layer) => {
      const { bytes } = layer;
      const ranges: Range[] = [];
      // The last six counting bytes: two in `high`, four in `low`.
      let high = 0;
      let low = 0;
      for (let index = 0; index < bytes.length; index += 1) {
        const byte = folded[bytes[index] ?? 0] ?? 0;
        if (byte === 0) continue;
        high = ((high << 8) | (low >>> 24)) & 0xffff;
        low = (low << 8) | byte;
        const hash = mixed(high, low);
        if (counts[placeOf(hash)] !== 0) lookUp(layer, hash, index, ranges);
      }
      return ranges;
    },
  };
}

function mixed(high: number, low: number): number {
  return Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
}

function placeOf(hash: number): number {
  return (hash ^ (hash >>> 16)) & (PLACES - 1);
}

function hashOf(core: Uint8Array): number {
  const tail = Buffer.from(core.subarray(-SHORTEST_CORE));
  return mixed(tail.readUInt16BE(0), tail.readInt32BE(2));
}

/** Index of the byte at which the core begins when it ends at `end`, or -1. */
function matchBackwards(bytes: Uint8Array, end: number, core: Uint8Array): number {
  let left = core.length;
  for (let index = end; index >= 0; index -= 1) {
    const byte = folded[bytes[index] ?? 0];
    if (byte === 0) continue;
    left -= 1;
    if (byte !== core[left]) return -1;
    if (left === 0) return index;
  }
  return -1;
}

function rangeOf(layer: Layer, first: number, last: number, { before, after, fringe }: Needle): Range {
  const begin = extended(layer, { from: first, step: -1, rest: before, fringe: fringe.before });
  const end = extended(layer, { from: last, step: 1, rest: after, fringe: fringe.after });
  return { start: startOf(layer, begin), end: endOf(layer, end) };
}

interface Extension {
  readonly from: number;
  readonly step: 1 | -1;
  readonly rest: Uint8Array;
  readonly fringe: number;
}

/**
 * Goes on from the core over the rest of the secret, and over escapes in its place, which have swallowed a part of it. It
 * stops at any other byte: a quotation mark behind half a secret must stay, or a line of JSON ends to be JSON.
 */
function extended(layer: Layer, { from, step, rest, fringe }: Extension): number {
  const { bytes } = layer;
  let reached = from;
  let taken = 0;
  for (let index = from + step; taken < rest.length + fringe && index >= 0 && index < bytes.length; index += step) {
    const byte = folded[bytes[index] ?? 0] ?? 0;
    if (byte === 0) continue;
    const belongs = taken < rest.length ? byte === rest[taken] || isEscape(layer, index) : isBase64(byte);
    if (!belongs) break;
    reached = index;
    taken += 1;
  }
  return reached;
}

function isBase64(byte: number): boolean {
  return /[a-z0-9+/]/.test(String.fromCharCode(byte));
}

function isEscape(layer: Layer, index: number): boolean {
  return endOf(layer, index) - startOf(layer, index) > 1;
}
