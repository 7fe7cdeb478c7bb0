/** Reads the elements of an MPD that say something about media. Each bound fires while the text is read. */

import type { WithAttributes } from "../../documents/attributes.ts";
import { LONGEST_URL } from "../../documents/resolve.ts";
import { createXmlParser, longerText } from "../../documents/xml.ts";
import { slicesOf } from "./markup.ts";
import { createNamespaces } from "./namespaces.ts";
import { malformed, tooMany } from "./problem.ts";
import { type SegmentUrl, segmentUrlOf, type TimelineEntry, timelineEntryOf } from "./rows.ts";

export interface XmlElement extends WithAttributes {
  /** Without its prefix. */
  readonly name: string;
  children: XmlElement[];
  /** `S` and `SegmentURL` elements. There may be many thousands. */
  readonly entries: TimelineEntry[];
  readonly segmentUrls: SegmentUrl[];
  text: string;
}

/** Counts over a manifest and its remote elements together. */
export interface XmlBudget {
  elements: number;
  kept: number;
}

/** An MPD nests about eight elements, plus those inside events. A larger value only helps hostile manifests. */
const DEEPEST = 64;
/** Eight renditions of a day in segments of four seconds make 172,800 `S`. A larger value lets a hostile manifest take seconds. */
const MOST_ELEMENTS = 300_000;
/** Other than `S` and `SegmentURL`. 9,000 representations have about 40,000. A larger value lets a manifest fill the memory. */
const MOST_KEPT = 60_000;

export function createXmlBudget(): XmlBudget {
  return { elements: 0, kept: 0 };
}

/** The root elements: one in a manifest, any number in a remote element entity (ISO/IEC 23009-1, section 5.5.3). */
export function readXml(text: string, budget: XmlBudget, isFragment = false): readonly XmlElement[] {
  const root = createElement("", []);
  const place = { at: 0, begun: 0 };
  const fail: Fail = (what) => {
    throw malformed(what, place.at + parser.position - place.begun);
  };
  const tree = createTree(root, budget);
  const parser = createXmlParser({ ...tree, open: (name, attributes) => tree.open(name, attributes, fail), fail });
  if (isFragment) parser.write("<fragment>");
  for (const slice of slicesOf(text)) {
    Object.assign(place, { at: slice.at, begun: parser.position });
    parser.write(slice.text);
  }
  Object.assign(place, { at: text.length, begun: parser.position });
  if (isFragment) parser.write("</fragment>");
  parser.close();
  return root.children;
}

type Fail = (what: string) => never;

/** The elements that the reader uses. It leaves out every other element with everything in it. */
const used: ReadonlySet<string> = new Set(
  [
    "fragment MPD Period AdaptationSet Representation BaseURL Location ContentSteering EssentialProperty SupplementalProperty",
    "UrlQueryInfo ExtUrlQueryInfo SegmentBase SegmentTemplate SegmentList Initialization RepresentationIndex BitstreamSwitching",
    "SegmentTimeline S Pattern P SegmentURL ImportedMPD ContentComponent InitializationSet",
  ].flatMap((names) => names.split(" ")),
);
const withText: ReadonlySet<string> = new Set(["BaseURL", "Location", "ContentSteering", "ImportedMPD"]);

function createTree(root: XmlElement, budget: XmlBudget) {
  const open: XmlElement[] = [root];
  const namespaces = createNamespaces();
  let depth = 0;
  /** Depth of the outermost element that is left out. */
  let leftOut = Number.POSITIVE_INFINITY;
  const count = (fail: Fail): void => {
    depth += 1;
    budget.elements += 1;
    if (budget.elements > MOST_ELEMENTS) throw tooMany(MOST_ELEMENTS, "XML elements");
    if (depth > DEEPEST) fail(`nests deeper than ${DEEPEST} elements`);
  };
  return {
    open: (qualified: string, attributes: readonly string[], fail: Fail): void => {
      count(fail);
      if (depth >= leftOut) return;
      if (!namespaces.open(depth, attributes)) fail("declares too many namespaces");
      // The root element decides the vocabulary, whatever its namespace is called.
      const isOwn = namespaces.isMpd(qualified) || depth === 1;
      const name = localName(qualified);
      if (depth === 1 || (isOwn && used.has(name)))
        open.push(addElement(open.at(-1) ?? root, name, namespaces.attributesOf(attributes), budget));
      else leftOut = depth;
    },
    close: (): void => {
      if (depth < leftOut) open.pop();
      else if (depth === leftOut) leftOut = Number.POSITIVE_INFINITY;
      namespaces.close(depth);
      depth -= 1;
    },
    text: (text: string): void => {
      const element = open.at(-1);
      if (depth < leftOut && element !== undefined && withText.has(element.name))
        element.text = longerText(element.text, text, LONGEST_URL);
    },
  };
}

function addElement(parent: XmlElement, name: string, attributes: readonly string[], budget: XmlBudget): XmlElement {
  const element = createElement(name, attributes);
  if (name === "S") parent.entries.push(timelineEntryOf(element, parent.entries.at(-1)));
  else if (name === "SegmentURL") parent.segmentUrls.push(segmentUrlOf(element));
  else {
    budget.kept += 1;
    if (budget.kept > MOST_KEPT) throw tooMany(MOST_KEPT, "periods, representations and their properties");
    parent.children.push(element);
  }
  return element;
}

function createElement(name: string, attributes: readonly string[]): XmlElement {
  return { name, attributes, children: [], entries: [], segmentUrls: [], text: "" };
}

function localName(qualified: string): string {
  return qualified.slice(qualified.indexOf(":") + 1);
}

/** Elements with many children, by name: each of thousands of representations looks through its set. */
const indexes = new WeakMap<readonly XmlElement[], Map<string, XmlElement[]>>();
/** Looking through fewer children is faster than an index. */
const FEW_CHILDREN = 8;

export function childrenOf({ children }: XmlElement, name: string): readonly XmlElement[] {
  if (children.length <= FEW_CHILDREN) return children.filter((child) => child.name === name);
  const index = indexes.get(children) ?? Map.groupBy(children, (child) => child.name);
  indexes.set(children, index);
  return index.get(name) ?? [];
}

export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element && childrenOf(element, name)[0];
}
