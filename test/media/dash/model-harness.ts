/**
 * Manifests made from a model that knows its own segments. The model lists each segment one by one and compares times as
 * fractions; the reader under test computes with runs, so that the two share no mistake.
 */

import fc from "fast-check";

export interface Generated {
  readonly xml: string;
  /** URLs relative to the manifest's folder, of a recording. */
  readonly files: readonly string[];
}

/** Ticks of one timescale. */
interface Piece {
  readonly start: bigint;
  readonly duration: bigint;
  readonly isPresented: boolean;
}

const SCALES = [1n, 3n, 1_000n, 48_000n, 90_000n, 10_000_000n] as const;

interface PeriodModel {
  /** Milliseconds. */
  readonly length: number;
  readonly statesStart: boolean;
  readonly statesDuration: boolean;
  readonly sets: readonly SetModel[];
}

interface SetModel {
  readonly shape: "number" | "timeline" | "list" | "file";
  readonly scale: bigint;
  /** Segment durations in milliseconds; a shape of equal segments uses the first. */
  readonly durations: readonly number[];
  /** Milliseconds of silence before a segment, by its place. */
  readonly gaps: readonly number[];
  readonly offset: bigint;
  readonly startNumber: bigint | undefined;
  readonly endNumber: number | undefined;
  readonly isOpen: boolean;
  readonly byTime: boolean;
  readonly width: number;
  readonly hasInit: boolean;
  readonly base: string;
  /** Level of each attribute of the segment information. */
  readonly levels: readonly number[];
  readonly bandwidths: readonly number[];
}

const setModel = (shapes: readonly SetModel["shape"][]): fc.Arbitrary<SetModel> =>
  fc.record({
    shape: fc.constantFrom(...shapes),
    scale: fc.constantFrom(...SCALES),
    durations: fc.array(fc.constantFrom(1_000, 2_000, 2_000, 2_000, 4_000, 6_000, 10_000), { minLength: 1, maxLength: 12 }),
    gaps: fc.array(fc.constantFrom(0, 0, 0, 0, 1_000), { minLength: 12, maxLength: 12 }),
    offset: fc.constantFrom(0n, 0n, 7n, 900_000n, 17_805_312_000_000_001n),
    startNumber: fc.constantFrom(undefined, 0n, 1n, 5n, 254n, 9_007_199_254_740_993n),
    endNumber: fc.constantFrom(undefined, undefined, 0, 2, 100),
    isOpen: fc.boolean(),
    byTime: fc.boolean(),
    width: fc.constantFrom(0, 1, 5),
    hasInit: fc.boolean(),
    base: fc.constantFrom("", "a/", "a/b/"),
    levels: fc.array(fc.constantFrom(0, 1, 2), { minLength: 12, maxLength: 12 }),
    bandwidths: fc.uniqueArray(fc.constantFrom(100, 2_000, 30_000), { minLength: 1, maxLength: 2 }),
  });

const periodModel = (shapes: readonly SetModel["shape"][], mostSets: number): fc.Arbitrary<PeriodModel> =>
  fc.record({
    length: fc.constantFrom(500, 4_000, 10_000, 12_001, 30_000, 33_367),
    statesStart: fc.boolean(),
    statesDuration: fc.boolean(),
    sets: fc.array(setModel(shapes), { minLength: 1, maxLength: mostSets }),
  });

const segmented = ["number", "timeline", "list"] as const;

export const recordings: fc.Arbitrary<Generated> = fc
  .array(periodModel([...segmented, "file"], 3), { minLength: 1, maxLength: 3 })
  .map(write);

/**
 * What shaka-player tells completely. It reads the index of a single file to know its segments. Over several Periods it joins
 * the representations that are most alike, drops the rest, and does not cut the timeline of the last Period at its end.
 */
export const playable: fc.Arbitrary<Generated> = fc
  .oneof(
    fc.array(periodModel(segmented, 3).map(asPlayed), { minLength: 1, maxLength: 1 }),
    fc.array(periodModel(["number"], 1).map(asPlayed).map(withOneRepresentation), { minLength: 2, maxLength: 3 }),
  )
  .map(write);

/** shaka-player computes in floating point, so that large numbers and sums of fractions are not exact, and ignores `@endNumber`. */
function asPlayed(period: PeriodModel): PeriodModel {
  const small = (value: bigint): bigint => value % 1_000_000n;
  const sets = period.sets.map((set) => ({
    ...set,
    offset: small(set.offset),
    startNumber: set.startNumber && small(set.startNumber),
    endNumber: undefined,
  }));
  return { ...period, length: Math.ceil(period.length / 500) * 500, sets };
}

