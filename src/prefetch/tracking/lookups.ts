/** Look-ups at vendors that cost no quota: cached, single-flight, and no more often than the poll interval. */

import type { Cache } from "../../base/cache.ts";
import { PrefetchError } from "../../base/errors.ts";
import { createSingleFlight } from "../../base/single-flight.ts";
import { echoKey } from "../model/match-urls.ts";
import type { Asset, Provider, StatusQuery, StatusRow } from "../model/provider.ts";

/** A finished vendor task never changes. Longer only costs memory; shorter repeats questions about the vendor's own ids. */
const FINISHED_TTL_MS = 3_600_000;
/** An asset seldom gains or loses a rendition. Longer would plan with an old list; shorter asks twice for one call and its repetition. */
const ASSET_TTL_MS = 60_000;

export interface LookupOptions {
  readonly statuses: Cache<readonly StatusRow[]>;
  readonly assets: Cache<Asset>;
  /** Resolves when the account may send its next look-up. */
  readonly limiter: (provider: Provider, signal: AbortSignal, action: "look-up") => Promise<void>;
  /** Overrides the providers' lowest poll interval. */
  readonly pollSeconds: number | undefined;
  /** Called when the vendor throttles a look-up. */
  readonly pause: (provider: Provider, error: PrefetchError, action: "look-up") => Promise<void>;
  /** Aborted when the server stops. */
  readonly stopped: AbortSignal;
}

export interface Lookups {
  /** The vendor's rows for its tasks. While a task is not finished, the vendor is asked at most once per poll interval. */
  status(provider: Provider, query: StatusQuery, signal: AbortSignal): Promise<readonly StatusRow[]>;
  /** The URLs of an asset and their cost. Throws `not_found`, `not_published`, `unsupported`. */
  asset(provider: Provider, assetId: string, signal: AbortSignal): Promise<Asset>;
}

export function createLookups({ statuses, assets, limiter, pollSeconds, pause, stopped }: LookupOptions): Lookups {
  const callTo = (provider: Provider) => ({ signal: stopped, turn: () => limiter(provider, stopped, "look-up") });
  const askStatus = createSingleFlight(statuses);
  const askAsset = createSingleFlight(assets);

  return {
    status: async (provider, query, signal) => {
      const { status } = provider;
      if (!status) throw unsupported(provider, "the outcome of a task");
      // A vendor may give several batches one id; each batch is finished at its own time, so each has its own key.
      const which = query.content?.kind === "urls" ? ` ${query.content.urls[0]}` : "";
      return askStatus(`${provider.account} ${query.vendorTaskIds.join(",")}${which}`, signal, async () => {
        const rows = await status(query, callTo(provider)).catch(async (error: unknown) => {
          if (error instanceof PrefetchError && error.code === "rate_limited") await pause(provider, error, "look-up");
          throw error;
        });
        // The vendor writes its list step by step, and the rows of a shared id may belong to another batch.
        const listedUrls = new Set(rows.map((row) => echoKey(row.url)));
        const isListed = query.content?.kind !== "urls" || query.content.urls.every((url) => listedUrls.has(echoKey(url)));
        const finished = rows.length > 0 && isListed && rows.every((row) => row.state !== "processing");
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
  return new PrefetchError("unsupported", `${provider.title} offers no way on this server to ask for ${what}`, {
    provider: provider.id,
  });
}
