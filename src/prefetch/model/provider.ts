/**
 * The provider contract: what one CDN product offers, in words that all CDNs share.
 *
 * A provider is a function from options to a plain object of this shape. Limits are data. An optional
 * member that is missing means "this product cannot do that", and the tools say so by name.
 */

import type { PrefetchError } from "../../base/errors.ts";
import type { Edge } from "./edge.ts";

/** The content of one vendor request: one media asset or some URLs. */
export type BatchContent =
  | { readonly kind: "asset"; readonly assetId: string }
  | { readonly kind: "urls"; readonly urls: readonly string[] };

export interface ProviderLimits {
  readonly urlsPerRequest: number;
  /** Sum of `bytesOf` over the URLs of one request. */
  readonly bytesPerRequest: number;
  /** Bytes of one URL in a request, with its separator. */
  readonly bytesOf: (url: string) => number;
  /** Requests per minute that use `turn`; `undefined` where no limit is known. */
  readonly requestsPerMinute: number | undefined;
  /** `requestsPerMinute` holds for submits and for look-ups apart. When missing, they share it. */
  readonly rateByAction?: true;
  /** Milliseconds between two submits with URLs of one host, for vendors that throttle per host. */
  readonly hostIntervalMs?: number;
  /** Units per day and account; `undefined` where the vendor names no limit. */
  readonly urlsPerDay: number | undefined;
  /** Characters of one percent-encoded URL. */
  readonly urlLength: number;
  /** IANA zone whose midnight starts the vendor's day. */
  readonly timeZone: string;
  /** Seconds that must lie between two status look-ups of one batch. */
  readonly pollSeconds: number;
  /** Days for which the vendor keeps the record of a task, where it documents that. */
  readonly recordDays?: number;
  /** A submit that the records do not show this long after its turn was never carried out. */
  readonly listedWithinMs?: number;
  /** Batches in flight per account; 4 when missing. */
  readonly batchesAtOnce?: number;
}

/**
 * `task`: outcomes can be asked for by the vendor's task id. `none`: outcomes cannot be asked for. `direct`: the provider
 * fetches the URLs itself and reports each one by `Call.progress`; an unreported URL is safe to retry.
 */
export type Tracking = "task" | "none" | "direct";

/** The caches that hold a URL after "succeeded": the edge, the mid-tier behind it, or the vendor does not say. */
export type Depth = "edge" | "mid-tier" | "unknown";

export interface Call {
  readonly signal: AbortSignal;
  /**
   * Waits for the account's next slot under `requestsPerMinute`. A provider awaits it immediately before every request
   * that the limit counts. For a submit, a crash after it leaves the outcome unknown; calling it again says that the vendor
   * refused the request before.
   */
  turn(): Promise<void>;
  /**
   * For a submit: whether its turn is recent enough for the request to leave. Asked at the last moment before the first
   * byte: a process that stood still since its turn may have lost the batch to another one.
   */
  isFresh?(): boolean;
  /**
   * Of a submit and of the look-up after a lost answer: a key that stays the same while the batch holds the same content. For
   * vendors that take one with the request.
   */
  readonly batchKey?: string;
  /** Only for the submit of a `direct` provider. */
  readonly progress?: Progress;
}

/** The outcome of one URL from a direct provider; a `rejected` URL was not requested. */
export interface Settled {
  readonly url: string;
  readonly state: "succeeded" | "failed" | "rejected";
  /** For `failed` and `rejected`. */
  readonly code?: string;
  /** For `succeeded`: the observation that proves it. */
  readonly reason: string;
}

/**
 * Takes the reports of a direct provider and stores them within about a second. A reported outcome is final. An unreported
 * URL is fetched again after a stop or a crash.
 */
export interface Progress {
  readonly taskId: string;
  /** Bytes moved for the task before this batch. */
  readonly taskBytes: number;
  /** Reports the outcome of a URL, once, as soon as it is known. */
  settled(outcome: Settled): void;
  /** Reports bytes as they arrive. */
  moved(bytes: number): void;
}

