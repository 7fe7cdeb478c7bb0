/** Implements `Edge` over HTTP: checks URLs at every PoP with every variant, and reads the bodies of manifests. */

import type { Clock } from "../../../base/clock.ts";
import { explain, PrefetchError } from "../../../base/errors.ts";
import { createKeyedSemaphore } from "../../../base/keyed-semaphore.ts";
import { createSemaphore, withPermit } from "../../../base/semaphore.ts";
import type { Edge, Verification } from "../../../prefetch/model/edge.ts";
import type { AddressGuard } from "../net/address-guard.ts";
import { type HeaderRule, headerRule } from "../net/site-headers.ts";
import type { Pop } from "../net/target-rules.ts";
import { lowerNames, variantsOf } from "../variants.ts";
import { fetchBody } from "./body.ts";
import { createCnameChain, type ResolveCname } from "./cname.ts";
import { type ProbeTools, probe } from "./probe.ts";
import { mayBeStoredWithin } from "./probe-side-effects.ts";
import { reasons } from "./reasons.ts";
import { recognise } from "./recognise.ts";

export interface EdgeOptions {
  readonly guard: AddressGuard;
  readonly clock: Clock;
  /** Headers of every request, such as the user agent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sets of further headers, one row of the answer each; an empty list means one row without further headers. */
  readonly variants: readonly Readonly<Record<string, string>>[];
  /** Adds the headers that single sites get. */
  readonly headersOf?: HeaderRule | undefined;
  /** Edges to ask; an empty list means the edge that DNS returns. */
  readonly pops: readonly Pop[];
  readonly resolveCname?: ResolveCname | undefined;
  /** URLs of one host that are checked at the same time. */
  readonly urlsPerHost?: number | undefined;
  /** From 0 to below 1. */
  readonly random?: (() => number) | undefined;
}

/** More URLs load the edge and are half checked at a call's deadline; fewer make calls with one host slow. */
const URLS_PER_HOST = 4;
/** URLs of all calls that are checked at the same time. More use many sockets; with fewer, slow hosts block other hosts. */
const URLS_IN_FLIGHT = 64;

export function createEdge(options: EdgeOptions): Edge {
  const { guard, clock, headers, variants, headersOf = headerRule(), pops, resolveCname, random = Math.random } = options;
  const { urlsPerHost = URLS_PER_HOST } = options;
  const hostSlots = createKeyedSemaphore(urlsPerHost);
  const allSlots = createSemaphore(URLS_IN_FLIGHT);
  const chain = createCnameChain(resolveCname);
  const tools: ProbeTools = { clock, random, recognise: (lines, host) => recognise(lines, host, chain) };
  const requestVariants = variantsOf(headers, variants);
  const targets = pops.length > 0 ? pops : [undefined];

  /** Variants go one after another: where they share a cached copy, the request for the first fills it for the rest. */
  const verifyAt = async (pop: Pop | undefined, text: string, signal: AbortSignal): Promise<PopResult> => {
    const rows: Verification[] = [];
    let possibleFillAt: number | undefined;
    for (const { label, headers: variantHeaders } of requestVariants) {
      const row = { url: text, ...(pop && { edge: pop.name }), ...(label !== undefined && { variant: label }) };
      try {
        const url = guard.checkUrl(text);
        const sent = headersOf(url, url, variantHeaders);
        const result = await probe({ url, dispatcher: guard.dispatcher(pop), headers: sent, possibleFillAt, signal }, tools);
        possibleFillAt = result.possibleFillAt;
        rows.push({ ...row, ...result.verification });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PrefetchError)) throw error;
        rows.push({ ...row, ...notAllowed(error) });
      }
    }
    return { rows, possibleFillAt };
  };

  return {
    rowsPerUrl: targets.length * requestVariants.length,
    verify: async (url, signal) => {
      const hostname = URL.parse(url)?.hostname ?? "";
      // A URL keeps its slot until its state is clear. If all URLs took turns, none would be done at the call's deadline.
      // The host's slot comes first, so URLs that wait for a slow host hold no slot that other hosts need.
      const check = (pop: Pop | undefined) =>
        hostSlots(hostname, signal, () => withPermit(allSlots, signal, () => verifyAt(pop, url, signal)));
      return withDoubts(await Promise.all(targets.map(check)), clock.now());
    },
    body: async (input, maxBytes, signal) => {
      signal.throwIfAborted();
      const url = guard.checkUrl(input);
      // A PoP serves the requested host. For the host of a redirect, DNS returns the right edge.
      const dispatcherFor = ({ hostname }: URL) => guard.dispatcher(hostname === url.hostname ? pops[0] : undefined);
      const request = { url, maxBytes, headers: lowerNames(headers), signal };
      return fetchBody(request, { hostSlots, checkUrl: guard.checkUrl, dispatcherFor, headersOf });
    },
  };
}

interface PopResult {
  readonly rows: readonly Verification[];
  /** When a request at this PoP may first have filled caches, by the clock. */
  readonly possibleFillAt: number | undefined;
}

/** PoPs may share a cache behind them. A request that one PoP passes to the origin fills that cache for every PoP. */
function withDoubts(results: readonly PopResult[], now: number): Verification[] {
  return results.flatMap(({ rows }, index) => {
    const fillsElsewhere = results
      .filter((result, other) => other !== index && !result.rows.every(isHeld))
      .flatMap(({ possibleFillAt }) => possibleFillAt ?? []);
    const sinceMs = now - Math.min(...fillsElsewhere);
    return rows.map((row): Verification => {
      const isDoubtful = isHeld(row) && row.layer !== "edge" && sinceMs >= 0 && isRecent(row, sinceMs);
      return isDoubtful ? { ...row, state: "unknown", reason: reasons.maybeFilledAtOtherPop } : row;
    });
  });
}

function isRecent({ ageS }: Verification, sinceMs: number): boolean {
  return ageS === undefined || mayBeStoredWithin(sinceMs, ageS);
}

function isHeld({ state }: Verification): boolean {
  return state === "warm" || state === "warm-parent-only";
}

/** The guard refused the URL, so no request was sent. */
function notAllowed(error: PrefetchError): Pick<Verification, "state" | "reason" | "obstacles" | "evidence"> {
  return { state: "unknown", reason: explain(error), obstacles: [], evidence: [] };
}
