/** The provider that needs no vendor: it fetches each URL through the CDN, as a viewer would, and so has it cached. */

import { createHash } from "node:crypto";
import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import type { BatchContent, Call, Progress, Provider, Submission } from "../../prefetch/model/provider.ts";
import type { ProviderContext } from "../definition.ts";
import { BATCHES_AT_ONCE, type WarmLimits } from "./limits.ts";
import { type AddressGuardOptions, createAddressGuard } from "./net/address-guard.ts";
import type { Pop } from "./net/target-rules.ts";
import type { ResolveCname } from "./probe/cname.ts";
import { createEdge } from "./probe/edge.ts";
import { variantsOf } from "./variants.ts";
import type { Way } from "./warm/fetcher.ts";
import { createWarmer } from "./warm/warmer.ts";

export type Headers = Readonly<Record<string, string>>;

export interface HttpOptions extends Pick<ProviderContext, "clock" | "userAgent">, Omit<AddressGuardOptions, "connections"> {
  readonly limits: WarmLimits;
  readonly method: "GET" | "HEAD";
  readonly redirects: number;
  /** Request headers by which viewers' requests differ; each URL is fetched once with each. */
  readonly variants?: readonly Headers[] | undefined;
  /** Edges to fetch through; without any, the one that DNS names. */
  readonly pops: readonly Pop[];
  readonly resolveCname?: ResolveCname | undefined;
}

/** What browsers accept, and so what most viewers ask for. */
const USUAL_VARIANT: Headers = { "accept-encoding": "gzip, deflate, br" };
const URLS_PER_BATCH = 100;
/** Servers commonly take 8 KiB. */
const LONGEST_URL = 8_192;

export function createHttp(options: HttpOptions): Provider {
  const { clock, userAgent, limits, method, redirects, variants = [USUAL_VARIANT], pops, resolveCname } = options;
  const guard = createAddressGuard({ ...options, connections: limits.perHost });
  // With connections of its own: what is asked about a host must not wait until the files that it is warmed with are through.
  const edgeGuard = createAddressGuard(options);
  const headers = { "user-agent": userAgent, accept: "*/*" };
  const ways = (pops.length === 0 ? [undefined] : pops).flatMap((pop) =>
    variantsOf(headers, variants).map(({ label, headers: own }): Way => {
      const names = [pop?.name, label].filter((name) => name !== undefined);
      return { name: names.join(", "), dispatcher: guard.dispatcher(pop), elsewhere: guard.dispatcher(), headers: own };
    }),
  );
  const warmer = createWarmer({ ways, clock, limits, method, redirects, checkUrl: guard.checkUrl });

  return {
    id: "http",
    title: "HTTP (any CDN)",
    docs: "https://www.rfc-editor.org/rfc/rfc9111",
    // A batch is carried out by a server that fetches through the same PoPs, as the same variants, by the same method.
    account: accountOf(options),
    accepts: ["urls"],
    tracking: "direct",
    depth: "edge",
    reach: `Each URL was ${asked[method]} through ${placesOf(pops)}; other edges are not warmed by that.`,
    limits: {
      urlsPerRequest: URLS_PER_BATCH,
      bytesPerRequest: Number.MAX_SAFE_INTEGER,
      bytesOf: (url) => url.length,
      requestsPerMinute: undefined,
      urlsPerDay: undefined,
      urlLength: LONGEST_URL,
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

    edge: createEdge({ guard: edgeGuard, clock, headers, variants, pops, resolveCname }),
    close: async () => {
      await Promise.all([guard.close(), edgeGuard.close()]);
    },
  };
}

function urlsOf(batch: BatchContent): readonly string[] {
  if (batch.kind === "urls") return batch.urls;
  throw new PrefetchError("unsupported", "The provider http knows no assets", { hint: "Use prefetch_urls with the media's URLs." });
}

function progressOf({ progress }: Call): Progress {
  if (progress) return progress;
  throw new TypeError("The provider http has to be given somewhere to tell outcomes");
}

function accountOf({ pops, variants, method }: HttpOptions): string {
  const own = JSON.stringify([pops, variants, method]);
  return pops.length === 0 && variants === undefined && method === "GET"
    ? "http"
    : `http:${createHash("sha256").update(own).digest("hex").slice(0, 12)}`;
}

const asked: Record<HttpOptions["method"], string> = {
  GET: "fetched whole",
  HEAD: "asked for by HEAD, which fills the cache of some CDNs only,",
};

function placesOf(pops: readonly Pop[]): string {
  if (pops.length === 0) return "the edge that serves this server's network";
  return pops.length > 3 ? `${pops.length} PoPs` : pops.map(({ name }) => name).join(", ");
}
