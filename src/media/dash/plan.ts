/** Plans each representation: its files and runs, before it lists any segment. */

import { attribute } from "../../documents/attributes.ts";
import type { MediaRole } from "../manifest.ts";
import { type Address, bySegmentList, bySegmentTemplate, type Segments, type Setting } from "./addressing.ts";
import { addOffsets, type Base, offsetOf } from "./base-url.ts";
import { type Clock, spanOf } from "./clock.ts";
import { lastSegmentNumber } from "./descriptors.ts";
import { unsigned } from "./numbers.ts";
import type { PeriodTime } from "./periods.ts";
import { Unusable } from "./problem.ts";
import type { Query } from "./query.ts";
import type { DashRendition, SetFacts } from "./renditions.ts";
import { fileOf, type SegmentInfo, segmentInfoOf, valueIn } from "./segment-info.ts";
import { parseTemplate } from "./template.ts";
import { readTimeline, type Steps, type Timeline } from "./timeline.ts";
import type { XmlElement } from "./xml.ts";

/** A file that does not belong to one segment. */
export interface FixedFile extends Address {
  readonly role: MediaRole;
}

export interface Plan {
  readonly rendition: DashRendition;
  readonly period: PeriodTime;
  readonly base: Base;
  readonly query: Query;
  readonly fixed: readonly FixedFile[];
  readonly segments: Segments | undefined;
}

export interface Place {
  readonly representation: XmlElement;
  readonly facts: SetFacts;
  readonly period: PeriodTime;
  readonly base: Base;
  readonly query: Query;
  readonly rendition: DashRendition;
}

/** Shares the runs of a timeline between the representations that read it with the same rules. */
export type RunCache = WeakMap<XmlElement, Map<string, Timeline>>;

type Skip = (uri: string, reason: string) => void;

/** Throws `Unusable` for a representation that leads to no file. */
export function planOf(place: Place, clock: Clock, steps: Steps, cache: RunCache, skip: Skip): Plan {
  const { representation, facts, period, base, query, rendition } = place;
  if (query.problem !== undefined) throw new Unusable(query.problem);
  const info = segmentInfoOf([representation, facts.set, period.element]);
  const plan = { rendition, period, base, query };
  if (info === undefined || info.type === "SegmentBase") return { ...plan, fixed: filesOf(info, base), segments: undefined };
  const described = {
    id: attribute(representation, "id"),
    bandwidth: attribute(representation, "bandwidth"),
    lastNumber: lastNumberOf(place),
  };
  const setting = settingOf(place, info, clock, steps, cache);
  const isList = info.type === "SegmentList";
  const segments = isList ? bySegmentList(info, setting) : bySegmentTemplate(info, described, setting);
  return { ...plan, fixed: isList ? headersOf(info) : [...templatedHeaders(info, described, skip), ...headersOf(info)], segments };
}

function lastNumberOf({ representation, facts }: Place): bigint | undefined {
  const text = lastSegmentNumber(representation) ?? facts.lastNumber;
  return text === undefined ? undefined : unsigned(text);
}

function settingOf({ period, base }: Place, info: SegmentInfo, clock: Clock, steps: Steps, cache: RunCache): Setting {
  const offset = addOffsets(base.availabilityTimeOffset, offsetOf(valueIn(info, "availabilityTimeOffset")));
  return {
    span: (timescale) => spanOf(period, clock, offset, timescale),
    length: period.start === undefined || period.end === undefined ? undefined : period.end - period.start,
    isClockless: clock.isLive && clock.now === undefined,
    timeline: ({ timeline }, rules) => {
      const known = cache.get(timeline) ?? new Map<string, Timeline>();
      const { presentationTimeOffset, startNumber, lastNumber, parts, span } = rules;
      const key = [presentationTimeOffset, startNumber, lastNumber, parts, span.before, span.complete].join(" ");
      const read = known.get(key) ?? readTimeline(timeline, { ...rules, steps });
      cache.set(timeline, known.set(key, read));
      return read;
    },
  };
}

/** One file that contains its own index, or a file without segments (sections 5.3.9.1 and 5.3.9.2). */
function filesOf(info: SegmentInfo | undefined, base: Base): readonly FixedFile[] {
  if (!base.isNamed) throw new Unusable("names no file: it has neither segments nor a BaseURL");
  const file: FixedFile = { role: "file", uri: undefined, range: undefined };
  // Vendors take URLs, not ranges, so the ranges of the init section and the index are in the whole file.
  return info === undefined ? [file] : [file, ...headersOf(info).filter(({ uri }) => uri !== undefined)];
}

const headers = ["Initialization", "BitstreamSwitching", "RepresentationIndex"] as const;

function headersOf(info: SegmentInfo): readonly FixedFile[] {
  return headers.flatMap((name) => {
    const found = fileOf(info, name);
    return found === undefined || (found.sourceUrl === undefined && found.range === undefined)
      ? []
      : [{ role: "init" as const, uri: found.sourceUrl, range: found.range }];
  });
}

type Described = Parameters<typeof parseTemplate>[1];

/**
 * The attributes may not have `$Number$` or `$Time$` (section 5.3.9.4.2), except for an index of each segment. The address of
 * such an init section is unknown; the segments are still right.
 */
function templatedHeaders(info: SegmentInfo, described: Described, skip: Skip): readonly FixedFile[] {
  return ["initialization", "bitstreamSwitching", "index"].flatMap((name) => {
    const text = valueIn(info, name);
    if (text === undefined) return [];
    const { fill, varies, hasParts } = parseTemplate(text, described);
    if (!varies && !hasParts) return [{ role: "init" as const, uri: fill({ number: 0n, time: 0n, part: 0 }), range: undefined }];
    if (name !== "index") skip(text, `has an identifier that only segments have (SegmentTemplate@${name})`);
    return [];
  });
}