function withOneRepresentation(period: PeriodModel): PeriodModel {
  return { ...period, sets: period.sets.map((set) => ({ ...set, bandwidths: set.bandwidths.slice(0, 1) })) };
}

function write(periods: readonly PeriodModel[]): Generated {
  const files: string[] = [];
  const total = periods.reduce((sum, { length }) => sum + length, 0);
  let start = 0;
  const xml = periods.map((period, index) => {
    const next = periods[index + 1];
    const begin = start;
    start += period.length;
    // One of the two rules tells where each Period but the first begins.
    const isTold = period.statesDuration || next?.statesStart === true || next === undefined;
    const attributes = [
      period.statesStart ? ` start="${duration(begin)}"` : "",
      period.statesDuration || !isTold ? ` duration="${duration(period.length)}"` : "",
    ].join("");
    const sets = period.sets.map((set, place) => writeSet(distinct(set, place), period.length, `${index}-${place}`, files)).join("");
    return `<Period id="p${index}"${attributes}>${sets}</Period>`;
  });
  return {
    xml: `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="${duration(total)}">${xml.join("")}</MPD>`,
    files,
  };
}

/** Players take representations of one bit rate for one. */
function distinct(set: SetModel, place: number): SetModel {
  return { ...set, bandwidths: set.bandwidths.map((bandwidth) => bandwidth + place) };
}

function duration(milliseconds: number): string {
  const [minutes, rest] = [Math.floor(milliseconds / 60_000), milliseconds % 60_000];
  return `PT${minutes > 0 ? `${minutes}M` : ""}${(rest / 1_000).toFixed(3)}S`;
}

function writeSet(set: SetModel, length: number, name: string, files: string[]): string {
  const pieces = piecesOf(set, length);
  const folder = `${name}/${set.base}`;
  const representations = set.bandwidths.map((bandwidth, index) => {
    const id = `r${name}-${index}`;
    const listed = filesOf(set, pieces, id, bandwidth);
    // A representation without a segment has nothing to play, so its init section is not fetched either.
    if (listed.media.length > 0) files.push(...[...listed.init, ...listed.media].map((file) => `${folder}${file}`));
    return { id, bandwidth, body: set.shape === "file" ? `<BaseURL>${id}.mp4</BaseURL><SegmentBase indexRange="100-200"/>` : "" };
  });
  const info = infoOf(set, pieces);
  const at = (level: number): string => (info === undefined ? "" : info(level));
  const inner = representations
    .map(({ id, bandwidth, body }) => `<Representation id="${id}" bandwidth="${bandwidth}">${body}${at(0)}</Representation>`)
    .join("");
  return `<AdaptationSet mimeType="video/mp4" codecs="avc1.4d401f"><BaseURL>${folder}</BaseURL>${at(1)}${inner}</AdaptationSet>`;
}

function ticks(milliseconds: number, scale: bigint): bigint {
  return (BigInt(milliseconds) * scale) / 1_000n || 1n;
}

/** Each segment that the set describes, in the order of its numbers. */
function piecesOf(set: SetModel, length: number): readonly Piece[] {
  const { scale, shape, isOpen } = set;
  // start / scale < length / 1000
  const isPresented = (start: bigint): boolean => start * 1_000n < BigInt(length) * scale;
  const pieces: Piece[] = [];
  const add = (start: bigint, each: bigint): void => {
    pieces.push({ start, duration: each, isPresented: isPresented(start) });
  };
  if (shape === "number") {
    const each = ticks(set.durations[0] ?? 0, scale);
    for (let start = 0n; isPresented(start); start += each) add(start, each);
    return pieces;
  }
  let time = 0n;
  for (const [index, each] of set.durations.entries()) {
    const gap = set.gaps[index] ?? 0;
    if (shape === "timeline" && gap > 0) time += ticks(gap, scale);
    const own = shape === "list" ? ticks(set.durations[0] ?? 0, scale) : ticks(each, scale);
    add(time, own);
    time += own;
  }
  const last = pieces.at(-1);
  if (shape === "timeline" && isOpen && last !== undefined) for (; isPresented(time); time += last.duration) add(time, last.duration);
  return pieces;
}

