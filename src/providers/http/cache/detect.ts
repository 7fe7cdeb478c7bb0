/** Recognises the CDN behind a response or a host name, and names the provider that serves it best. */

import QuickLRU from "quick-lru";
import { firstOf, type HeaderLines, itemsOf, linesOf } from "./headers.ts";
import type { HeaderMark, PrefixMark, ServingProvider, Vendor } from "./vendor.ts";
import { type VendorId, vendors } from "./vendors.ts";

/** `likely`: marks of several vendors, one in front of another. */
type Confidence = "certain" | "likely";

export interface Detection {
  readonly vendor: VendorId;
  readonly confidence: Confidence;
  /** The provider to try first. */
  readonly provider: ServingProvider;
}

export interface HeaderDetection extends Detection {
  /** The networks that the vendor sells and that carry the response, by their marks. They stand in front of the vendor's own caches. */
  readonly networks: readonly VendorId[];
  /** Vendors whose caches the response passed. Set when no header tells which of them is the outermost. */
  readonly rivals: readonly VendorId[];
}

type KnownVendor = Vendor<VendorId>;

/** Most responses of one host have the same marks. A larger cache costs memory; a smaller one costs time on lists of many hosts. */
const detections = new QuickLRU<string, HeaderDetection | "none">({ maxSize: 500 });
/** Longer keys are not kept, so that hostile headers cannot fill the memory. */
const MAX_KEY_CHARS = 2_000;

/** Finds the outermost CDN of a response. Headers that any server may send, such as `Via: 1.1 varnish`, name none. */
export function detectByHeaders(headers: HeaderLines): HeaderDetection | undefined {
  const key = keyOf(headers);
  const known = detections.get(key);
  if (known !== undefined) return known === "none" ? undefined : known;
  const found = findByHeaders(headers);
  if (key.length <= MAX_KEY_CHARS) detections.set(key, found ?? "none");
  return found;
}

/** Everything that marks look at: all header names, and the values of the headers whose value matters. */
function keyOf(headers: HeaderLines): string {
  let key = "";
  for (const [name, lines] of headers) key += namesWithValue.has(name) ? `${name}:${lines.join("\n")}\n` : `${name}\n`;
  return key;
}

interface VendorMark<Kind> {
  readonly vendor: KnownVendor;
  readonly mark: Kind;
}

const headerMarks: readonly VendorMark<HeaderMark>[] = vendors.flatMap((vendor) =>
  vendor.marks.flatMap((mark) => ("header" in mark ? [{ vendor, mark }] : [])),
);
const prefixMarks: readonly VendorMark<PrefixMark>[] = vendors.flatMap((vendor) =>
  vendor.marks.flatMap((mark) => ("prefix" in mark ? [{ vendor, mark }] : [])),
);
const headerMarksByName = Map.groupBy(headerMarks, ({ mark }) => mark.header);
const namesWithValue = new Set(headerMarks.filter(({ mark }) => mark.value !== undefined).map(({ mark }) => mark.header));

function findByHeaders(headers: HeaderLines): HeaderDetection | undefined {
  const marked = vendorsOf(marksIn(headers));
  const candidates = marked.filter(({ id }) => !marked.some(({ resells, covers }) => [...(resells ?? []), ...(covers ?? [])].includes(id)));
  const [first] = candidates;
  if (first === undefined) return undefined;
  const front = outermost(headers, candidates);
  const { id, provider = "http", resells = [] } = front ?? first;
  return {
    vendor: id,
    confidence: candidates.length > 1 ? "likely" : "certain",
    provider,
    networks: marked.flatMap((each) => (resells.includes(each.id) ? [each.id] : [])),
    rivals: front || candidates.length === 1 ? [] : candidates.map((each) => each.id),
  };
}

/** Runs for each response of a long list, so it visits the response's headers instead of all marks. */
function marksIn(headers: HeaderLines): VendorMark<HeaderMark | PrefixMark>[] {
  return [...headers.keys()].flatMap((name) => [
    ...(headerMarksByName.get(name) ?? []).filter(({ mark }) => matches(headers, mark)),
    ...prefixMarks.filter(({ mark }) => name.startsWith(mark.prefix)),
  ]);
}

function matches(headers: HeaderLines, { header, value }: HeaderMark): boolean {
  if (value === undefined) return true;
  const texts = header === "via" ? itemsOf(headers, header) : linesOf(headers, header);
  return texts.some((text) => value.test(text));
}

/** The vendors of these marks in the order of the list. */
function vendorsOf(marks: readonly VendorMark<unknown>[]): KnownVendor[] {
  return vendors.filter((vendor) => marks.some((found) => found.vendor === vendor));
}

/**
 * When one CDN stands in front of another, the response carries marks of both. A vendor that overwrites `Server` on every
 * response wins, then the last entry of `Via`, which RFC 9110 makes every proxy append, then `Server`.
 */
function outermost(headers: HeaderLines, candidates: readonly KnownVendor[]): KnownVendor | undefined {
  const vendorBy = (header: string, text = "") =>
    candidates.find(({ marks }) => marks.some((mark) => "header" in mark && mark.header === header && mark.value?.test(text)));
  const byServer = vendorBy("server", firstOf(headers, "server"));
  const byVia = vendorBy("via", itemsOf(headers, "via").at(-1));
  return byServer?.overwritesServer ? byServer : (byVia ?? byServer);
}

/** Longest part of a CNAME chain, and of a name in it, that is looked at. DNS allows 255 characters a name. */
const MAX_CHAIN_NAMES = 32;
const MAX_NAME_CHARS = 260;

/** Finds the CDN in a host's CNAME chain. Of several vendors, the last one answers; the vendors before it only steer. */
export function detectByCname(chain: readonly string[]): Detection | undefined {
  const vendor = chain
    .slice(0, MAX_CHAIN_NAMES)
    .map(vendorOfName)
    .findLast((found) => found !== undefined);
  return vendor && { vendor: vendor.id, confidence: "certain", provider: vendor.provider ?? "http" };
}

const cnamePatterns = vendors.flatMap((vendor) =>
  (vendor.cnames ?? []).map((suffix) => ({
    vendor,
    pattern: new RegExp(`(?:^|\\.)${suffix.replaceAll(".", "\\.").replaceAll("*", "[0-9a-z]{0,20}")}$`),
  })),
);

function vendorOfName(name: string): KnownVendor | undefined {
  const plain = name.slice(0, MAX_NAME_CHARS).toLowerCase().replace(/\.$/, "");
  return cnamePatterns.find(({ pattern }) => pattern.test(plain))?.vendor;
}