export interface Refusal {
  readonly url: string;
  readonly code: string;
  readonly reason: string;
}

export interface Submission {
  /** Empty when the vendor accepted the batch without an id. */
  readonly vendorTaskIds: readonly string[];
  readonly requestId?: string;
  /** URLs that the vendor refused while it accepted the rest. */
  readonly refused: readonly Refusal[];
  /** The account's quota after this request, for vendors whose answer tells it. */
  readonly quota?: VendorQuota;
}

export interface StatusRow {
  /** In the vendor's spelling. */
  readonly url: string;
  /** `untracked`: the vendor is done and does not say whether this URL is warm, such as with a rate of 60 % for a whole task. */
  readonly state: "processing" | "succeeded" | "failed" | "untracked";
  /** The vendor's own word for the state. */
  readonly vendorState: string;
  readonly reason?: string;
}

export interface StatusQuery {
  readonly vendorTaskIds: readonly string[];
  /** The submitted content; absent when only the vendor's task id is known. */
  readonly content?: BatchContent;
  /** Milliseconds since the epoch by this machine's clock at which the batch was sent; absent when only the id is known. */
  readonly submittedAt?: number;
}

/** The media files of one asset, as far as the vendor lists them. */
export interface Asset {
  readonly urls: readonly string[];
  /** Units of quota that prefetching it takes. */
  readonly cost: number;
}

export interface VendorQuota {
  /** Units of the vendor's current day. */
  readonly limit: number;
  readonly remaining: number;
  /** URLs of one request, for vendors that bound them by account or plan. The lower of this and `urlsPerRequest` counts. */
  readonly urlsPerRequest?: number;
}

/** A host, or hosts, that the vendor serves for the account. */
export interface ServedHost {
  /** `cdn.example.com`, or `*.example.com` for every host below example.com. In lower case, and in Punycode, as URLs have it. */
  readonly pattern: string;
  /** False while the vendor does not serve it, such as a stopped domain. Missing where the vendor does not say. */
  readonly active?: boolean;
  /** For a vendor that counts quota by zone: the zone that the host is in. */
  readonly zone?: string;
}

/** When a batch was sent whose answer was lost. */
export interface Sent {
  /** Its request did not leave before this moment, in milliseconds since the epoch by the clock as it is now set. */
  readonly notBefore: number;
  /**
   * Its turn was taken at least this many milliseconds ago, by a clock that cannot be set. The request may have left up to
   * 30 s after its turn.
   */
  readonly elapsedMs: number;
}

/** The vendor's records about a submit whose answer was lost. */
export type Reconciliation =
  /** The vendor carried it out; `urls` are the batch's URLs in its records, in its spelling. */
  | { readonly state: "found"; readonly vendorTaskIds: readonly string[]; readonly urls: readonly string[] }
  /** The vendor did not carry it out and never will, so sending again is safe. */
  | { readonly state: "absent" }
  /** The records do not say, or not yet. */
  | { readonly state: "unclear" };

/** The provider and, where it has one, its refresh: each has an account, a quota and batches of its own. */
export function spendersOf(provider: Provider): Provider[] {
  return provider.refresh ? [provider, provider.refresh] : [provider];
}

/** Names a quota in messages: `tencent-edgeone/zone-2o1t24kgy362` where the vendor counts by zone, else the provider's id. */
export function quotaName({ id, zoneId }: { readonly id: string; readonly zoneId?: string | undefined }): string {
  return zoneId === undefined ? id : `${id}/${zoneId}`;
}

/** The account of a zone of the provider. */
export function zoneAccount({ account }: Pick<Provider, "account">, zone: string): string {
  return `${account}/${zone}`;
}

/** The account that vendors count requests of: zones have quotas of their own, and one rate. */
export function rateAccountOf({ account, zoneId }: Pick<Provider, "account" | "zoneId">): string {
  return zoneId === undefined ? account : account.slice(0, -zoneAccount({ account: "" }, zoneId).length);
}

