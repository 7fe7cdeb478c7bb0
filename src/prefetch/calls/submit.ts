/** Spending: plan, store, hand to the worker, and wait for the vendor's first answers. */

import { type ErrorCode, errorCodes, PrefetchError } from "../../base/errors.ts";
import { createSemaphore } from "../../base/semaphore.ts";
import { type AccountState, type Admission, admit, type DayState } from "../admission/admit.ts";
import { assetCost, readAssetId, urlsToExpand } from "../admission/asset.ts";
import { buildTask } from "../admission/build-task.ts";
import { type Expanded, expandStreams, STREAMS_AT_ONCE } from "../admission/expand-streams.ts";
import { type Candidate, type ParsedUrls, parseUrls } from "../admission/parse-urls.ts";
import { chooseTaker, createRouter, edgeOf } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import { passingCodes } from "../model/passing-codes.ts";
import type { Provider } from "../model/provider.ts";
import { MOST_LATER_DAYS, nextDays, nextReset, type QuotaPolicy, vendorDay } from "../model/quota.ts";
import type { AccountFacts } from "../model/storage.ts";
import type { Expansion, StreamScope, StreamView } from "../model/stream.ts";
import type { Deps } from "./deps.ts";
import { dryRunView } from "./dry-run.ts";
import type { Status } from "./status.ts";
import { type ItemRow, shownUrl, type TaskView } from "./view.ts";

/** What was sent this lately is not sent again unless forced: agents repeat calls that timed out. */
const RECENT_MS = 600_000;
/** Hosts give up on a call after a minute. */
const LONGEST_EXPANSION_MS = 40_000;
/** A call without `wait_seconds` still gives the vendor this long to refuse, so that refusals are answers and not surprises. */
const FIRST_ANSWERS_MS = 3_000;

interface SpendOptions {
  readonly provider?: string | undefined;
  readonly onQuotaExceeded: QuotaPolicy;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly waitSeconds: number;
  /** Whether manifests of streams stand for what they name, and for how much of it. */
  readonly expand: Expansion;
  readonly scope: StreamScope;
}

export interface UrlsRequest extends SpendOptions {
  readonly urls: readonly unknown[];
}

export interface AssetRequest extends SpendOptions {
  readonly assetId: string;
}

export interface Submit {
  prefetchUrls(request: UrlsRequest, call: CallContext): Promise<TaskView>;
  prefetchAsset(request: AssetRequest, call: CallContext): Promise<TaskView>;
}

