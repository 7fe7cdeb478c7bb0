/** The edge, asked over HTTP: what `prefetch/edge.ts` promises. */

import type { Clock } from "../../../base/clock.ts";
import { explain, PrefetchError } from "../../../base/errors.ts";
import { createKeyedSemaphore } from "../../../base/keyed-semaphore.ts";
import { createSemaphore, withPermit } from "../../../base/semaphore.ts";
import type { Edge, Verification } from "../../../prefetch/model/edge.ts";
import type { AddressGuard } from "../net/address-guard.ts";
import type { Pop } from "../net/target-rules.ts";
import { lowered, variantsOf } from "../variants.ts";
import { createCnameChain, type ResolveCname } from "./cname.ts";
import { type ProbeTools, probe } from "./probe.ts";
import { mayBeSince } from "./probe-side-effects.ts";
import { recognise } from "./recognise.ts";
import { readText } from "./text.ts";
import { perhapsOtherPlace } from "./wording.ts";

export interface EdgeOptions {
  readonly guard: AddressGuard;
  readonly clock: Clock;
  /** Of every request, the user agent among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further headers, one row of the answer for each set; empty for one row without any. */
  readonly variants: readonly Readonly<Record<string, string>>[];
  /** Edges to ask instead of the one that DNS names; empty for that one. */
  readonly pops: readonly Pop[];
  readonly resolveCname?: ResolveCname | undefined;
  /** URLs of one host that are looked at, at a time. */
  readonly perHost?: number | undefined;
  /** From 0 to below 1. */
  readonly random?: (() => number) | undefined;
}

const PER_HOST = 4;
/** URLs that are looked at, over all calls. */
const AT_ONCE = 64;

export function createEdge({ guard, clock, headers, variants, pops, resolveCname, perHost = PER_HOST, random }: EdgeOptions): Edge {
  const turns = createKeyedSemaphore(perHost);
  const everywhere = createSemaphore(AT_ONCE);
  const chain = createCnameChain(resolveCname);
  const tools: ProbeTools = { clock, random: random ?? Math.random, recognise: (lines, host) => recognise(lines, host, chain) };
  const asked = variantsOf(headers, variants);
  const places = pops.length > 0 ? pops : [undefined];

  /** One after the other: where variants share a copy, the first one's request fills it for those after it. */
  const verifyAt = async (pop: Pop | undefined, text: string, signal: AbortSignal): Promise<AtPlace> => {
    const rows: Verification[] = [];
    let disturbedAt: number | undefined;
    for (const variant of asked) {
      const named = { url: text, ...(pop && { edge: pop.name }), ...(variant.label !== undefined && { variant: variant.label }) };
      try {
        const url = guard.checkUrl(text);
        const found = await probe({ url, dispatcher: guard.dispatcher(pop), headers: variant.headers, disturbedAt, signal }, tools);
        disturbedAt = found.disturbedAt;
        rows.push({ ...named, ...found.verification });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PrefetchError)) throw error;
        rows.push({ ...named, ...refused(error) });
      }
    }
    return { rows, disturbedAt };
  };

  return {
    rowsPerUrl: places.length * asked.length,
    verify: async (url, signal) => {
      const hostname = URL.parse(url)?.hostname ?? "";
      // A URL keeps its turn until it is clear: all together, none would be by the time that the call has to answer. Who waits
      // for a host's turn takes no place from other hosts.
      const look = (pop: Pop | undefined) =>
        turns(hostname, signal, () => withPermit(everywhere, signal, () => verifyAt(pop, url, signal)));
      return withDoubts(await Promise.all(places.map(look)), clock.now());
    },
    text: async (input, mostBytes, signal) => {
      signal.throwIfAborted();
      const url = guard.checkUrl(input);
      // A PoP stands in for the host that was asked for; of others, to which this one redirects, DNS knows more.
      const dispatcherFor = ({ hostname }: URL) => guard.dispatcher(hostname === url.hostname ? pops[0] : undefined);
      return readText({ url, mostBytes, headers: lowered(headers), signal }, { turns, checkUrl: guard.checkUrl, dispatcherFor });
    },
  };
}

/** What was found at one place, and since when a request there may have filled caches, by the clock. */
interface AtPlace {
  readonly rows: readonly Verification[];
  readonly disturbedAt: number | undefined;
}

/** Places may have a cache behind them in common, which what one of them fetches from the origin fills for the others. */
function withDoubts(found: readonly AtPlace[], now: number): Verification[] {
  return found.flatMap(({ rows }, index) => {
    const others = found.filter((other, nth) => nth !== index && !other.rows.every(isHeld));
    const since = Math.min(...others.flatMap(({ disturbedAt }) => disturbedAt ?? []));
    return rows.map((row): Verification => {
      if (!isHeld(row) || row.layer === "edge" || !mayBeSince(row.ageS, now - since)) return row;
      return { ...row, state: "unknown", reason: perhapsOtherPlace };
    });
  });
}

function isHeld({ state }: Verification): boolean {
  return state === "warm" || state === "warm-parent-only";
}

/** What the guard did not let through has not been asked for. */
function refused(error: PrefetchError): Pick<Verification, "state" | "reason" | "obstacles" | "evidence"> {
  return { state: "unknown", reason: explain(error), obstacles: [], evidence: [] };
}
