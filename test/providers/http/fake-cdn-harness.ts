/** A CDN on loopback with a real store, whose headers follow one vendor's dialect. */

import type { IncomingMessage } from "node:http";
import { type Canary, canary } from "./network-harness.ts";

/** The headers of a response; `found` is the stored copy. */
export type Dialect = (found: { readonly ageS: number } | undefined, request: IncomingMessage) => Readonly<Record<string, string>>;

export const dialects = {
  cloudflare: (found) => ({
    server: "cloudflare",
    "cf-ray": "8f1b2c3d4e5f6a7b-FRA",
    "cf-cache-status": found ? "HIT" : "MISS",
    ...(found && { age: String(found.ageS) }),
  }),
  fastly: (found) => ({
    "x-served-by": "cache-iad-kiad7000123-IAD, cache-fra-etou8220043-FRA",
    "x-timer": "S1700000000.123456,VS0,VE1",
    "x-cache": found ? "MISS, HIT" : "MISS, MISS",
  }),
  cloudfront: (found) => ({ "x-amz-cf-id": "id==", "x-amz-cf-pop": "FRA60-P4", "x-cache": `${found ? "Hit" : "Miss"} from cloudfront` }),
  huawei: (found) => ({
    "x-ccdn-req-id-46": "x",
    "x-hcs-proxy-type": found ? "1" : "0",
    "x-cache-lookup": found ? "Hit From MemCache" : "Cache Miss",
  }),
  alibaba: (found) => ({
    eagleid: "1",
    via: "a.l2cn1[0,0,200-0,M], b.cn2[0,0]",
    "x-cache": found ? "HIT TCP_MEM_HIT dirn:1:2" : "MISS TCP_MISS dirn:-2:-2",
  }),
  netlify: (found) => ({ server: "Netlify", "cache-status": found ? '"Netlify Edge"; hit; ttl=30' : '"Netlify Edge"; fwd=miss' }),
  varnish: (found) => ({ via: "1.1 varnish (Varnish/7.1)", "x-cache": found ? "HIT" : "MISS" }),
  /** Describes its cache only when the request has the debug `Pragma`. */
  akamai: (found, { headers }) => ({
    server: "AkamaiGHost",
    ...(String(headers.pragma).includes("akamai-x-cache-on") && {
      "x-cache": `${found ? "TCP_HIT" : "TCP_MISS"} from a23-67-252-148.deploy.akamaitechnologies.com (AkamaiGHost/11.1) (-)`,
    }),
  }),
  /** Sends only `Age`. */
  plain: (found): Record<string, string> => (found ? { age: String(found.ageS) } : {}),
  silent: () => ({}),
} satisfies Record<string, Dialect>;

export interface FakeCdn extends Canary {
  readonly url: (path: string, host?: string) => string;
  /** Method and range of each request, e.g. `GET bytes=0-0`. */
  readonly asked: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  /** Returns `asked` and clears it. */
  forget(): readonly string[];
  /** Puts an object into the store. */
  hold(path: string, ageS?: number): void;
}

export async function fakeCdn(dialect: Dialect, now: () => number = Date.now): Promise<FakeCdn> {
  const store = new Map<string, number>();
  const asked: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server = await canary({
    answer: (request, response) => {
      const { url = "", method = "", headers: own } = request;
      asked.push([method, own.range].filter(Boolean).join(" "));
      headers.push(own);
      const storedAt = store.get(url);
      if (storedAt === undefined) store.set(url, now());
      const found = storedAt === undefined ? undefined : { ageS: Math.floor((now() - storedAt) / 1_000) };
      const range = own.range ? { "content-range": "bytes 0-0/100", "content-length": 1 } : { "content-length": 100 };
      response.writeHead(own.range ? 206 : 200, { "cache-control": "max-age=60", ...range, ...dialect(found, request) });
      response.end(method === "HEAD" ? undefined : "x".repeat(Number(range["content-length"])));
    },
  });
  return Object.assign(server, {
    url: (path: string, host = "media.example") => `http://${host}:${server.port}${path}`,
    asked,
    headers,
    forget: () => asked.splice(0),
    hold: (path: string, ageS = 100) => void store.set(path, now() - ageS * 1_000),
  });
}
