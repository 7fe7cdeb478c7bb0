/** Base URLs, resolved level by level (ISO/IEC 23009-1, section 5.6). */

import { attribute } from "../../documents/attributes.ts";
import { resolveUri } from "../../documents/resolve.ts";
import type { SkippedUris } from "../skipped-uris.ts";
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
 * The base URLs of one level are addresses of the same files (section 5.6.1). Players begin at the default service location
 * (annex K.3), else with the first one, in DVB with the one of the lowest priority (ETSI TS 103 285, section 10.8.2.1), and go on
 * with the next when it fails. The reader therefore uses the first one that leads to a URL, and names the rest.
 */
export function lowerBase(base: Base, level: XmlElement, skipped: SkippedUris): Base {
  const candidates = childrenOf(level, "BaseURL")
    .toSorted((a, b) => locationOf(a, base) - locationOf(b, base) || priorityOf(a) - priorityOf(b))
    .map((element) => ({ element, uri: element.text.trim(), resolved: resolveUri(element.text.trim(), base.url) }));
  const chosen = candidates.find(({ resolved }) => resolved.ok) ?? candidates[0];
  if (chosen === undefined) return base;
  for (const each of candidates) {
    const { uri, resolved } = each;
    if (!resolved.ok)
      skipped.add(uri, `${resolved.reason} (BaseURL)${each === chosen ? ", so its part of the manifest leads to no file" : ""}`);
    else if (each !== chosen)
      skipped.add(resolved.url, "is another address of the same files (BaseURL); only the one that players try first is used");
  }
  const offset = offsetOf(attribute(chosen.element, "availabilityTimeOffset"));
  return {
    url: chosen.resolved.ok ? URL.parse(chosen.resolved.url) : null,
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
