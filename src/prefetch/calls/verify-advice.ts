/** Sums up a verification: counts, the CDN of each host, and the next step in words. Pure. */

import { type Cdn, SHORT_LIVED, type Verification, type Warmth } from "../model/edge.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";

/** The CDN that serves a host. */
export interface HostCdn extends Cdn {
  readonly host: string;
  /** The provider that serves this CDN best is configured here. */
  readonly configured: boolean;
  /** Other products of its vendor that may serve the host, where none is configured. */
  readonly siblings: readonly string[];
}

/** Hosts whose better provider is named. More would bury the rest of the advice. */
const NAMED_HOSTS = 3;

export function countWarmth(rows: readonly Verification[]): Readonly<Record<Warmth, number>> {
  const counts: Record<Warmth, number> = { warm: 0, "warm-parent-only": 0, cold: 0, uncacheable: 0, unknown: 0 };
  for (const { state } of rows) counts[state] += 1;
  return counts;
}

const confidences: readonly Cdn["confidence"][] = ["likely", "certain"];

/** What is known of providers, without asking a vendor. */
export interface KnownProviders extends Pick<ProviderDirectory, "known" | "configured"> {
  /** The provider whose vendor lists the host, as far as a list is at hand. */
  readonly listing: (hostname: string) => string | undefined;
}

/** Per host the detection with the highest confidence: an error page tells less than a hit. */
export function cdnsOf(rows: readonly Verification[], providers: KnownProviders): HostCdn[] {
  const cdns = new Map<string, HostCdn>();
  const rank = (cdn: Cdn | undefined) => (cdn ? confidences.indexOf(cdn.confidence) : -1);
  for (const { url, cdn } of rows) {
    const host = URL.parse(url)?.hostname;
    if (host === undefined || !cdn || rank(cdn) <= rank(cdns.get(host))) continue;
    const provider = providers.listing(host) ?? servingProvider(cdn, providers.configured);
    const configured = providers.configured.includes(provider);
    cdns.set(host, { ...cdn, provider, host, configured, siblings: configured ? [] : siblingsOf(provider, providers.known) });
  }
  return [...cdns.values()];
}

/** Products of one vendor share its CDN, and only a configured one can serve the host. */
function servingProvider({ provider }: Cdn, configured: readonly string[]): string {
  if (configured.includes(provider)) return provider;
  return siblingsOf(provider, configured)[0] ?? provider;
}

/** The other products of its vendor. Ids begin with the vendor: `alibaba-cdn`. */
function siblingsOf(provider: string, ids: readonly string[]): string[] {
  const [vendor = ""] = provider.split("-");
  return ids.filter((id) => id !== provider && id.startsWith(`${vendor}-`));
}

export interface PageFacts {
  /** The URLs are those of a task, so they were sent before. */
  readonly isOfTask: boolean;
  /** Some URLs of the task are not settled yet. */
  readonly isUnderWay: boolean;
  /** URLs and assets of the task that were not sent, and so not checked. */
  readonly unsent: number;
  /** URLs and assets of the task that the vendor reported as failed. */
  readonly failed: number;
  /** Of these, those that failed in the same way in an earlier task. */
  readonly failedAgain: number;
  readonly hasMore: boolean;
}

export function verifyAdvice(rows: readonly Verification[], cdns: readonly HostCdn[], page: PageFacts): string {
  const { unsent, hasMore } = page;
  const counts = countWarmth(rows);
  const shortLived = rows.filter(({ obstacles }) => obstacles.some(({ code }) => code === SHORT_LIVED));
  const cold = counts.cold - shortLived.filter(({ state }) => state === "cold").length;
  const rules: readonly (readonly [boolean, string])[] = [
    [rows.length === 0, "No URLs are known for this, so nothing was asked."],
    [rows.length > 0 && counts.warm === rows.length, warmAdvice(unsent, hasMore)],
    [cold > 0, coldAdvice(cold, page)],
    [
      shortLived.length > 0,
      `${shortLived.length} may be kept for a few seconds only: do not warm them again, as they expire before viewers come. obstacles say what helps.`,
    ],
    [
      counts["warm-parent-only"] > 0,
      `${counts["warm-parent-only"]} held by a tier behind the edge: an edge fetches them from there at its first request. Provider "http" makes that request to the edge that serves this server.`,
    ],
    [counts.uncacheable > 0, `${counts.uncacheable} cannot be warm as they are served: change what obstacles say first.`],
    [counts.unknown > 0, `Of ${counts.unknown} URL(s) it cannot be told whether a cache holds them: the reasons say why.`],
    ...cdns
      .filter(({ configured }) => !configured)
      .slice(0, NAMED_HOSTS)
      .map((cdn): readonly [boolean, string] => [true, notConfigured(cdn)]),
    [hasMore, "The task has more URLs: call again with next_cursor."],
  ];
  return rules.flatMap(([applies, sentence]) => (applies ? [sentence] : [])).join(" ");
}

/** The edge does not tell which of a vendor's products a host is a domain of. */
function notConfigured({ host, name, provider, confidence, siblings }: HostCdn): string {
  const instead = siblings.length === 0 ? "" : ` (or ${siblings.join(" or ")}, if the host is a domain of that product)`;
  return `${host} is served by ${name} (${confidence}): provider ${provider}${instead} would serve it best, but is not configured.`;
}

function coldAdvice(cold: number, { isOfTask, isUnderWay, failed, failedAgain }: PageFacts): string {
  if (isUnderWay) {
    return `${cold} cold, but the task is under way: call get_prefetch_status with wait_seconds until its state is final, then verify again.`;
  }
  const force = isOfTask ? "force true and " : "";
  const again = `${cold} cold: read why. Where a prefetch can help, call prefetch_urls with ${force}just those, and verify again.`;
  return failed > 0 ? `${again} ${failedAdvice(failed, failedAgain)}` : again;
}

/** A vendor's failure may cost quota at each attempt, and the edge's answer does not explain it. */
function failedAdvice(failed: number, failedAgain: number): string {
  const limit = failedAgain > 0 ? `do not send the ${failedAgain} that failed before, too` : "send those once more at most";
  return `Leave out what the vendor reported as failed (${failed} in this task) until its cause is found, and ${limit}: a good answer of the edge says nothing about the vendor's prefetch API.`;
}

function warmAdvice(unsent: number, hasMore: boolean): string {
  if (hasMore) return "Every URL of this page is warm.";
  return unsent > 0 ? `Every URL that was sent is warm; ${unsent} of the task were not sent, and not checked.` : "Every URL is warm.";
}
