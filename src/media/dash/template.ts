/** URL templates of `SegmentTemplate` (ISO/IEC 23009-1, section 5.3.9.4.4). */

import { charactersOf, LONGEST_URL, tooLong } from "../../documents/resolve.ts";
import { shortened } from "../../documents/shortened.ts";
import { Unusable } from "./problem.ts";

export interface Values {
  readonly number: bigint;
  readonly time: bigint;
  readonly part: number;
}

/** Fills in what differs between the segments of a representation. */
export interface Template {
  readonly fill: (values: Values) => string;
  /** Whether the segments have addresses of their own. */
  readonly varies: boolean;
  /** Whether it addresses the segments of a segment sequence one by one. */
  readonly hasParts: boolean;
}

type Name = "RepresentationID" | "Bandwidth" | "Number" | "Time" | "SubNumber";
const names: ReadonlySet<string> = new Set<Name>(["RepresentationID", "Bandwidth", "Number", "Time", "SubNumber"]);

/** A width pads with zeros. A larger value lets a short template write long URLs; no packager pads beyond 20. */
const WIDEST = 64;

/** The standard knows `d` only. Players also read the other integer formats of printf, and so packagers write them. */
const radixes: ReadonlyMap<string, number> = new Map([
  ["d", 10],
  ["i", 10],
  ["u", 10],
  ["o", 8],
  ["x", 16],
  ["X", 16],
]);

interface Hole {
  readonly name: Name;
  readonly format: (value: bigint) => string;
}

/** Throws `Unusable` for a template whose result the standard does not define. */
export function parseTemplate(text: string, fixed: { readonly id: string | undefined; readonly bandwidth: string | undefined }): Template {
  // To cut a longer one in pieces takes much memory.
  if (text.length > LONGEST_URL) throw new Unusable(`has a template that ${tooLong(text.length)}`);
  const parts = split(text).map((part) => (typeof part === "string" || isPerSegment(part) ? part : fillFixed(part, fixed)));
  const length = charactersOf(parts.filter((part) => typeof part === "string"));
  if (length > LONGEST_URL) throw new Unusable(`has a template that ${tooLong(length)}`);
  const holes = new Set(parts.flatMap((part) => (typeof part === "string" ? [] : [part.name])));
  return {
    fill: (values) => parts.map((part) => (typeof part === "string" ? part : part.format(filling(part.name, values)))).join(""),
    varies: holes.has("Number") || holes.has("Time"),
    hasParts: holes.has("SubNumber"),
  };
}

/** Text and identifiers in turn. `$$` stands for one dollar sign. */
function split(text: string): (string | Hole)[] {
  const pieces = text.split("$");
  if (pieces.length % 2 === 0) throw new Unusable(`has a template with a single "$": ${shortened(text)}`);
  return pieces.map((piece, index) => {
    if (index % 2 === 0) return piece;
    return piece === "" ? "$" : holeOf(piece);
  });
}

function holeOf(piece: string): Hole {
  const [, name = "", padding, digits = "1", letter = "d"] = /^([A-Za-z]+)(?:%(0(\d{1,9}))?([A-Za-z]))?$/.exec(piece) ?? [];
  const radix = radixes.get(letter);
  if (!isName(name) || radix === undefined) throw new Unusable(`has a template with the unknown identifier "$${piece.slice(0, 40)}$"`);
  const width = padding === undefined ? 1 : Number(digits);
  if (width > WIDEST) throw new Unusable(`has a template that pads to ${width.toLocaleString("en")} digits; at most ${WIDEST} are read`);
  const format = (value: bigint): string => value.toString(radix).padStart(width, "0");
  return { name, format: letter === "X" ? (value) => format(value).toUpperCase() : format };
}

function isName(name: string): name is Name {
  return names.has(name);
}

function isPerSegment({ name }: Hole): boolean {
  return name === "Number" || name === "Time" || name === "SubNumber";
}

function fillFixed(
  { name, format }: Hole,
  { id, bandwidth }: { readonly id: string | undefined; readonly bandwidth: string | undefined },
): string {
  const value = name === "RepresentationID" ? id : bandwidth;
  if (value === undefined) throw new Unusable(`has a template with $${name}$, and its Representation has none`);
  // A format tag on an identifier that is no number has no meaning (table 16), so players leave it out.
  return name === "Bandwidth" && /^\d{1,20}$/.test(value) ? format(BigInt(value)) : value;
}

function filling(name: Name, { number, time, part }: Values): bigint {
  if (name === "Number") return number;
  return name === "Time" ? time : BigInt(part);
}