export function createSubmit(deps: Deps, status: Status): Submit {
  const { storage, clock, worker, directory, guards } = deps;
  const semaphore = createSemaphore(STREAMS_AT_ONCE);

  const spend = async (reading: ParsedUrls, options: SpendOptions, call: CallContext): Promise<TaskView> => {
    const now = clock.now();
    const providers = [...new Set(reading.candidates.map((candidate) => candidate.provider))];
    const dayOf = ({ limits }: Provider) => vendorDay(now, limits.timeZone);
    const resetOf = ({ limits }: Provider) => nextReset(now, limits.timeZone);
    const allowances = await Promise.all(providers.map((provider) => deps.allowances.of(provider, call.signal)));
    const deferring = options.onQuotaExceeded === "defer";
    const laterDays = providers.map(({ limits }) => (deferring ? nextDays(now, limits.timeZone, MOST_LATER_DAYS) : []));
    const { tenant } = call.caller;
    const queries = providers.map((provider, index) => ({
      account: provider.account,
      tenant,
      day: dayOf(provider),
      targets: reading.candidates.filter((candidate) => candidate.provider === provider).map((candidate) => candidate.target),
      recentSince: now - RECENT_MS,
      laterDays: (laterDays[index] ?? []).map(({ day }) => day),
    }));
    const admission = (facts: readonly AccountFacts[]): Admission => {
      const states = new Map<Provider, AccountState>();
      for (const [index, provider] of providers.entries()) {
        const [known, allowance] = [facts[index], allowances[index]];
        if (!known || !allowance) continue;
        const days = (laterDays[index] ?? []).flatMap((day, nth): DayState[] => {
          const facts = known.later[nth];
          return facts ? [{ ...day, ...facts }] : [];
        });
        states.set(provider, { ...known, allowance, ownBudget: deps.allowances.ownBudget(call.caller), laterDays: days });
      }
      return admit(reading.candidates, states, { policy: options.onQuotaExceeded, force: options.force });
    };
    const plan = (admitted: Admission) =>
      buildTask(deps.newTaskId(now), reading, admitted, {
        now,
        dayOf,
        resetOf,
        policy: options.onQuotaExceeded,
        tenant,
        traceparent: call.traceparent,
      });

    if (options.dryRun) {
      const admitted = admission(await storage.facts(queries));
      return dryRunView(plan(admitted), admitted, await status.quota(providers, call));
    }
    call.signal.throwIfAborted();
    let skipped: Admission["skipped"] = [];
    const stored = await storage.admit(queries, (facts) => {
      const admitted = admission(facts);
      skipped = admitted.skipped;
      return admitted.send.length + admitted.deferred.length > 0 ? plan(admitted) : undefined;
    });
    if (!stored) return earlierTask(skipped, reading, options.waitSeconds, call);

    for (const provider of providers) worker.kick(provider);
    const { id } = stored.task;
    let problem: PrefetchError | undefined;
    if (options.waitSeconds > 0) problem = await status.untilEnded(id, options.waitSeconds * 1_000, call);
    else await status.untilAnswered(id, FIRST_ANSWERS_MS, call);
    await throwIfAllRefused(id);
    const view = await status.view(id, problem, call);
    if (skipped.length === 0) return view;
    const elsewhere = [...new Set(skipped.map((entry) => entry.taskId))].slice(0, 5).join(", ");
    return {
      ...view,
      nextStep: `${skipped.length} of the list wait to be sent or were sent in the last 10 minutes, by ${elsewhere}: ask for that too. ${view.nextStep}`,
    };
  };

  /** Everything asked for is under way or done already: the caller gets the task that did it. */
  const earlierTask = async (
    skipped: Admission["skipped"],
    reading: ParsedUrls,
    waitSeconds: number,
    call: CallContext,
  ): Promise<TaskView> => {
    const ids = [...new Set(skipped.map((entry) => entry.taskId))].sort().reverse();
    const [newest = ""] = ids;
    const problem = waitSeconds > 0 ? await status.untilEnded(newest, waitSeconds * 1_000, call) : await status.refresh(newest, call);
    const view = await status.view(newest, problem, call);
    const known = new Set(view.problems.map((row) => row.url ?? row.assetId));
    const own = reading.rejected.map(
      (rejected): ItemRow => ({ url: rejected.target, state: "rejected", code: rejected.code, reason: rejected.reason }),
    );
    const others = ids.length > 1 ? ` (with ${ids.slice(1, 5).join(", ")})` : "";
    return {
      ...view,
      skippedRecent: skipped.length,
      problems: [...view.problems, ...own.filter((row) => !known.has(row.url))].slice(0, Math.max(20, view.problems.length)),
      nextStep: `Nothing new was sent, because this task${others} did so in the last 10 minutes or still will; force true sends it again. ${view.nextStep}`,
    };
  };

  /** A task that the vendor refused whole is an error to the caller; its record stays. */
  const throwIfAllRefused = async (taskId: string): Promise<void> => {
    const snapshot = await storage.task(taskId);
    if (!snapshot || snapshot.openBatches > 0) return;
    const { counts } = snapshot;
    if (counts.succeeded + counts.processing + counts.untracked + counts.unknown + counts.failed + counts.queued > 0) return;
    const items = await storage.items(taskId, { limit: guards.maxUrlsPerCall });
    const sent = items.filter((item) => item.batch !== undefined);
    const [first] = sent;
    if (!first || sent.some((item) => item.code !== first.code)) return;
    throw status.refusalOf(
      first,
      snapshot.task.providers.length === 1 ? snapshot.task.providers[0] : undefined,
      `${sent.length === 1 ? "It was" : `All ${sent.length} were`} refused. Task ${taskId} keeps the record.`,
    );
  };

  const expanded = async (request: UrlsRequest, call: CallContext): Promise<Partial<Expanded> & Pick<Expanded, "urls">> => {
    if (request.expand === "none") return { urls: request.urls };
    const { allowedDomains, maxUrlsPerCall: mostUrls } = guards;
    const patience = AbortSignal.timeout(LONGEST_EXPANSION_MS);
    const signal = AbortSignal.any([call.signal, patience]);
    const edge = await edgeOf(directory);
    const { scope } = request;
    const { readStream: read, report } = deps;
    try {
      return await expandStreams(request.urls, {
        edge,
        read,
        scope,
        allowedDomains,
        mostUrls,
        now: clock.now(),
        signal,
        semaphore,
        report,
      });
    } catch (error) {
      if (!patience.aborted || call.signal.aborted) throw error;
      throw new PrefetchError("timeout", "The manifests of the streams could not all be read in time", {
        retryable: true,
        hint: "Nothing was sent. Pass fewer streams in one call, and without expand what is no stream.",
      });
    }
  };

  const prefetchUrls: Submit["prefetchUrls"] = async (request, call) => {
    if (request.urls.length > guards.maxUrlsPerCall) {
      throw new PrefetchError(
        "invalid_argument",
        `urls: ${request.urls.length.toLocaleString("en")} entries; one call takes at most ${guards.maxUrlsPerCall.toLocaleString("en")}`,
        {
          hint: "Nothing was sent. Split the list into several calls.",
        },
      );
    }
    const route = await createRouter(directory, request.provider);
    const begun = clock.now();
    const { urls, refusals, streams } = await expanded(request, call);
    const reading = parseUrls(urls, { route, allowedDomains: guards.allowedDomains, refusals });
    if (reading.candidates.length === 0) throw nothingUsable(reading);
    // Hosts give up on the call as a whole.
    const waitSeconds = Math.max(0, request.waitSeconds - (clock.now() - begun) / 1_000);
    const view = await spend(reading, { ...request, waitSeconds }, call);
    return streams ? withStreams(view, streams, refusals?.size ?? 0) : view;
  };

  return {
    prefetchUrls,

    prefetchAsset: async (request, call) => {
      const assetId = readAssetId(request.assetId);
      const provider = await chooseTaker(directory, request.provider, "asset");
      if (request.expand === "streams") {
        const urls = await urlsToExpand(deps, provider, assetId, call.signal);
        return prefetchUrls({ ...request, urls, provider: provider.id }, call);
      }
      const cost = await assetCost(deps, provider, assetId, call.signal);
      const candidate: Candidate = { provider, kind: "asset", target: assetId, cost, position: 0 };
      return spend({ candidates: [candidate], rejected: [], duplicatesRemoved: 0 }, request, call);
    },
  };
}

