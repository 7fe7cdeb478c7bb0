/** The pages of a verification: the URLs that one call asks about. */

import { PrefetchError } from "../../base/errors.ts";
import { keyOf } from "../admission/parse-urls.ts";
import type { CallContext } from "../model/caller.ts";
import type { Item, ItemState, Task } from "../model/task.ts";
import { parseUrl } from "../model/url.ts";
import { type ItemPlace, readItemCursor, writeItemCursor } from "./cursors.ts";
import type { Deps } from "./deps.ts";
import { findTask } from "./find-task.ts";

/** URLs per call. At a second each in a few lanes, more would not be answered in time. */
export const MOST_VERIFIED = 50;
/** Longer input is refused unparsed; CDNs refuse requests of about this size. */
export const LONGEST_URL = 8_192;

/** States of items that may have been sent, so that an edge may hold them. */
const sentStates: readonly ItemState[] = ["processing", "succeeded", "failed", "untracked", "unknown"];

export interface Page {
  /** URLs, or whatever a caller wrote in their place. */
  readonly urls: readonly unknown[];
  /** For each of them: the caller's spelling, if it differs from the URL that is asked for. */
  readonly spellings: readonly (string | undefined)[];
  /** Some URLs of the task are not settled yet. */
  readonly isUnderWay: boolean;
  /** URLs and assets of the task that no vendor received, so that no edge is asked about them. */
  readonly unsent: number;
  /** URLs and assets of the task that the vendor reported as failed. */
  readonly failed: number;
  /** Of these, those that failed in the same way in an earlier task. */
  readonly failedAgain: number;
  /** Cursor of the page that follows the first `count` URLs of this one; `undefined` when that is empty. */
  cursorAfter(count: number): string | undefined;
}

export type PageDeps = Pick<Deps, "storage" | "clock" | "directory" | "lookups">;

/** Throws `invalid_argument` for an empty list and for one that is too long. */
export function listPage(inputs: readonly unknown[], allowedDomains: readonly string[] | undefined): Page {
  if (inputs.length === 0) throw new PrefetchError("invalid_argument", "urls: the list is empty", { hint: "Pass URLs, or a task_id." });
  if (inputs.length > MOST_VERIFIED) {
    const count = inputs.length.toLocaleString("en");
    throw new PrefetchError("invalid_argument", `urls: ${count} entries; one call looks at ${MOST_VERIFIED} at most`, {
      hint: "Nothing was asked. Pass a part of the list, or the task_id that warmed them, which is looked at in pages.",
    });
  }
  const entries = new Map<string, { readonly input: unknown; readonly given: string | undefined }>();
  for (const input of inputs) {
    const parsed = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains });
    const key = keyOf(input, parsed);
    if (!entries.has(key)) entries.set(key, { input, given: parsed.ok ? parsed.given : undefined });
  }
  const found = [...entries.values()];
  return {
    urls: found.map(({ input }) => input),
    spellings: found.map(({ given }) => given),
    isUnderWay: false,
    unsent: 0,
    failed: 0,
    failedAgain: 0,
    cursorAfter: () => undefined,
  };
}

/** `until`: no asset is looked up after. Throws `not_found` for an unknown task and for one without sent URLs. */
export async function taskPage(
  deps: PageDeps,
  { taskId, cursor }: { readonly taskId: string; readonly cursor?: string | undefined },
  until: number,
  { caller, signal }: CallContext,
): Promise<Page> {
  const { storage, clock } = deps;
  const { task, counts, failedAgain } = await findTask(storage, taskId.trim(), caller);
  const start = readItemCursor(cursor);
  const after = start.urls === undefined ? start.index : start.index - 1;
  const items = await storage.items(task.id, { states: sentStates, after, limit: MOST_VERIFIED + 1 });
  if (items.length === 0) throw nothingSent(task.id, cursor, counts.queued);

  const entries: Entry[] = [];
  let last: Item | undefined;
  for (const item of items) {
    if (entries.length >= MOST_VERIFIED || (last && clock.monotonic() >= until)) break;
    last = item;
    const skipped = item.index === start.index ? (start.urls ?? 0) : 0;
    const found = placesOf(item.index, await urlsOf(deps, task, item, signal)).slice(skipped, skipped + MOST_VERIFIED + 1);
    entries.push(...found.map((entry) => ({ ...entry, given: item.given })));
  }
  const page = entries.slice(0, MOST_VERIFIED);
  const hasMore = entries.length > page.length || last !== items.at(-1) || items.length > MOST_VERIFIED;
  return {
    urls: page.map(({ url }) => url),
    spellings: page.map(({ given }) => given),
    isUnderWay: counts.queued + counts.processing > 0,
    unsent: counts.queued + counts.rejected + counts.cancelled,
    failed: counts.failed,
    failedAgain,
    cursorAfter: (count) => {
      if (count >= page.length && !hasMore) return undefined;
      // A page without URLs ends at the last item, whose asset has none.
      const place: ItemPlace | undefined = page[count - 1]?.place ?? (last && { index: last.index });
      return place && writeItemCursor(place);
    },
  };
}

interface Entry {
  readonly url: string;
  readonly given: string | undefined;
  readonly place: ItemPlace;
}

/** Each URL of an item with the place at which a page would end after it. */
function placesOf(index: number, urls: readonly string[]): Omit<Entry, "given">[] {
  return urls.map((url, nth) => ({ url, place: nth + 1 === urls.length ? { index } : { index, urls: nth + 1 } }));
}

/** The URLs of an item. A vendor's status rows of an asset may name only some of its URLs, so the asset is looked up. */
async function urlsOf(
  { directory, lookups }: PageDeps,
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

function nothingSent(taskId: string, cursor: string | undefined, queued: number): PrefetchError {
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
