/** Answers to spending calls that are not simply the new task: an earlier task, a whole refusal, streams, nothing usable. */

import { type ErrorCode, errorCodes, explain, PrefetchError } from "../../base/errors.ts";
import type { ParsedUrls, RejectedInput } from "../admission/parse-urls.ts";
import { passingCodes } from "../model/passing-codes.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import type { KnownItems } from "../model/storage.ts";
import type { StreamScope, StreamView } from "../model/stream.ts";
import { type Counts, type Item, noCounts, totalOf } from "../model/task.ts";
import type { Deps } from "./deps.ts";
import { knownAdvice, knownInWords, tasksOf, whichTask, withKnown } from "./known-urls.ts";
import { type ItemRow, shownUrl, summaryOf, type TaskView } from "./view.ts";

export interface KnownList {
  readonly known: readonly KnownItems[];
  /** The URLs that earlier tasks hold. */
  readonly targets: readonly { readonly target: string }[];
  readonly rejected: readonly RejectedInput[];
  /** Why the vendor could not be asked just now. */
  readonly problem: PrefetchError | undefined;
  /** A vendor counts units for at least some of the list. */
  readonly metered: boolean;
}

/** Nothing new was sent. `view` is the newest of the tasks that hold the list; the answer is about the list alone. */
export function knownListView(view: TaskView, { known, targets, rejected, problem, metered }: KnownList): TaskView {
  const own = new Set(targets.map(({ target }) => shownUrl(target)));
  const rows = rejectedRows(rejected);
  const problems = view.problems.filter((row) => own.has(row.url ?? row.assetId ?? ""));
  // Its bytes and batches belong to the earlier task, and not to this list.
  const { taskId, providers, quota } = view;
  const counts = { ...noCounts(), rejected: rows.length };
  const list = withKnown({ taskId, providers, quota, ...nothingSent, counts, skippedRecent: targets.length }, known);
  const advice = knownAdvice(known);
  return {
    ...list,
    problems: summaryOf([...problems, ...rows]),
    nextStep: [
      `Nothing new was sent, at no cost: of the list, ${knownInWords(known)}, from a call of the last 10 minutes or still to be sent.`,
      ...whichTask(known),
      ...(rows.length > 0 ? [`${rows.length.toLocaleString("en")} cannot be used: problems says why.`] : []),
      ...(problem ? [`The vendor could not be asked just now: ${explain(problem)}`] : []),
      ...advice,
      ...(advice.length === 0 ? [provenAdvice(known, metered)] : []),
    ].join(" "),
  };
}

/** Rows of inputs that are part of no task. */
export function rejectedRows(rejected: readonly RejectedInput[]): ItemRow[] {
  return rejected.map(({ kind, target, code, reason }) => {
    return { ...(kind === "asset" ? { assetId: target } : { url: target }), state: "rejected", code, reason };
  });
}

const nothingSent = { state: "queued", batches: 0, cost: 0, duplicatesRemoved: 0, problems: [], nextStep: "" } as const;

function provenAdvice(known: readonly KnownItems[], metered: boolean): string {
  const again = metered ? "force true would send them again, at full cost" : "force true would fetch them again";
  return `To prove what the edge holds, call verify_prefetch with ${tasksOf(known)}; ${again}.`;
}

/** The new task, with the URLs that earlier tasks hold counted in. */
export function withSkipped(view: TaskView, known: readonly KnownItems[]): TaskView {
  if (known.length === 0) return view;
  const all = withKnown(view, known);
  const items = known.reduce((sum, group) => sum + group.items, 0);
  const rest = totalOf(all.counts) - items;
  return {
    ...all,
    nextStep: [
      `${items.toLocaleString("en")} of the list ${items === 1 ? "is in an earlier task and was" : "are in earlier tasks and were"} not sent again, at no cost: ${knownInWords(known)}.`,
      ...whichTask(known),
      ...knownAdvice(known),
      `The other ${rest.toLocaleString("en")}, in the new task: ${view.nextStep}`,
    ].join(" "),
  };
}

