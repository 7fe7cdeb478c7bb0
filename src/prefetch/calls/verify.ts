/** Proving it: asks the CDN's edge about a task's URLs, or any others, and adds up what it found. */

import { PrefetchError } from "../../base/errors.ts";
import { keyOf, shownInput } from "../admission/parse-urls.ts";
import { edgeOf } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { Cdn, Edge, Verification, Warmth } from "../model/edge.ts";
import type { Counts, Item, ItemState, Task } from "../model/task.ts";
import { parseUrl } from "../model/url.ts";
import { type Place, readPlaceCursor, writePlaceCursor } from "./cursors.ts";
import type { Deps } from "./deps.ts";
import { findTask } from "./find-task.ts";
import { shownUrl } from "./view.ts";

/** URLs that one call looks at. */
export const MOST_VERIFIED = 50;
/** After that long no further URL is begun, and after that long none is waited for: hosts give up on a call after a minute. */
const BEGIN_MS = 40_000;
const ANSWER_MS = 50_000;
/** Likewise after so many characters of answers, well below what hosts accept of a tool result: PoPs and variants multiply them. */
const PAGE_CHARACTERS = 40_000;
/** URLs that are asked about at a time: of what is begun all is told, so they must not come to more than a page together. */
const AT_ONCE = 16;
const USUAL_ROW_CHARACTERS = 500;
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
  /** URLs, or what a caller wrote in the place of one. */
  readonly urls: readonly unknown[];
  /** Whether some of the task has not been through yet. */
  readonly underWay: boolean;
  /** Cursor of the URLs after the first `count` of this page; `undefined` when there are none. */
  cursorAfter(count: number): string | undefined;
}

type VerifyDeps = Pick<Deps, "storage" | "clock" | "directory" | "guards" | "lookups">;

export function createVerify(deps: VerifyDeps): (request: VerifyRequest, call: CallContext) => Promise<VerifyView> {
  const { clock, directory, guards } = deps;
  const { allowedDomains } = guards;

  const ask = async (edge: Edge, input: unknown, call: CallContext, patience: AbortSignal): Promise<Verification[]> => {
    const reading = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains });
    if (!reading.ok) return [unseen(input, `Not asked: the URL ${reading.reason}.`)];
    try {
      return await edge.verify(reading.url, AbortSignal.any([call.signal, patience]));
    } catch (error) {
      if (!patience.aborted || call.signal.aborted) throw error;
      return [unseen(reading.url, "There was no answer for as long as a call may take.")];
    }
  };

  return async (request, call) => {
    const until = clock.now() + BEGIN_MS;
    const edge = await edgeOf(directory);
    const page = "urls" in request ? listed(request.urls, allowedDomains) : await pageOf(deps, request, until, call);
    const patience = AbortSignal.timeout(Math.max(0, until - clock.now()) + ANSWER_MS - BEGIN_MS);
    const found = await askInTurn(page.urls, {
      ask: (input) => ask(edge, input, call, patience),
      atOnce: Math.max(1, Math.min(AT_ONCE, Math.floor(PAGE_CHARACTERS / USUAL_ROW_CHARACTERS / edge.rowsPerUrl))),
      isInTime: () => clock.now() < until,
      onAnswer: (asked) => call.onProgress?.(asked, page.urls.length),
    });
    const nextCursor = page.cursorAfter(found.length);
    const late = nextCursor === undefined ? page.urls.slice(found.length) : [];
    const passedOver = late.map((input) => unseen(input, "Not asked: this call had no time or room left for it. Call again with it."));
    const rows = [...found.flat(), ...passedOver].map((row) => ({ ...row, url: shownUrl(row.url) }));
    const cdns = cdnsOf(rows, directory.configured);
    return {
      rows,
      counts: countsOf(rows),
      cdns,
      ...(nextCursor !== undefined && { nextCursor }),
      nextStep: advice(rows, cdns, page.underWay, nextCursor),
    };
  };
}

interface Asking {
  readonly ask: (input: unknown) => Promise<Verification[]>;
  readonly atOnce: number;
  readonly isInTime: () => boolean;
  /** Told how many are answered. */
  readonly onAnswer: (asked: number) => void;
}

