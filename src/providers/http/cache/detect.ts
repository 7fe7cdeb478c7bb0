/** Which CDN a response or a name belongs to, and which of our providers serves it best. */

import QuickLRU from "quick-lru";
import { suffixes } from "./cnames.ts";
import { firstOf, type HeaderLines, itemsOf, linesOf } from "./headers.ts";
import type { Mark, Vendor, VendorId } from "./vendor.ts";
import { vendors } from "./vendors.ts";

/** `likely`: marks of several vendors, of which one stands in front. `guess`: only marks that others use as well. */
export type Confidence = "certain" | "likely" | "guess";
export type ServingProvider = "huawei-vod" | "alibaba-vod" | "http";

export interface Detection {
  readonly vendor: VendorId;
  readonly confidence: Confidence;
  /** The provider to try first. The two VOD ones take media of their own published assets only; `http` takes any URL. */
  readonly provider: ServingProvider;
}

export function providerFor(vendor: VendorId): ServingProvider {
  if (vendor === "huawei") return "huawei-vod";
  return vendor === "alibaba" ? "alibaba-vod" : "http";
}

const detection = (vendor: VendorId, confidence: Confidence): Detection => ({ vendor, confidence, provider: providerFor(vendor) });

/** Answers of one host mostly look alike, and there are very many of them in a long list. */
const known = new QuickLRU<string, Detection | "none">({ maxSize: 500 });
/** Longer values are not worth remembering. */
const LONGEST_KEY = 2_000;

/** Finds the outermost CDN by a response's headers. */
export function detectByHeaders(headers: HeaderLines): Detection | undefined {
  const key = keyOf(headers);
  const before = known.get(key);
  if (before !== undefined) return before === "none" ? undefined : before;
  const found = findByHeaders(headers);
  if (key.length <= LONGEST_KEY) known.set(key, found ?? "none");
  return found;
}

/** All that the marks look at: the names, and the values of those headers whose values count. */
function keyOf(headers: HeaderLines): string {
  let key = "";
  for (const [name, lines] of headers) key += valued.has(name) ? `${name}:${lines.join("\n")}\n` : `${name}\n`;
  return key;
}

function findByHeaders(headers: HeaderLines): Detection | undefined {
  const left = marksLeft(headers);
  const ofVendors = (some: readonly Left[]) => vendors.filter((vendor) => some.some((each) => each.vendor === vendor));
  const strong = ofVendors(left.filter(({ mark }) => !mark.weak));
  const weak = ofVendors(left);
  const candidates = withoutResold(strong.length > 0 ? strong : weak);
  const [first, ...others] = candidates;
  if (first === undefined) return undefined;
  if (strong.length === 0) return detection(first.id, "guess");
  return others.length > 0 ? detection(outermost(headers, candidates, first).id, "likely") : detection(first.id, "certain");
}

interface Left {
  readonly vendor: Vendor;
  readonly mark: Mark;
}

const all: readonly Left[] = vendors.flatMap((vendor) => vendor.marks.map((mark) => ({ vendor, mark })));
const byHeader = Map.groupBy(all, ({ mark }) => ("header" in mark ? mark.header : ""));
const valued = new Set(all.flatMap(({ mark }) => ("header" in mark && mark.value !== undefined ? [mark.header] : [])));
const byPrefix = all.filter(({ mark }) => "prefix" in mark);

/** Asked for every answer of a long list, so it looks at the headers that there are and not at all that there might be. */
function marksLeft(headers: HeaderLines): Left[] {
  const found: Left[] = [];
  for (const name of headers.keys()) {
    for (const each of byHeader.get(name) ?? []) if (isLeft(headers, each.mark)) found.push(each);
    for (const each of byPrefix) if ("prefix" in each.mark && name.startsWith(each.mark.prefix)) found.push(each);
  }
  return found;
}

function isLeft(headers: HeaderLines, mark: Mark): boolean {
  if (!("header" in mark) || mark.value === undefined) return "header" in mark;
  const { header, value } = mark;
  const texts = header === "via" ? itemsOf(headers, header) : linesOf(headers, header);
  return texts.some((text) => value.test(text));
}

function withoutResold(candidates: readonly Vendor[]): Vendor[] {
  const resold = new Set(candidates.flatMap(({ resells }) => resells ?? []));
  return candidates.filter(({ id }) => !resold.has(id));
}

/**
 * Where one CDN stands before another, both leave marks. Whoever writes `Server` anew on every answer wins, then the last
 * entry of `Via`, which RFC 9110 has every proxy append; then the table's order.
 */
function outermost(headers: HeaderLines, candidates: readonly Vendor[], first: Vendor): Vendor {
  const named = (header: string, text: string | undefined) =>
    candidates.find(({ marks }) =>
      marks.some((mark) => "header" in mark && mark.header === header && text !== undefined && (mark.value?.test(text) ?? false)),
    );
  const byServer = named("server", firstOf(headers, "server"));
  const byVia = named("via", itemsOf(headers, "via").at(-1));
  return (byServer?.id === "cloudflare" ? byServer : undefined) ?? byVia ?? byServer ?? first;
}

/**
 * Finds the CDN by the names that a host's CNAME chain leads through, in the order of the chain. With several, the last
 * one answers: those before only steer.
 */
export function detectByCname(chain: readonly string[]): Detection | undefined {
  const vendor = chain
    .slice(0, 32)
    .map(vendorOfName)
    .findLast((found) => found !== undefined);
  return vendor && detection(vendor, "certain");
}

const patterns = Object.entries(suffixes).map(([suffix, vendor]) => ({
  vendor,
  pattern: new RegExp(`(?:^|\\.)${suffix.replaceAll(".", "\\.").replaceAll("*", "[0-9a-z]{0,20}")}$`),
}));

function vendorOfName(name: string): VendorId | undefined {
  const plain = name.slice(0, 260).toLowerCase().replace(/\.$/, "");
  return patterns.find(({ pattern }) => pattern.test(plain))?.vendor;
}
