/** Questions to vendors that cost no quota, asked no more often than needed. */

import type { Cache } from "../../base/cache.ts";
import { PrefetchError } from "../../base/errors.ts";
import { createSingleFlight } from "../../base/single-flight.ts";
import { echoKey } from "../model/match-urls.ts";
import type { Asset, Provider, StatusQuery, StatusRow } from "../model/provider.ts";

/** A finished vendor task does not change; it is kept for questions that name the vendor's own id. */
const FINISHED_TTL_MS = 3_600_000;
/** An asset gains or loses renditions seldom, but does. */
const ASSET_TTL_MS = 60_000;

export interface LookupOptions {
  readonly statuses: Cache<readonly StatusRow[]>;
  readonly assets: Cache<Asset>;
  /** Resolves when the account may send its next request. */
  readonly pace: (provider: Provider, signal: AbortSignal) => Promise<void>;
  /** Overrides the providers' lowest poll interval. */
  readonly pollSeconds: number | undefined;
  /** Told when the vendor says that it is asked too often. */
  readonly onThrottled: (provider: Provider, error: PrefetchError) => Promise<void>;
  /** Aborted when the server stops. */
  readonly stopped: AbortSignal;
}

export interface Lookups {
  /** The vendor's rows for its tasks; while they change, at most one question per poll interval. */
  status(provider: Provider, query: StatusQuery, signal: AbortSignal): Promise<readonly StatusRow[]>;
  /** What an asset stands for. Throws `not_found`, `not_published`, `unsupported`. */
  asset(provider: Provider, assetId: string, signal: AbortSignal): Promise<Asset>;
}

export function createLookups({ statuses, assets, pace, pollSeconds, onThrottled, stopped }: LookupOptions): Lookups {
  const callTo = (provider: Provider) => ({ signal: stopped, turn: () => pace(provider, stopped) });
  const askStatus = createSingleFlight(statuses);
  const askAsset = createSingleFlight(assets);

  return {
    status: async (provider, query, signal) => {
      const { status } = provider;
      if (!status) throw unsupported(provider, "the outcome of a task");
      // Batches whose task ids the vendor has merged ask for themselves, because each is done at its own time.
      const which = query.content?.kind === "urls" ? ` ${query.content.urls[0]}` : "";
      return askStatus(`${provider.account} ${query.vendorTaskIds.join(",")}${which}`, signal, async () => {
        const rows = await status(query, callTo(provider)).catch(async (error: unknown) => {
          if (error instanceof PrefetchError && error.code === "rate_limited") await onThrottled(provider, error);
          throw error;
        });
        // A URL without a row: the vendor is still writing its list. Rows of a merged id may be another batch's.
        const names = new Set(rows.map((row) => echoKey(row.url)));
        const listed = query.content?.kind !== "urls" || query.content.urls.every((url) => names.has(echoKey(url)));
        const finished = rows.length > 0 && listed && rows.every((row) => row.state !== "processing");
        const pollMs = (pollSeconds ?? provider.limits.pollSeconds) * 1_000;
        return { value: rows, ttlMs: finished ? FINISHED_TTL_MS : pollMs };
      });
    },
    asset: async (provider, assetId, signal) => {
      const { resolveAsset } = provider;
      if (!resolveAsset) throw unsupported(provider, "an asset's URLs");
      return askAsset(`${provider.account} ${assetId}`, signal, async () => ({
        value: await resolveAsset(assetId, callTo(provider)),
        ttlMs: ASSET_TTL_MS,
      }));
    },
  };
}

function unsupported(provider: Provider, what: string): PrefetchError {
  return new PrefetchError("unsupported", `${provider.title}, as it is configured, gives no way to ask for ${what}`, {
    provider: provider.id,
  });
}