/** The answer, with one example of two spellings of one URL. */
export function withDuplicate(view: TaskView, { duplicatesRemoved, duplicate }: ParsedUrls): TaskView {
  return { ...view, duplicatesRemoved, ...(duplicate && { duplicate }) };
}

/** `HostLists.refused` sees to it. */
const LISTS_READ_AGAIN = "The next call reads the vendors' domain lists again, in case the domain has moved to another product.";

/** The error of a task that the vendor refused as a whole for one reason. The task keeps the record. */
export async function allRefused(
  { storage, guards, directory }: Pick<Deps, "storage" | "guards" | "directory">,
  taskId: string,
  named: string | undefined,
): Promise<PrefetchError | undefined> {
  const snapshot = await storage.task(taskId);
  if (!snapshot || snapshot.openBatches > 0 || hasAccepted(snapshot.counts)) return undefined;
  const items = await storage.items(taskId, { limit: guards.maxUrlsPerCall });
  const sent = items.filter((item) => item.batch !== undefined);
  const [first] = sent;
  if (!first || sent.some((item) => item.code !== first.code)) return undefined;
  const { providers } = snapshot.task;
  const chosen = await Promise.all(providers.map((id) => choiceInWords(directory, id, named)));
  const lists = first.code === "forbidden_domain" && named === undefined && directory.routes.includes("auto") ? [LISTS_READ_AGAIN] : [];
  const counts = refusedCounts(sent.length, items.length - sent.length);
  const hint = [counts, ...chosen, ...lists, `Task ${taskId} keeps the record.`].join(" ");
  return refusalOf(first, providers.length === 1 ? providers[0] : undefined, hint);
}

/** Counts everything that the call asked for. Refusals give their units back. */
function refusedCounts(refused: number, unsent: number): string {
  const all = refused + unsent;
  if (all === 1) return "It was refused, at no cost of quota.";
  if (unsent === 0) return `All ${all} were refused, at no cost of quota.`;
  return `Of ${all}, ${refused} were refused, at no cost of quota, and ${unsent} could not be sent at all.`;
}

/** Why the items went to this provider, and to which of its accounts. */
async function choiceInWords(directory: ProviderDirectory, id: string, named: string | undefined): Promise<string> {
  const { account, accountInWords } = await directory.get(id);
  const why =
    named !== undefined
      ? "as the call names it"
      : directory.routes.length > 0
        ? "by PREFETCH_ROUTES or its default"
        : "the only configured provider that takes them";
  return `Sent to ${id} (${accountInWords ?? `account ${account}`}), ${why}.`;
}

function hasAccepted({ succeeded, processing, untracked, unknown, failed, queued }: Counts): boolean {
  return succeeded + processing + untracked + unknown + failed + queued > 0;
}

function refusalOf(item: Item, provider: string | undefined, hint: string): PrefetchError {
  const code = errorCodes.find((known): known is ErrorCode => known === item.code) ?? "internal";
  return new PrefetchError(code, item.reason ?? "The vendor refused it", {
    ...(provider !== undefined && { provider }),
    delivery: "refused",
    // The vendor may show an asset as published some minutes late.
    retryable: passingCodes.includes(code) || code === "not_published",
    hint,
  });
}

/** Skipped URIs that an answer shows for each stream; its count covers the rest. More would bury the next step. */
const SHOWN_SKIPPED = 20;

/** `refusals`: streams or their URLs that could not be used. */
export function withStreams(view: TaskView, streams: readonly StreamView[], refusals: number, scope: StreamScope): TaskView {
  const urls = streams.reduce((sum, stream) => sum + stream.urls, 0);
  const none = refusals > 0 ? "" : "No entry of the list is a stream. ";
  const live = streams.some((stream) => stream.live) ? "URLs of a live stream are on air for seconds only. " : "";
  const said = streams.length === 0 ? none : `${streams.length} stream(s) stand for ${urls.toLocaleString("en")} URLs. ${live}`;
  const shown = streams.map((stream) => ({ ...stream, url: shownUrl(stream.url), skipped: stream.skipped.slice(0, SHOWN_SKIPPED) }));
  return { ...view, streams: shown, nextStep: `${said}${bare(streams, scope)}${leftOut(streams)}${view.nextStep}` };
}