function withStreams(view: TaskView, streams: readonly StreamView[], refusals: number): TaskView {
  const urls = streams.reduce((sum, stream) => sum + stream.urls, 0);
  const none = refusals > 0 ? "" : "No entry of the list turned out to be a stream. ";
  const live = streams.some((stream) => stream.live) ? "What is warm of a live stream now is on air for seconds only. " : "";
  const said = streams.length === 0 ? none : `${streams.length} stream(s) stand for ${urls.toLocaleString("en")} URLs. ${live}`;
  const shown = streams.map((stream) => ({ ...stream, url: shownUrl(stream.url) }));
  return { ...view, streams: shown, nextStep: `${said}${view.nextStep}` };
}

function nothingUsable(reading: ParsedUrls): PrefetchError {
  const { rejected } = reading;
  if (rejected.length === 0) {
    return new PrefetchError("invalid_argument", "urls: the list is empty", { hint: "Pass 1 to 10,000 absolute http or https URLs." });
  }
  const named = rejected.slice(0, 3).map((entry) => `"${entry.target}": ${entry.reason}`);
  const more = rejected.length > 3 ? ` (and ${rejected.length - 3} more)` : "";
  const passing = rejected.every((entry) => passingCodes.some((known) => known === entry.code));
  const mixed = passing ? "vendor_unavailable" : "invalid_argument";
  const code = errorCodes.find((known) => rejected.every((entry) => entry.code === known)) ?? mixed;
  return new PrefetchError(code, `urls: no entry can be used: ${named.join(" ")}${more}`, {
    retryable: passing,
    hint: `Nothing was sent. ${passing ? "Call again in a few minutes." : wayOut(code)}`,
  });
}

function wayOut(code: ErrorCode): string {
  return `${code === "not_configured" ? "Set up what the reasons name" : "Correct the call as the reasons say"}, then call again.`;
}
