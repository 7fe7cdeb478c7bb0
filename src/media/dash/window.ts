/** The part of the presentation that players fetch within a scope, before any segment is listed. */

import type { StreamScope } from "../../prefetch/model/stream.ts";
import { isTrickPlay } from "../manifest.ts";
import { WINDOW_SECONDS } from "../scope.ts";
import type { Clock } from "./clock.ts";
import { fromMilliseconds, least, most } from "./instant.ts";
import type { Plan } from "./plan.ts";
import { clip, endOf, type Run, ticksDown, ticksUp, toTime } from "./runs.ts";

export interface Window {
  /** Where players start, on the presentation's clock. */
  readonly start: bigint;
  /** `undefined` for a recording. */
  readonly edge: bigint | undefined;
  /** The reader lists nothing that ends at or before it. */
  readonly after: bigint | undefined;
  /** The reader lists nothing that begins at or after it. */
  readonly before: bigint | undefined;
}

const AT_LEAST = fromMilliseconds(WINDOW_SECONDS * 1_000);
/** Players that get no delay from the manifest start about three segments behind the live edge, as in HLS. */
const SEGMENTS_BEHIND = 3n;

export function windowOf(plans: readonly Plan[], clock: Clock, scope: StreamScope): Window {
  const extent = extentOf(plans);
  if (extent === undefined) return { start: 0n, edge: undefined, after: undefined, before: undefined };
  // The scope "manifests" takes none of the segments; the window keeps them few.
  const isShort = scope !== "full";
  if (!clock.isLive) {
    // An ended stream keeps what its time shift buffer held.
    const kept = clock.depth === undefined ? extent.begin : most(extent.begin, extent.end - clock.depth);
    return { start: kept, edge: undefined, after: kept, before: isShort ? kept + AT_LEAST : undefined };
  }
  const edge = clock.now === undefined ? extent.end : least(extent.end, clock.now);
  const delayed = clock.delay === undefined ? edge - SEGMENTS_BEHIND * extent.longest : (clock.now ?? edge) - clock.delay;
  const start = clock.depth === undefined ? delayed : most(delayed, edge - clock.depth);
  const begin = least(start, edge - AT_LEAST);
  const after = clock.depth === undefined ? begin : most(begin, edge - clock.depth);
  return { start, edge, after, before: isShort ? begin + AT_LEAST : undefined };
}

/** The runs of a plan in the window. Representations that share runs share the result, so `cached` belongs to one window. */
export function runsIn(
  { segments, period }: Plan,
  { after, before }: Window,
  cached: WeakMap<readonly Run[], readonly Run[]>,
): readonly Run[] {
  if (segments === undefined) return [];
  const { runs, timescale, isTimed } = segments;
  if (!isTimed || after === undefined) return runs;
  const known = cached.get(runs);
  if (known !== undefined) return known;
  const start = period.start ?? 0n;
  const span = {
    after: ticksDown(after - start, timescale),
    before: before === undefined ? undefined : ticksUp(before - start, timescale),
    complete: undefined,
  };
  const inWindow = runs.flatMap((run) => clip(run, span) ?? []);
  cached.set(runs, inWindow);
  return inWindow;
}

/** Whether a file that lasts as long as its Period plays in the window. */
export function periodPlays({ period: { start = 0n, end } }: Plan, { after, before }: Window): boolean {
  return (after === undefined || end === undefined || end > after) && (before === undefined || start < before);
}

interface Extent {
  readonly begin: bigint;
  readonly end: bigint;
  /** Length of the longest segment. */
  readonly longest: bigint;
}

/** Pictures for seeking do not decide where a stream begins and ends. */
function extentOf(plans: readonly Plan[]): Extent | undefined {
  const timed = plans.filter(({ rendition }) => !isTrickPlay(rendition.kind));
  const seen = new Set<unknown>();
  let all: Extent | undefined;
  for (const plan of timed.length > 0 ? timed : plans) {
    const runs = plan.segments?.runs;
    if (runs !== undefined && seen.has(runs)) continue;
    seen.add(runs ?? plan);
    for (const each of extentsOf(plan)) all = joined(all, each);
  }
  return all;
}

function* extentsOf({ segments, period: { start = 0n, end } }: Plan): Generator<Extent> {
  if (segments === undefined) yield { begin: start, end: end ?? start, longest: 0n };
  else if (segments.isTimed) {
    const { runs, timescale } = segments;
    for (const run of runs) {
      const last = start + toTime(endOf(run), timescale);
      const begin = most(start + toTime(run.start, timescale), start);
      yield { begin, end: end === undefined ? last : least(last, end), longest: toTime(run.duration, timescale) };
    }
  }
}

function joined(all: Extent | undefined, each: Extent): Extent {
  if (all === undefined) return each;
  return { begin: least(all.begin, each.begin), end: most(all.end, each.end), longest: most(all.longest, each.longest) };
}
