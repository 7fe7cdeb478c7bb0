/** Descriptors that decide whether and how a representation is used (ISO/IEC 23009-1, sections 5.8.4.8 and 5.8.4.9). */

import { attribute } from "../../documents/attributes.ts";
import { childrenOf, type XmlElement } from "./xml.ts";

/** Vocabularies whose essential properties say how media looks or sounds, or that it is trick play. Players read them. */
const known: readonly string[] = ["urn:mpeg:", "urn:dvb:dash:", "http://dashif.org/", "https://dashif.org/"];

/**
 * A client must ignore an element with an essential property that it does not know. Properties of one `@id` are equivalent,
 * so that knowing one of them is enough. Returns the scheme that is not known.
 */
export function unknownProperty(element: XmlElement): string | undefined {
  const groups = Map.groupBy(
    childrenOf(element, "EssentialProperty").map((property, index) => ({
      group: attribute(property, "id") ?? `#${index}`,
      scheme: (attribute(property, "schemeIdUri") ?? "").trim(),
    })),
    ({ group }) => group,
  );
  return [...groups.values()].find((each) => !each.some(({ scheme }) => known.some((prefix) => scheme.startsWith(prefix))))?.[0]?.scheme;
}

function schemesOf(element: XmlElement): string[] {
  return ["EssentialProperty", "SupplementalProperty"].flatMap((name) =>
    childrenOf(element, name).map((property) => (attribute(property, "schemeIdUri") ?? "").trim().toLowerCase()),
  );
}

/** A set of pictures for seeking (DASH-IF IOP 4.3, sections 3.2.9 and 6.2.6). */
export function isTrickMode(element: XmlElement): boolean {
  return schemesOf(element).some((scheme) => /^https?:\/\/dashif\.org\/guidelines\/trickmode$/.test(scheme));
}

export function isThumbnails(element: XmlElement): boolean {
  return schemesOf(element).some((scheme) => /^https?:\/\/dashif\.org\/(?:guidelines\/)?thumbnail_tile$/.test(scheme));
}

const LAST_NUMBER = "http://dashif.org/guidelines/last-segment-number";

/** The number of the last segment (DASH-IF IOP 4.3, section 4.4.3.6). */
export function lastSegmentNumber(element: XmlElement): string | undefined {
  const property = childrenOf(element, "SupplementalProperty").find((each) => attribute(each, "schemeIdUri") === LAST_NUMBER);
  return attribute(property, "value");
}
