/** Scripted providers, and the URLs and answers that tests give them. */

import { PrefetchError } from "../../src/base/errors.ts";
import type { BatchContent, Progress, Provider, ProviderLimits, Submission } from "../../src/prefetch/model/provider.ts";

export const fakeLimits: ProviderLimits = {
  urlsPerRequest: 2,
  bytesPerRequest: 100_000,
  bytesOf: (url) => JSON.stringify(url).length + 1,
  requestsPerMinute: 6_000,
  urlsPerDay: 100,
  urlLength: 2_000,
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
};

export interface FakeProvider extends Provider {
  /** The submitted batches, in order. */
  readonly received: BatchContent[];
}

export interface ProviderScript extends Partial<Omit<Provider, "submit" | "limits">> {
  readonly limits?: Partial<ProviderLimits>;
  /** The vendor's answer to its nth batch, counted from 0. */
  readonly answer?: (batch: BatchContent, nth: number, signal: AbortSignal) => Submission | Promise<Submission>;
  /** Makes the provider `direct`: it calls `work` with its nth batch, counted from 0. */
  readonly work?: (batch: DirectBatch, nth: number) => void | Promise<void>;
}

export interface DirectBatch {
  readonly urls: readonly string[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const direct = {
  tracking: "direct",
  accepts: ["urls"],
  status: undefined,
} satisfies Partial<Provider>;

/** A provider that keeps the contract: it takes its turn, sends, and returns or throws the answer of the script. */
export function fakeProvider({ answer, work, limits, ...members }: ProviderScript = {}): FakeProvider {
  const received: BatchContent[] = [];
  return {
    id: "fake-cdn",
    title: "Fake CDN",
    docs: "https://docs.example.com/",
    account: "fake-cdn:1",
    endpoints: [],
    accepts: ["asset", "urls"],
    tracking: "task",
    depth: "edge",
    reach: "They are warm at the edge.",
    purging: "Fake CDN purges in its console.",
    status: async () => [],
    close: async () => undefined,
    ...(work && direct),
    ...members,
    limits: { ...fakeLimits, ...limits },
    received,
    submit: async (batch, { signal, turn, progress }) => {
      await turn();
      const nth = received.push(batch) - 1;
      if (work && progress) {
        await work({ urls: urlsOf(batch), progress, signal }, nth);
        return { vendorTaskIds: [], refused: [] };
      }
      return answer ? answer(batch, nth, signal) : { vendorTaskIds: [`vendor-${nth}`], requestId: `request-${nth}`, refused: [] };
    },
  };
}

/** Rejects when the request is aborted, as a real client does: sent, outcome unknown. */
export function neverAnswered(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(new PrefetchError("cancelled", "The request was stopped after it was sent", { delivery: "unknown" }));
    });
  });
}

export function urlsOf(batch: BatchContent): readonly string[] {
  return batch.kind === "urls" ? batch.urls : [];
}

export function manyUrls(count: number, prefix = "https://media.example.com/"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}.mp4`);
}
