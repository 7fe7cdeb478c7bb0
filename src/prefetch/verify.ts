/** Proving it: asks the CDN's edge about a task's URLs, or any others, and adds up what it found. */

import { PrefetchError } from "../errors.ts";
import type { CallContext, Deps } from "./deps.ts";
import { edgeOf } from "./directory.ts";
import type { Cdn, Edge, Verification, Warmth } from "./edge.ts";
import { findTask } from "./find-task.ts";
import { readCursor, writeCursor } from "./item-cursor.ts";
import type { Item, ItemState } from "./task.ts";
import { readUrl } from "./url.ts";

/** URLs that one call looks at. */
export const MOST_VERIFIED = 50;
/** After that long no further URL is begun; those under way take seconds more. */
const BEGIN_MS = 40_000;
const AT_ONCE = 16;
const LONGEST_URL = 8_192;

export type VerifyRequest =
  | { readonly taskId: string; readonly cursor?: string | undefined }
  | { readonly urls: readonly unknown[]; readonly cursor?: undefined };

/** What serves a host. */
export interface HostCdn extends Cdn {
  readonly host: string;
  /** Whether the provider that serves it best can be used here. */
  readonly configured: boolean;
}

export interface VerifyView {
  readonly rows: readonly Verification[];
  /** Of the rows. */
  readonly counts: Readonly<Record<Warmth, number>>;
  readonly cdns: readonly HostCdn[];
  readonly nextCursor?: string;
  readonly nextStep: string;
}

/** States of items that reached somebody, so that there is something to look for. */
const sent: readonly ItemState[] = ["processing", "succeeded", "failed", "untracked", "unknown"];

interface Page {
  readonly urls: readonly string[];
  /** Cursor of the URLs after the first `count` of this page; `undefined` when there are none. */
  cursorAfter(count: number): string | undefined;
}

type VerifyDeps = Pick<Deps, "storage" | "clock" | "directory" | "guards" | "lookups">;

