/** Puts remote elements in their places (ISO/IEC 23009-1, section 5.5). */

import { PrefetchError } from "../../base/errors.ts";
import { attribute } from "../../documents/attributes.ts";
import { resolveUri } from "../../documents/resolve.ts";
import type { RemoteElements } from "../remote.ts";
import type { SkippedUris } from "../skipped-uris.ts";
import { readXml, type XmlBudget, type XmlElement } from "./xml.ts";

/** An element with this address stands for nothing (section 5.5.3). */
const NOTHING = "urn:mpeg:dash:resolve-to-zero:2013";
/** A remote element may refer to remote elements, in a circle at worst. Real ones do not nest. */
const DEEPEST = 3;
const remote: ReadonlySet<string> = new Set(["Period", "AdaptationSet", "SegmentList"]);

type Content = { readonly elements: readonly XmlElement[] } | { readonly problem: string } | undefined;

/** Changes the tree. Returns the addresses of the elements whose texts are not known yet. */
export function insertRemote(
  root: XmlElement,
  manifestUrl: URL | null,
  texts: RemoteElements,
  budget: XmlBudget,
  skipped: SkippedUris,
): string[] {
  const wanted = new Set<string>();

  /** The elements at an address; `undefined` when it is still to be fetched. */
  const contentOf = (href: string, name: string, depth: number): Content => {
    if (depth >= DEEPEST) return { problem: `is nested deeper than ${DEEPEST} remote elements` };
    const resolved = resolveUri(href, manifestUrl);
    if (!resolved.ok) return { problem: resolved.reason };
    const found = texts.get(resolved.url);
    if (found === undefined) wanted.add(resolved.url);
    if (found === undefined || "problem" in found) return found;
    return elementsIn(found.text, name, budget);
  };

  const replacementsOf = (element: XmlElement, depth: number): XmlElement[] => {
    const href = remote.has(element.name) ? attribute(element, "xlink:href")?.trim() : undefined;
    if (href === undefined) return [insertInto(element, depth)];
    if (href === NOTHING) return [];
    const content = contentOf(href, element.name, depth);
    if (content !== undefined && "elements" in content) return content.elements.flatMap((each) => replacementsOf(each, depth + 1));
    if (content !== undefined) skipped.add(href, `${content.problem} (remote ${element.name}, xlink)`);
    return ownContent(element, depth);
  };

  /** The content of the element itself stands in for a remote one that cannot be read (section 5.5.3). */
  const ownContent = (element: XmlElement, depth: number): XmlElement[] => (isEmpty(element) ? [] : [insertInto(element, depth)]);

  const insertInto = (element: XmlElement, depth: number): XmlElement => {
    if (element.children.length > 0) element.children = element.children.flatMap((child) => replacementsOf(child, depth));
    return element;
  };

  insertInto(root, 0);
  return [...wanted];
}

/** A text that is no XML, such as an error page, costs its own element. A text beyond a bound costs the manifest. */
function elementsIn(text: string, name: string, budget: XmlBudget): Exclude<Content, undefined> {
  try {
    const elements = readXml(text, budget, true).flatMap(({ children }) => childrenNamed(children, name));
    return elements.length > 0 ? { elements } : { problem: `holds no ${name}` };
  } catch (error) {
    if (error instanceof PrefetchError && error.code === "invalid_argument") return { problem: `cannot be read: ${error.message}` };
    throw error;
  }
}

function childrenNamed(children: readonly XmlElement[], name: string): XmlElement[] {
  return children.filter((child) => child.name === name);
}

function isEmpty({ children, segmentUrls }: XmlElement): boolean {
  return children.length === 0 && segmentUrls.length === 0;
}
