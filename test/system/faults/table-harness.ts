/** Renders the fault tables of docs/faults.md from the observed outcomes: one line per fault and provider. */

import type { FaultRow } from "./row-harness.ts";
import type { Observed, ObservedItem } from "./run-harness.ts";
import { vendors } from "./vendors-harness.ts";

interface Line {
  readonly section: string;
  readonly fault: string;
  readonly codes: readonly string[] | undefined;
  readonly provider: string;
  /** The columns with the observed outcome. */
  readonly outcome: readonly [urls: string, again: string, quota: string];
}

const head = ["| fault | provider | outcome of the URLs | sent again | quota |", "|---|---|---|---|---|"];

export function renderTable(outcomes: ReadonlyMap<FaultRow, Observed>): string {
  const lines = [...outcomes].map(([row, observed]) => lineOf(row, observed));
  const sections = Map.groupBy(lines, ({ section }) => section);
  return [...sections].map(([section, own]) => [`## ${section}`, "", ...head, ...merged(own).map(written)].join("\n")).join("\n\n");
}

function lineOf(row: FaultRow, observed: Observed): Line {
  const { section, fault, codes, provider, why } = row;
  const quota = quotaOf(observed);
  return {
    section,
    fault: why === undefined ? fault : `${fault}. ${why}`,
    codes,
    provider: vendors[provider].title,
    outcome: [urlsOf(row, observed), againOf(row, observed), quota],
  };
}

/** Codes with the same outcome share a line, and so do providers. */
function merged(lines: readonly Line[]): Line[] {
  const alike = ({ fault, codes, provider, outcome }: Line) => JSON.stringify([fault, codes === undefined ? "" : provider, outcome]);
  return [...Map.groupBy(lines, alike).values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    if (first.codes === undefined) return [{ ...first, provider: named(group.map(({ provider }) => provider)) }];
    const codes = group
      .flatMap((line) => line.codes ?? [])
      .map((code) => `\`${code}\``)
      .join(", ");
    return [{ ...first, fault: first.fault.endsWith(", once") ? `once: ${codes}` : codes }];
  });
}

/** "both" for the two that meet every fault. */
function named(titles: readonly string[]): string {
  const both = [vendors["huawei-vod"].title, vendors["alibaba-vod"].title];
  return titles.length === both.length && both.every((title) => titles.includes(title)) ? "both" : titles.join(", ");
}

function written({ fault, provider, outcome }: Line): string {
  return `| ${[fault, provider, ...outcome].join(" | ")} |`;
}

function phrase(fate: string, one = false): string {
  const code = /^rejected: (.+)$/.exec(fate)?.[1];
  if (code !== undefined) return `${one ? "is" : "are"} rejected (\`${code}\`)`;
  if (fate === "succeeded") return one ? "succeeds" : "succeed";
  return `${one ? "stays" : "stay"} \`${fate}\``;
}

function urlsOf({ left }: FaultRow, { url, mates, others }: Observed): string {
  const fates = fatesOf([url, ...mates, ...others]);
  const [only = "", other] = fates;
  if (other === undefined) return `all ${phrase(only)}`;
  if (left !== undefined) {
    const turnedDown = fates.filter((fate) => fate.startsWith("rejected"));
    const rest = fates.filter((fate) => !turnedDown.includes(fate));
    return `the first requests' URLs ${rest.map((fate) => phrase(fate)).join(", ")}, the rest ${turnedDown.map((fate) => phrase(fate)).join(", ")}`;
  }
  const alone = mates.some((mate) => mate.fate !== url.fate);
  const own = alone ? `that URL ${phrase(url.fate, true)}` : `that request's URLs ${phrase(url.fate)}`;
  const elsewhere = fatesOf(alone ? [...mates, ...others] : others).map((fate) => phrase(fate));
  return `${own}, all other URLs ${elsewhere.join(" or ")}`;
}

export function fatesOf(items: readonly ObservedItem[]): string[] {
  return [...new Set(items.map(({ fate }) => fate))].sort();
}

const times = ["never sent", "no", "once", "twice"];

function againOf({ expected }: FaultRow, { url, mates, tries }: Observed): string {
  if (mates.some((mate) => mate.fate !== url.fate)) return "in smaller requests";
  const [, most = tries] = typeof expected.tries === "number" ? [] : expected.tries;
  if (typeof expected.tries === "number" || most <= 1) return times[Math.max(tries, most)] ?? `${tries - 1} times`;
  if (url.fate !== "succeeded") return `up to ${most - 1} times`;
  return most <= 3 ? "after a refusal" : "until it succeeds";
}

function quotaOf({ accepted, vendorBooks, ledger }: Observed): string {
  const sum = (books: ReadonlyMap<string, number>) => [...books.values()].reduce((total, units) => total + units, 0);
  const difference = sum(ledger) - sum(vendorBooks);
  if (difference > 0) return "counted, because it may be spent";
  if (difference < 0) return `spent ${accepted === 2 ? "twice" : `${accepted} times`}, counted once`;
  if (accepted === 0) return "not spent";
  return vendorBooks.size > 1 ? "spent once, on the day of sending" : "spent once";
}