export function createVerify(deps: VerifyDeps): (request: VerifyRequest, call: CallContext) => Promise<VerifyView> {
  const { clock, directory, guards } = deps;
  return async (request, call) => {
    const edge = await edgeOf(directory);
    const page = "urls" in request ? listed(request.urls) : await pageOf(deps, request, call);
    const begun = clock.now();
    const found: Verification[][] = [];
    let asked = 0;
    const open = page.urls.entries();
    const lane = async (): Promise<void> => {
      while (clock.now() - begun < BEGIN_MS) {
        const { value, done } = open.next();
        if (done) return;
        const [index, url] = value;
        found[index] = await verifyOne(edge, url, guards.allowedDomains, call.signal);
        asked += 1;
        call.onProgress?.(asked, page.urls.length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const rows = found.flat();
    const nextCursor = page.cursorAfter(asked);
    const cdns = cdnsOf(rows, directory.configured);
    return {
      rows,
      counts: countsOf(rows),
      cdns,
      ...(nextCursor !== undefined && { nextCursor }),
      nextStep: advice(rows, cdns, nextCursor),
    };
  };
}

async function verifyOne(
  edge: Edge,
  url: string,
  allowedDomains: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Verification[]> {
  const reading = readUrl(url, { maxLength: LONGEST_URL, allowedDomains });
  if (reading.ok) return edge.verify(reading.url, signal);
  return [{ url: url.slice(0, 200), state: "unknown", reason: `Not asked: the URL ${reading.reason}.`, obstacles: [], evidence: [] }];
}

function listed(urls: readonly unknown[]): Page {
  if (urls.length === 0) throw new PrefetchError("invalid_argument", "urls: the list is empty", { hint: "Pass URLs, or a task_id." });
  if (urls.length > MOST_VERIFIED) {
    throw new PrefetchError("invalid_argument", `urls: ${urls.length} entries; one call looks at ${MOST_VERIFIED} at most`, {
      hint: "Nothing was asked. Pass a part of the list, or the task_id that warmed them, which is looked at in pages.",
    });
  }
  const texts = [...new Set(urls.map((url) => (typeof url === "string" ? url.trim() : JSON.stringify(url))))];
  return { urls: texts, cursorAfter: () => undefined };
}

async function pageOf(
  { storage, directory, lookups }: VerifyDeps,
  { taskId, cursor }: Extract<VerifyRequest, { taskId: string }>,
  { caller, signal }: CallContext,
): Promise<Page> {
  const { task } = await findTask(storage, taskId.trim(), caller);
  const items = await storage.items(task.id, { states: sent, after: readCursor(cursor), limit: MOST_VERIFIED + 1 });
  if (items.length === 0) {
    throw new PrefetchError(
      "not_found",
      `task_id: nothing of ${task.id}${cursor === undefined ? "" : " from this page on"} has been sent yet`,
      {
        hint: "Call get_prefetch_status with wait_seconds, then this tool again.",
      },
    );
  }
  const urlsOf = async ({ kind, target, parts }: Item): Promise<readonly string[]> => {
    if (kind === "url") return [target];
    if (parts && parts.length > 0) return parts.map(({ url }) => url);
    const [id = ""] = task.providers;
    return (await lookups.asset(await directory.get(id), target, signal)).urls;
  };
  const urls: string[] = [];
  const taken: { readonly index: number; readonly end: number }[] = [];
  for (const item of items) {
    const own = await urlsOf(item);
    if (taken.length > 0 && urls.length + own.length > MOST_VERIFIED) break;
    urls.push(...own);
    taken.push({ index: item.index, end: urls.length });
  }
  return {
    urls,
    cursorAfter: (count) => {
      const whole = taken.filter(({ end }) => end <= count);
      // One that takes too long for a call is passed over rather than begun again for ever.
      const last = whole.at(-1) ?? taken[0];
      return whole.length === items.length || last === undefined ? undefined : writeCursor(last.index);
    },
  };
}

function countsOf(rows: readonly Verification[]): Readonly<Record<Warmth, number>> {
  const counts: Record<Warmth, number> = { warm: 0, "warm-parent-only": 0, cold: 0, uncacheable: 0, unknown: 0 };
  for (const { state } of rows) counts[state] += 1;
  return counts;
}

function cdnsOf(rows: readonly Verification[], configured: readonly string[]): HostCdn[] {
  const cdns = new Map<string, HostCdn>();
  for (const { url, cdn } of rows) {
    const host = URL.parse(url)?.hostname;
    if (host !== undefined && cdn && !cdns.has(host)) cdns.set(host, { ...cdn, host, configured: configured.includes(cdn.provider) });
  }
  return [...cdns.values()];
}

function advice(rows: readonly Verification[], cdns: readonly HostCdn[], nextCursor: string | undefined): string {
  const counts = countsOf(rows);
  const said: string[] = [];
  if (counts.warm === rows.length) said.push("All that was looked at is warm.");
  if (counts.cold > 0) {
    said.push(`${counts.cold} cold: read why, then call prefetch_urls with force true and just those, and verify again.`);
  }
  if (counts["warm-parent-only"] > 0) {
    said.push(
      `${counts["warm-parent-only"]} held by a tier behind the edge: provider "http" brings them to the edge that serves this server.`,
    );
  }
  if (counts.uncacheable > 0) said.push(`${counts.uncacheable} cannot be warm as they are served: change what obstacles say first.`);
  if (counts.unknown > 0) said.push(`${counts.unknown} tell nothing: their reasons say why.`);
  for (const { host, name, provider, confidence } of cdns.filter(({ configured }) => !configured).slice(0, 3)) {
    said.push(`${host} is served by ${name} (${confidence}): provider ${provider} would serve it best, but is not configured.`);
  }
  if (nextCursor !== undefined) said.push("The list goes on: call again with next_cursor.");
  return said.join(" ");
}