/** The provider itself, or the zone of it, that pays from the account. */
export function payingFrom(provider: Provider, account: string): Provider | undefined {
  if (provider.account === account) return provider;
  const prefix = zoneAccount(provider, "");
  return account.startsWith(prefix) ? provider.zone?.(account.slice(prefix.length)) : undefined;
}

/** Whether the provider, a zone of it, or the refresh of one of them pays from the account. */
export function paysFrom(provider: Provider, account: string): boolean {
  const { refresh } = provider;
  if (payingFrom(provider, account)) return true;
  return refresh !== undefined && (account === refresh.account || account.startsWith(zoneAccount(refresh, "")));
}

/** Whether a vendor counts units. A `direct` provider fetches like a viewer, so its URLs cost none. */
export function isMetered({ tracking }: Pick<Provider, "tracking">): boolean {
  return tracking !== "direct";
}

/**
 * The call that makes a CDN drop copies which are still valid, as a provider of its own: it has its own id, account, quota and
 * records. Its `status` says when the copies are gone, so it is never missing.
 */
export type RefreshProvider = Omit<Provider, "refresh" | "zone"> & Required<Pick<Provider, "status">>;

export interface Provider {
  readonly id: string;
  readonly title: string;
  readonly docs: string;
  /** Id of the vendor account that pays: stable, unique, and no secret. */
  readonly account: string;
  /** The account in words, such as "project 1234 at https://vod.cn-north-4.myhuaweicloud.com". */
  readonly accountInWords?: string;
  /** Full URLs of the vendor's API, such as https://vod.cn-north-4.myhuaweicloud.com. Empty for a provider without an API. */
  readonly endpoints: readonly string[];
  readonly accepts: readonly BatchContent["kind"][];
  readonly limits: ProviderLimits;
  readonly tracking: Tracking;
  readonly depth: Depth;
  /** `depth` as one short sentence for people. */
  readonly reach: string;
  /** How a copy that is still valid is purged, as one or two short sentences for people. A prefetch does not replace it. */
  readonly purging: string;

  /** The refusal of a URL that the vendor would refuse, as far as the URL alone tells. */
  refusalOf?(url: string): PrefetchError | undefined;
  /** Hands one batch to the vendor. Throws `PrefetchError` with an honest `delivery`. */
  submit(batch: BatchContent, call: Call): Promise<Submission>;
  /** The vendor's rows for these tasks; empty while the vendor lists nothing. */
  status?(query: StatusQuery, call: Call): Promise<StatusRow[]>;
  /** The URLs and the cost of an asset. Throws `not_found` or `not_published`. */
  resolveAsset?(assetId: string, call: Call): Promise<Asset>;
  /** The account's quota by the vendor's own count. */
  quota?(call: Call): Promise<VendorQuota>;
  /**
   * Every host that the vendor serves for the account, over all pages, by a call that only reads and takes no turn. A list that
   * cannot be read to its end is an error. The hint of `auth_failed` names the permission that is missing.
   */
  hosts?(call: Call): Promise<readonly ServedHost[]>;
  /** Looks for a batch whose answer was lost. */
  findSubmitted?(batch: BatchContent, sent: Sent, call: Call): Promise<Reconciliation>;
  /**
   * For a vendor that counts quota by zone: the provider for one zone, the same object for the same zone. It has the id of this
   * provider, its own `zoneId`, an account by `zoneAccount`, and a quota and batches of its own. This provider then submits nothing
   * itself, and its `hosts` tell the zone of each host.
   */
  zone?(id: string): Provider;
  /** Of a provider for one zone. */
  readonly zoneId?: string;
  /** Drops the copies of changed content before a prefetch. Absent where the vendor has no such call that tells when it is done. */
  readonly refresh?: RefreshProvider;
  /**
   * Makes one call with the credentials that only reads and spends nothing. Throws `auth_failed` when the vendor refuses them.
   * Present exactly when there are `endpoints`.
   */
  checkLogin?(call: Call): Promise<void>;
  /** Asks CDN edges about URLs of any provider. */
  readonly edge?: Edge;
  close(): Promise<void>;
}
