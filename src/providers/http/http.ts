/** The provider for any CDN: it warms an edge by fetching each URL through it, as a viewer would. */

import { createHash } from "node:crypto";
import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import type { BatchContent, Call, Progress, Provider, Submission } from "../../prefetch/model/provider.ts";
import type { ProviderContext } from "../definition.ts";
import { BATCHES_AT_ONCE, type WarmLimits } from "./limits.ts";
import { type AddressGuard, type AddressGuardOptions, createAddressGuard } from "./net/address-guard.ts";
import { headerRule, type SiteHeaders } from "./net/site-headers.ts";
import type { Pop } from "./net/target-rules.ts";
import type { ResolveCname } from "./probe/cname.ts";
import { createEdge } from "./probe/edge.ts";
import { variantsOf } from "./variants.ts";
import type { FetchRoute } from "./warm/fetch-context.ts";
import { createWarmer } from "./warm/warmer.ts";

export type Headers = Readonly<Record<string, string>>;

export interface HttpOptions extends Pick<ProviderContext, "clock" | "userAgent">, Omit<AddressGuardOptions, "connections"> {
  readonly limits: WarmLimits;
  readonly method: "GET" | "HEAD";
  readonly redirects: number;
  /** Sets of request headers. Each URL is fetched once with each set. */
  readonly variants?: readonly Headers[] | undefined;
  /** Request headers for single sites. They replace those of a variant. */
  readonly siteHeaders?: readonly SiteHeaders[] | undefined;
  /** Edges to fetch through; an empty list means the edge that DNS returns. */
  readonly pops: readonly Pop[];
  readonly resolveCname?: ResolveCname | undefined;
}

/** Browsers send this, so most viewers get this variant. */
const DEFAULT_VARIANT: Headers = { "accept-encoding": "gzip, deflate, br" };
/** Larger batches repeat more URLs after a crash; smaller ones cost more writes to the store. */
const URLS_PER_BATCH = 100;
/** Servers commonly accept request lines of up to 8 KiB. */
const MAX_URL_LENGTH = 8_192;

export function createHttp(options: HttpOptions): Provider {
  const { clock, userAgent, limits, method, redirects, variants = [DEFAULT_VARIANT], siteHeaders, pops, resolveCname } = options;
  const guard = createAddressGuard({ ...options, connections: limits.requestsPerHost });
  // Probes have their own connections: a question about a host must not wait until its files are fetched.
  const edgeGuard = createAddressGuard(options);
  const headers = { "user-agent": userAgent, accept: "*/*" };
  const headersOf = headerRule(siteHeaders);
  const routes = routesFor({ guard, headers, variants, pops });
  const warmer = createWarmer({ routes, clock, limits, method, redirects, headersOf, checkUrl: guard.checkUrl });

  return {
    id: "http",
    title: "HTTP (any CDN)",
    docs: "https://www.rfc-editor.org/rfc/rfc9111",
    account: accountOf(options),
    endpoints: [],
    accepts: ["urls"],
    tracking: "direct",
    depth: "edge",
    reach: `Each URL was ${requested[method]} through ${describePops(pops)}; this warms no other edge.`,
    purging:
      'This server cannot purge through http: use the API or the console of the CDN, which verify_prefetch names, or publish under a new URL. Rows that say "already in the cache" kept their copy.',
    limits: {
      urlsPerRequest: URLS_PER_BATCH,
      bytesPerRequest: Number.MAX_SAFE_INTEGER,
      bytesOf: (url) => url.length,
      requestsPerMinute: undefined,
      urlsPerDay: undefined,
      urlLength: MAX_URL_LENGTH,
      timeZone: "UTC",
      pollSeconds: 0,
      batchesAtOnce: BATCHES_AT_ONCE,
    },

    refusalOf: (url) => {
      try {
        guard.checkUrl(url);
        return undefined;
      } catch (error) {
        return asPrefetchError(error);
      }
    },

    submit: async (batch, call): Promise<Submission> => {
      const urls = urlsOf(batch);
      const progress = progressOf(call);
      await call.turn();
      await warmer.warm(urls, progress, call.signal);
      return { vendorTaskIds: [], refused: [] };
    },

    edge: createEdge({ guard: edgeGuard, clock, headers, variants, headersOf, pops, resolveCname }),
    close: async () => {
      await Promise.all([guard.close(), edgeGuard.close()]);
    },
  };
}

interface RouteOptions {
  readonly guard: AddressGuard;
  readonly headers: Headers;
  readonly variants: readonly Headers[];
  readonly pops: readonly Pop[];
}

function routesFor({ guard, headers, variants, pops }: RouteOptions): FetchRoute[] {
  const pinned = pops.length === 0 ? [undefined] : pops;
  return pinned.flatMap((pop) =>
    variantsOf(headers, variants).map((variant) => ({
      name: [pop?.name, variant.label].filter((part) => part !== undefined).join(", "),
      dispatcher: guard.dispatcher(pop),
      redirectDispatcher: guard.dispatcher(),
      headers: variant.headers,
    })),
  );
}

function urlsOf(batch: BatchContent): readonly string[] {
  if (batch.kind === "urls") return batch.urls;
  throw new PrefetchError("unsupported", "The provider http accepts URLs only, no assets", {
    hint: "Call prefetch_urls with the URLs of the media.",
  });
}

function progressOf({ progress }: Call): Progress {
  if (progress) return progress;
  throw new TypeError("The provider http reports outcomes to call.progress, which is missing");
}

/** Servers with the same account may take over each other's batches, so it covers everything that makes routes differ. */
function accountOf({ pops, variants, method, siteHeaders }: HttpOptions): string {
  if (pops.length === 0 && variants === undefined && method === "GET" && siteHeaders === undefined) return "http";
  // Without the values: a server with a renewed cookie must find the tasks of the server before it.
  const sites = siteHeaders?.map(({ site, headers }) => [site, Object.keys(headers)]);
  const routing = JSON.stringify([pops, variants, method, ...(sites ? [sites] : [])]);
  return `http:${createHash("sha256").update(routing).digest("hex").slice(0, 12)}`;
}

const requested: Record<HttpOptions["method"], string> = {
  GET: "fetched in full",
  HEAD: "requested by HEAD, which fills the cache of some CDNs only,",
};

function describePops(pops: readonly Pop[]): string {
  if (pops.length === 0) return "the edge that serves this server's network";
  return pops.length > 3 ? `${pops.length} PoPs` : pops.map(({ name }) => name).join(", ");
}
