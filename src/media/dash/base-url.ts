/** Base URLs, resolved level by level (ISO/IEC 23009-1, section 5.6). */

import { resolveUri } from "../resolve.ts";
import type { SkippedUris } from "../skipped-uris.ts";
import { attribute } from "./attributes.ts";
import { parseSeconds } from "./instant.ts";
import { childOf, childrenOf, type XmlElement } from "./xml.ts";

export interface Base {
  readonly url: URL | null;
  /** Seconds by which segments are on their server before they are complete; "INF" is the whole time. */
  readonly availabilityTimeOffset: Offset;
  /** Service locations with which players begin, the first one first (`ContentSteering@defaultServiceLocation`). */
  readonly preferred: readonly string[];
  /** False while the base is the manifest itself. */
  readonly isNamed: boolean;
}

export type Offset = bigint | "INF";

/** The base of the manifest itself. */
export function firstBase(mpd: XmlElement, url: URL | null): Base {
  const preferred = attribute(childOf(mpd, "ContentSteering"), "defaultServiceLocation")?.trim().split(/\s+/, MOST_LOCATIONS) ?? [];
  return { url, availabilityTimeOffset: 0n, preferred, isNamed: false };
}

/** A service has two or three CDNs. A larger value only costs time. */
const MOST_LOCATIONS = 10;

/**
 * Players begin with the default service location (annex K.3), else with the first base URL of a level, in DVB with the one of
 * the lowest priority (ETSI TS 103 285, section 10.8.2.1). Further base URLs are other servers of the same files, so the reader only names them.
 */
export function lowerBase(base: Base, level: XmlElement, skipped: SkippedUris): Base {
  const candidates = childrenOf(level, "BaseURL").toSorted(
    (a, b) => locationOf(a, base) - locationOf(b, base) || priorityOf(a) - priorityOf(b),
  );
  const [chosen, ...others] = candidates;
  if (chosen === undefined) return base;
  for (const { text } of others) {
    skipped.add(
      URL.parse(text.trim(), base.url?.href)?.href ?? text.trim(),
      "is another address of the same files (BaseURL); only the one that players try first is used",
    );
  }
  const resolved = resolveUri(chosen.text.trim(), base.url);
  if (!resolved.ok) skipped.add(chosen.text.trim(), `${resolved.reason}, so its part of the manifest leads to no file (BaseURL)`);
  const offset = offsetOf(attribute(chosen, "availabilityTimeOffset"));
  return {
    url: resolved.ok ? URL.parse(resolved.url) : null,
    availabilityTimeOffset: addOffsets(base.availabilityTimeOffset, offset),
    preferred: base.preferred,
    isNamed: true,
  };
}

function locationOf(element: XmlElement, { preferred }: Base): number {
  const place = preferred.indexOf(attribute(element, "serviceLocation")?.trim() ?? "");
  return place < 0 ? preferred.length : place;
}

function priorityOf(element: XmlElement): number {
  return Number(attribute(element, "dvb:priority") ?? 1);
}

/** `@availabilityTimeOffset` (section 5.3.9.2.2) may be "INF". */
export function offsetOf(text: string | undefined): Offset {
  if (text === undefined) return 0n;
  return text.trim() === "INF" ? "INF" : (parseSeconds(text) ?? 0n);
}

/** The offsets of all levels add up (table 12). */
export function addOffsets(a: Offset, b: Offset): Offset {
  return a === "INF" || b === "INF" ? "INF" : a + b;
}