/** What is found of the first so many: all, unless there is no more time or room for the others. */
async function askInTurn(inputs: readonly unknown[], { ask, atOnce, isInTime, onAnswer }: Asking): Promise<Verification[][]> {
  const found: Verification[][] = [];
  const open = inputs.entries();
  let asked = 0;
  let characters = 0;
  const lane = async (): Promise<void> => {
    // However late it is, a page that asks nothing would lead to itself.
    do {
      const { value, done } = open.next();
      if (done) return;
      const [index, input] = value;
      const rows = await ask(input);
      found[index] = rows;
      characters += JSON.stringify(rows).length;
      asked += 1;
      onAnswer(asked);
    } while (isInTime() && characters < PAGE_CHARACTERS);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return found;
}

function unseen(input: unknown, reason: string): Verification {
  const reading = parseUrl(input, { maxLength: LONGEST_URL });
  return { url: reading.ok ? reading.url : shownInput(input), state: "unknown", reason, obstacles: [], evidence: [] };
}

function listed(inputs: readonly unknown[], allowedDomains: readonly string[] | undefined): Page {
  if (inputs.length === 0) throw new PrefetchError("invalid_argument", "urls: the list is empty", { hint: "Pass URLs, or a task_id." });
  if (inputs.length > MOST_VERIFIED) {
    const count = inputs.length.toLocaleString("en");
    throw new PrefetchError("invalid_argument", `urls: ${count} entries; one call looks at ${MOST_VERIFIED} at most`, {
      hint: "Nothing was asked. Pass a part of the list, or the task_id that warmed them, which is looked at in pages.",
    });
  }
  const urls = new Map<string, unknown>();
  for (const input of inputs) {
    const key = keyOf(input, parseUrl(input, { maxLength: LONGEST_URL, allowedDomains }));
    if (!urls.has(key)) urls.set(key, input);
  }
  return { urls: [...urls.values()], underWay: false, cursorAfter: () => undefined };
}

async function pageOf(
  deps: VerifyDeps,
  { taskId, cursor }: Extract<VerifyRequest, { taskId: string }>,
  until: number,
  { caller, signal }: CallContext,
): Promise<Page> {
  const { storage, clock } = deps;
  const { task, counts } = await findTask(storage, taskId.trim(), caller);
  const begin = readPlaceCursor(cursor);
  const after = begin.urls === undefined ? begin.index : begin.index - 1;
  const items = await storage.items(task.id, { states: sent, after, limit: MOST_VERIFIED + 1 });
  if (items.length === 0) throw nothingSent(task.id, cursor, counts);

  const ends: { readonly url: string; readonly place: Place }[] = [];
  let seen: Item | undefined;
  for (const item of items) {
    if (ends.length >= MOST_VERIFIED || (seen && clock.now() >= until)) break;
    seen = item;
    const own = await urlsOf(deps, task, item, signal);
    const { index } = item;
    const skipped = index === begin.index ? (begin.urls ?? 0) : 0;
    const places = own.map((url, nth) => ({ url, place: nth + 1 === own.length ? { index } : { index, urls: nth + 1 } }));
    ends.push(...places.slice(skipped, skipped + MOST_VERIFIED + 1));
  }
  const page = ends.slice(0, MOST_VERIFIED);
  const goesOn = ends.length > page.length || seen !== items.at(-1) || items.length > MOST_VERIFIED;
  return {
    urls: page.map(({ url }) => url),
    underWay: counts.queued + counts.processing > 0,
    cursorAfter: (count) => {
      if (count >= page.length && !goesOn) return undefined;
      // Without a URL to end at, it is what stands for none that is passed over.
      const place = page[count - 1]?.place ?? seen;
      return place && writePlaceCursor(place);
    },
  };
}

/** What an item stands for. The vendor's rows of an asset name some of its URLs at most, in a spelling of their own. */
async function urlsOf(
  { directory, lookups }: VerifyDeps,
  { providers }: Task,
  { kind, target, parts = [] }: Item,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (kind === "url") return [target];
  const [id = ""] = providers;
  try {
    return (await lookups.asset(await directory.get(id), target, signal)).urls;
  } catch (error) {
    if (parts.length === 0 || !(error instanceof PrefetchError)) throw error;
    return parts.map(({ url }) => (URL.canParse(url) ? url : `https://${url}`));
  }
}

function nothingSent(taskId: string, cursor: string | undefined, { queued }: Counts): PrefetchError {
  const which = `task_id: nothing of ${taskId}${cursor ? " from this page on" : ""}`;
  if (queued > 0) {
    return new PrefetchError("not_found", `${which} has been sent yet`, {
      hint: "get_prefetch_status says when it will be. Call this tool after that.",
    });
  }
  return new PrefetchError("not_found", `${which} was sent`, {
    hint: 'get_prefetch_status with detail "problems" says why. To look at URLs all the same, pass them as urls.',
  });
}

function countsOf(rows: readonly Verification[]): Readonly<Record<Warmth, number>> {
  const counts: Record<Warmth, number> = { warm: 0, "warm-parent-only": 0, cold: 0, uncacheable: 0, unknown: 0 };
  for (const { state } of rows) counts[state] += 1;
  return counts;
}

const confidences: readonly Cdn["confidence"][] = ["guess", "likely", "certain"];

/** Of each host what is told with most confidence: an error page tells less than a hit. */
function cdnsOf(rows: readonly Verification[], configured: readonly string[]): HostCdn[] {
  const cdns = new Map<string, HostCdn>();
  const rank = (cdn: Cdn | undefined) => (cdn ? confidences.indexOf(cdn.confidence) : -1);
  for (const { url, cdn } of rows) {
    const host = URL.parse(url)?.hostname;
    if (host === undefined || !cdn || rank(cdn) <= rank(cdns.get(host))) continue;
    cdns.set(host, { ...cdn, host, configured: configured.includes(cdn.provider) });
  }
  return [...cdns.values()];
}

function advice(rows: readonly Verification[], cdns: readonly HostCdn[], underWay: boolean, nextCursor: string | undefined): string {
  const counts = countsOf(rows);
  const said: string[] = [];
  if (rows.length === 0) said.push("No URLs are known of this, so nothing was looked at.");
  else if (counts.warm === rows.length) said.push("All that was looked at is warm.");
  if (counts.cold > 0) {
    said.push(
      underWay
        ? `${counts.cold} cold, but the task is under way: call get_prefetch_status with wait_seconds until its state is final, then verify again.`
        : `${counts.cold} cold: read why, then call prefetch_urls with force true and just those, and verify again.`,
    );
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
