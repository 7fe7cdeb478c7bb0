/** The prefetch service on a store in memory, with a fake clock and scripted vendors. */

import { expect, onTestFinished } from "vitest";
import { readStream } from "../../../src/media/stream.ts";
import { createService, type PrefetchService } from "../../../src/prefetch/calls/service.ts";
import type { AssetsRequest, UrlsRequest } from "../../../src/prefetch/calls/submit.ts";
import type { VerifyRequest, VerifyView } from "../../../src/prefetch/calls/verify.ts";
import type { Detail, TaskView } from "../../../src/prefetch/calls/view.ts";
import type { Presence } from "../../../src/prefetch/delivery/presence.ts";
import { resumeDueBatches } from "../../../src/prefetch/delivery/resume.ts";
import type { Worker } from "../../../src/prefetch/delivery/worker.ts";
import { type CallContext, localCaller } from "../../../src/prefetch/model/caller.ts";
import type { Guards } from "../../../src/prefetch/model/guards.ts";
import type { StatusRow } from "../../../src/prefetch/model/provider.ts";
import type { ProviderDirectory } from "../../../src/prefetch/model/provider-directory.ts";
import type { SitemapReader } from "../../../src/prefetch/model/sitemap.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import type { StreamReader } from "../../../src/prefetch/model/stream.ts";
import { type FakeClock, fakeClock, TODAY } from "../../fakes/clock.ts";
import { fakeDirectory } from "../../fakes/directory.ts";
import { fakeForeignText } from "../../fakes/foreign-text.ts";
import { startProcess } from "../../fakes/process.ts";
import { type FakeProvider, fakeProvider, type ProviderScript, urlsOf } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { readSitemapHere } from "../../fakes/sitemap-reader.ts";
import { openMemoryStore } from "../../fakes/storage.ts";

export interface ServiceOptions extends Partial<Omit<ProviderDirectory, "get">> {
  readonly script?: ProviderScript;
  /** Providers after the first one. */
  readonly moreProviders?: readonly ProviderScript[];
  readonly guards?: Partial<Guards>;
  readonly dailyBudget?: number;
  readonly tenantDailyBudget?: number;
  readonly durable?: boolean;
  /** For scripts that let time pass. */
  readonly clock?: FakeClock;
  readonly read?: StreamReader;
  readonly readSitemap?: SitemapReader;
  /** Secrets that the server knows. */
  readonly secrets?: readonly string[];
}

/** The arguments of a spending call by default. */
export const defaultRequest = {
  expand: { kind: "none" },
  onQuotaExceeded: "reject",
  dryRun: false,
  force: false,
  waitSeconds: 0,
} as const;

export async function startService(options: ServiceOptions = {}) {
  const { script = {}, moreProviders = [], guards = {}, dailyBudget, tenantDailyBudget, durable = true, ...rest } = options;
  const { clock = fakeClock(), read = readStream, readSitemap = readSitemapHere, secrets = [], ...directory } = rest;
  const storage = await openMemoryStore(clock);
  /** The state that the vendor gives for a URL; "processing" for every URL that is missing here. */
  const outcomes = new Map<string, StatusRow["state"] | (() => StatusRow["state"])>();
  const outcomeOf = (url: string): StatusRow["state"] => {
    const outcome = outcomes.get(url) ?? "processing";
    return typeof outcome === "function" ? outcome() : outcome;
  };
  const makeProvider = (members: ProviderScript): FakeProvider =>
    fakeProvider({
      status: async ({ content }) =>
        (content?.kind === "urls" ? content.urls : []).map((url) => ({ url, state: outcomeOf(url), vendorState: outcomeOf(url) })),
      ...members,
    });
  const provider = makeProvider(script);
  const providers = [provider, ...moreProviders.map(makeProvider)];
  const reports: string[] = [];
  const report = (error: unknown, about: string): void => {
    reports.push(`${about}: ${String(error)}`);
  };
  let tasks = 0;
  const servers: { readonly worker: Worker; readonly presence: Presence }[] = [];
  /** Starts the workers on batches of other processes, as the server's background loop does. */
  const resume = (): void => {
    const stopped = new AbortController();
    onTestFinished(() => stopped.abort());
    for (const server of servers) {
      void resumeDueBatches({ ...server, storage, directory: fakeDirectory(providers, directory), clock, stopped: stopped.signal, report });
    }
  };
  const lives: { isOver: boolean }[] = [];
  const draining = new AbortController();
  const startAnother = (): PrefetchService => {
    const life = { isOver: false };
    const beat: Storage["beat"] = async (owner) => (life.isOver ? undefined : storage.beat(owner));
    const { worker, ...parts } = startProcess({ storage: { ...storage, beat }, clock, dailyBudget, tenantDailyBudget, report });
    lives.push(life);
    servers.push({ worker, presence: parts.presence });
    onTestFinished(() => worker.stop(0));
    return createService({
      ...parts,
      worker,
      storage,
      clock,
      durable,
      directory: fakeDirectory(providers, directory),
      guards: { allowedDomains: undefined, maxUrlsPerCall: 1_000, confirmAbove: 0, ...guards },
      readStream: read,
      readSitemap,
      foreign: fakeForeignText(...secrets),
      breathe: () => undefined,
      draining: draining.signal,
      digest: async (pieces) => [...pieces].join(""),
      newTaskId: () => `pf_${String(++tasks).padStart(4, "0")}`,
      report,
    });
  };
  const service = startAnother();

  const call: CallContext = { signal, caller: localCaller };
  return {
    clock,
    storage,
    provider,
    providers,
    outcomes,
    reports,
    service,
    /** Another server on the same store. */
    startAnother,
    resume,
    /** Makes every running server look dead to the others. */
    die: () => {
      for (const life of lives) life.isOver = true;
    },
    /** Makes waiting calls answer now. */
    drain: () => draining.abort(),
    /** Stops every server. */
    stop: () => Promise.all(servers.map(({ worker }) => clock.drive(worker.stop(0)))),
    urls: (urls: readonly unknown[], more: Partial<UrlsRequest> = {}, context = call): Promise<TaskView> =>
      clock.drive(service.prefetchUrls({ urls, ...defaultRequest, ...more }, context)),
    asset: (assetIds: string | readonly unknown[], more: Partial<AssetsRequest> = {}): Promise<TaskView> =>
      clock.drive(service.prefetchAssets({ assetIds: [assetIds].flat(), ...defaultRequest, ...more }, call)),
    verify: (request: VerifyRequest, context: Partial<CallContext> = {}): Promise<VerifyView> =>
      clock.drive(service.verify(request, { ...call, ...context })),
    status: (
      taskId: string | undefined,
      detail: Detail = "summary",
      more: { cursor?: string; waitSeconds?: number; provider?: string } = {},
    ) => clock.drive(service.status({ taskId: taskId ?? "", detail, waitSeconds: 0, ...more }, call)),
    used: async ({ account } = provider) => (await storage.ledger(account, TODAY)).used,
    sent: ({ received } = provider) => received.flatMap(urlsOf),
  };
}

export const error = (code: string, more: Record<string, unknown> = {}) =>
  expect.objectContaining({ name: "PrefetchError", code, ...more });