function filesOf(set: SetModel, pieces: readonly Piece[], id: string, bandwidth: number): { init: string[]; media: string[] } {
  const { shape, startNumber = 1n, endNumber, offset, byTime, width, hasInit } = set;
  if (shape === "file") return { init: [], media: [`${id}.mp4`] };
  const init = hasInit ? [shape === "list" ? "init.mp4" : `${id}/$/${bandwidth}.mp4`] : [];
  const media = pieces.flatMap(({ start, isPresented }, index) => {
    if (!isPresented) return [];
    if (shape === "list") return [`list-${index}.m4s`];
    if (endNumber !== undefined && BigInt(index) > BigInt(endNumber)) return [];
    const value = byTime ? start + (shape === "timeline" ? offset : 0n) : startNumber + BigInt(index);
    return [`${id}-${value.toString().padStart(width, "0")}.m4s`];
  });
  return { init, media };
}

/** The segment information of one level: each attribute on a level of its own, with a wrong value above it. */
function infoOf(set: SetModel, pieces: readonly Piece[]): ((level: number) => string) | undefined {
  const { shape, scale, startNumber, endNumber, offset, byTime, width, hasInit, levels } = set;
  if (shape === "file") return undefined;
  const hole = `$${byTime ? "Time" : "Number"}${width === 0 ? "" : `%0${width}d`}$`;
  const isList = shape === "list";
  const values: [name: string, value: string | undefined, wrong: string][] = [
    ["timescale", `${scale}`, "77"],
    ["presentationTimeOffset", offset === 0n ? undefined : `${offset}`, "5"],
    ["duration", shape === "timeline" ? undefined : `${pieces[0]?.duration ?? 1n}`, "33"],
    ["startNumber", startNumber === undefined || isList ? undefined : `${startNumber}`, "99"],
    ["endNumber", endNumber === undefined || isList ? undefined : `${(startNumber ?? 1n) + BigInt(endNumber)}`, "98"],
    ["media", isList ? undefined : `$RepresentationID$-${hole}.m4s`, "wrong-$Number$.m4s"],
    ["initialization", isList || !hasInit ? undefined : "$RepresentationID$/$$/$Bandwidth$.mp4", "wrong.mp4"],
  ];
  const name = isList ? "SegmentList" : "SegmentTemplate";
  const childLevel = (levels[8] ?? 0) % 2;
  return (level) => {
    const attributes = values.flatMap(([key, value, wrong], index) => {
      const own = (levels[index] ?? 0) % 2;
      if (value === undefined) return [];
      if (own === level) return [`${key}="${value}"`];
      return own < level ? [`${key}="${wrong}"`] : [];
    });
    const children = childLevel === level ? childrenOf(set, pieces) : level > childLevel ? wrongChildren(shape) : "";
    return `<${name} ${attributes.join(" ")}>${children}</${name}>`;
  };
}

function wrongChildren(shape: SetModel["shape"]): string {
  if (shape === "list") return '<SegmentURL media="wrong.m4s"/>';
  return shape === "timeline" ? '<SegmentTimeline><S t="3" d="1" r="4"/></SegmentTimeline>' : "";
}

function childrenOf({ shape, hasInit, offset, isOpen, durations }: SetModel, pieces: readonly Piece[]): string {
  if (shape === "list") {
    const init = hasInit ? '<Initialization sourceURL="init.mp4"/>' : "";
    return init + pieces.map((_, index) => `<SegmentURL media="list-${index}.m4s"/>`).join("");
  }
  if (shape !== "timeline") return "";
  const written = pieces.slice(0, durations.length);
  const entries: { start: bigint; duration: bigint; repeats: number }[] = [];
  let end = -1n;
  for (const { start, duration: each } of written) {
    const last = entries.at(-1);
    if (last !== undefined && last.duration === each && start === end) last.repeats += 1;
    else entries.push({ start, duration: each, repeats: 0 });
    end = start + each;
  }
  let reached = 0n;
  const lines = entries.map(({ start, duration: each, repeats }, index) => {
    const isContinued = index > 0 && start === reached;
    reached = start + each * BigInt(repeats + 1);
    const count = isOpen && index === entries.length - 1 ? ' r="-1"' : repeats > 0 ? ` r="${repeats}"` : "";
    return `<S${isContinued ? "" : ` t="${start + offset}"`} d="${each}"${count}/>`;
  });
  return `<SegmentTimeline>${lines.join("")}</SegmentTimeline>`;
}
