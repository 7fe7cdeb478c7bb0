/**
 * The provider contract: what one CDN product offers, in words that all CDNs share.
 *
 * A provider is a function from options to a plain object of this shape. Limits are data. An optional
 * member that is missing means "this product cannot do that", and the tools say so by name.
 */

import type { PrefetchError } from "../../base/errors.ts";
import type { Edge } from "./edge.ts";

/** What one vendor request carries: either one media asset or some URLs, never both. */
export type BatchContent =
  | { readonly kind: "asset"; readonly assetId: string }
  | { readonly kind: "urls"; readonly urls: readonly string[] };

export interface ProviderLimits {
  readonly urlsPerRequest: number;
  /** What the URLs of one request may come to, each measured by `bytesOf`. */
  readonly bytesPerRequest: number;
  /** Bytes that a URL takes up in a request, separator included. */
  readonly bytesOf: (url: string) => number;
  /** Requests a minute over all calls that `turn` is asked for; `undefined` where no limit is known. */
  readonly requestsPerMinute: number | undefined;
  /** Milliseconds between two submits with URLs of one host, where that matters to the vendor. */
  readonly hostIntervalMs?: number;
  /** Units a day and account; `undefined` where the vendor names no limit. */
  readonly urlsPerDay: number | undefined;
  /** Characters of one percent-encoded URL. */
  readonly urlLength: number;
  /** IANA zone whose midnight starts the vendor's day. */
  readonly timeZone: string;
  /** Seconds that must lie between two status look-ups of one batch. */
  readonly pollSeconds: number;
  /** Days after which the vendor lists a task no more, where it says so. */
  readonly recordDays?: number;
  /** Batches that are submitted at a time; without it, a few. */
  readonly batchesAtOnce?: number;
}

/**
 * Whether outcomes can be asked for by the vendor's task id, not at all, or are told by `Call.progress` before a submit returns:
 * that of which nothing was told was not done, or may be done again.
 */
export type Tracking = "task" | "none" | "direct";

/** How far "succeeded" reaches: the edge nodes, the mid-tier caches behind them, or the vendor does not say. */
export type Depth = "edge" | "mid-tier" | "unknown";

export interface Call {
  readonly signal: AbortSignal;
  /**
   * Waits for this account's turn under `requestsPerMinute`. A provider awaits it immediately before every
   * request that the limit counts; for a submit it is also the moment after which a crash leaves the outcome unknown,
   * and asking again says that the request before was refused.
   */
  turn(): Promise<void>;
  /** Given with a submit, for a provider whose tracking is `direct`. */
  readonly progress?: Progress;
}

/** What became of one URL, from a provider that does the work itself; `rejected` was not asked for. */
export interface Settled {
  readonly url: string;
  readonly state: "succeeded" | "failed" | "rejected";
  /** Of what failed. */
  readonly code?: string;
  /** Of what succeeded: what was seen of it. */
  readonly reason: string;
}

/**
 * What it is told after the turn is stored within a second or so and survives whatever becomes of the rest of the batch. A
 * URL of which it is told nothing counts as not begun when the server stops, and is done again.
 */
export interface Progress {
  readonly taskId: string;
  /** Bytes that were moved for the task before. */
  readonly taskBytes: number;
  /** The outcome of a URL of the batch, told once, as soon as it is known. */
  settled(outcome: Settled): void;
  moved(bytes: number): void;
}

export interface Refusal {
  readonly url: string;
  readonly code: string;
  readonly reason: string;
}

export interface Submission {
  /** Empty when the vendor accepted the batch but gave no id to ask for it. */
  readonly vendorTaskIds: readonly string[];
  readonly requestId?: string;
  /** URLs of the batch that the vendor turned down while it took the rest. */
  readonly refused: readonly Refusal[];
}

export interface StatusRow {
  /** As the vendor spells it. */
  readonly url: string;
  readonly state: "processing" | "succeeded" | "failed";
  /** The vendor's own word for the state. */
  readonly vendorState: string;
  readonly reason?: string;
}

export interface StatusQuery {
  readonly vendorTaskIds: readonly string[];
  /** What was submitted; absent when the caller only knows the vendor's task id. */
  readonly content?: BatchContent;
}

/** The media of one asset, as far as the vendor tells it. */
export interface Asset {
  readonly urls: readonly string[];
  /** Units of quota that prefetching it takes. */
  readonly cost: number;
}

export interface VendorQuota {
  /** Units of the vendor's current day. */
  readonly limit: number;
  readonly remaining: number;
}

/** What a vendor's own records say of a submit whose answer was lost. */
export type Reconciliation =
  /** It was carried out; `urls` are those of the batch that the vendor lists, in its spelling. */
  | { readonly state: "found"; readonly vendorTaskIds: readonly string[]; readonly urls: readonly string[] }
  /** It was not carried out, and will not be any more: sending again would not be sending twice. */
  | { readonly state: "absent" }
  /** The records do not say, or not yet. */
  | { readonly state: "unclear" };

export interface Provider {
  readonly id: string;
  readonly title: string;
  readonly docs: string;
  /** Whose quota is spent: stable, unique per vendor account, and no secret. */
  readonly account: string;
  readonly accepts: readonly BatchContent["kind"][];
  readonly limits: ProviderLimits;
  readonly tracking: Tracking;
  readonly depth: Depth;
  /** One short sentence for people: how far the vendor's success reaches. */
  readonly reach: string;

  /** Why a URL would be turned down, as far as that can be told without asking anybody. */
  refusalOf?(url: string): PrefetchError | undefined;
  /** Hands one batch to the vendor. Throws `PrefetchError` with an honest `delivery`. */
  submit(batch: BatchContent, call: Call): Promise<Submission>;
  /** The vendor's rows for these tasks; an empty list means that it has nothing to say yet. */
  status?(query: StatusQuery, call: Call): Promise<StatusRow[]>;
  /** What an asset stands for. Throws `not_found` or `not_published`. */
  resolveAsset?(assetId: string, call: Call): Promise<Asset>;
  /** What the account may still spend, by the vendor's own count. */
  quota?(call: Call): Promise<VendorQuota>;
  /** Looks for a batch that was sent at `sentAt` (milliseconds since the epoch) and whose answer was lost. */
  findSubmitted?(batch: BatchContent, sentAt: number, call: Call): Promise<Reconciliation>;
  /** Asks the CDN's edge itself, about URLs of any provider. */
  readonly edge?: Edge;
  close(): Promise<void>;
}