/** Manifests by their names. What a URL without such a name holds is only known once it is read. */
const MANIFEST_NAME = /\.(m3u8?|mpd)$/i;

/** The answer, with a word on manifests that were taken as plain files. */
export function withManifests(view: TaskView, candidates: ParsedUrls["candidates"]): TaskView {
  const manifests = candidates.filter(({ target }) => MANIFEST_NAME.test(pathOf(target))).length;
  if (manifests === 0) return view;
  const which =
    manifests === 1 ? "1 URL is a playlist: only the playlist itself" : `${manifests} URLs are playlists: only the playlists themselves`;
  return {
    ...view,
    nextStep: `${view.nextStep.replace(/^Nothing is left to send\. /, "")} ${which} counted here, without segments; to warm those too, call again with expand "streams".`,
  };
}

/** The answer about assets, with a word on their files, which `counts` does not count. */
export function withFiles(view: TaskView, urlsOfAssets: readonly (readonly string[])[]): TaskView {
  const urls = urlsOfAssets.flat();
  const manifests = urls.filter((url) => MANIFEST_NAME.test(pathOf(url))).length;
  if (urls.length <= urlsOfAssets.length && manifests === 0) return view;
  const assets = urlsOfAssets.length === 1 ? "1 asset has" : `${urlsOfAssets.length} assets have`;
  const playlists = manifests === 1 ? "1 is a playlist, whose segments" : `${manifests} are playlists, whose segments`;
  const streams = manifests === 0 ? "" : `, of which ${playlists} need expand "streams"`;
  return { ...view, nextStep: `${assets} ${urls.length} URLs${streams}. ${view.nextStep}` };
}

/** A URL without its query. Parsing 10,000 long URLs again takes a tenth of a second. */
function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

/** A stream without media of its own is not warm, although its manifest is. */
function bare(streams: readonly StreamView[], scope: StreamScope): string {
  const alone = scope === "manifests" ? 0 : streams.filter((stream) => stream.urls === 1).length;
  return alone > 0 ? `${alone} of the streams come to their manifest alone, so their media stays cold: problems and streams say why. ` : "";
}

function leftOut(streams: readonly StreamView[]): string {
  const count = streams.reduce((sum, stream) => sum + stream.skippedCount, 0);
  return count > 0 ? `${count.toLocaleString("en")} entries of the manifests lead to no URL: streams[].skipped has the reasons. ` : "";
}

/** Reasons that an error quotes; the list may have thousands. */
const QUOTED_REASONS = 3;

/** The list has no entry that can be sent. */
export function nothingUsable({ rejected }: ParsedUrls, argument = "urls"): PrefetchError {
  if (rejected.length === 0) {
    return new PrefetchError("invalid_argument", "urls: the list is empty", { hint: "Pass 1 to 10,000 absolute http or https URLs." });
  }
  const quoted = rejected.slice(0, QUOTED_REASONS).map((entry) => `"${entry.target}": ${entry.reason}`);
  const more = rejected.length > QUOTED_REASONS ? ` (and ${rejected.length - QUOTED_REASONS} more)` : "";
  const isPassing = rejected.every((entry) => passingCodes.some((known) => known === entry.code));
  const mixed = isPassing ? "vendor_unavailable" : "invalid_argument";
  const code = errorCodes.find((known) => rejected.every((entry) => entry.code === known)) ?? mixed;
  return new PrefetchError(code, `${argument}: no entry can be used: ${quoted.join(" ")}${more}`, {
    retryable: isPassing,
    hint: `Nothing was sent. ${isPassing ? "Call again in a few minutes." : remedyFor(code)}`,
  });
}

function remedyFor(code: ErrorCode): string {
  return `${code === "not_configured" ? "Set up what the reasons name" : "Correct the call as the reasons say"}, then call again.`;
}
