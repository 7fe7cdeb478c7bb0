/** Which obstacles decide that an object is not kept, and those that only several answers together show. */

import type { Obstacle } from "../../../prefetch/model/edge.ts";
import { evidenceOf } from "../cache/headers.ts";
import { isHint, obstacleOf } from "../cache/why-not-cached.ts";
import type { Seen } from "./observation.ts";

export function decisiveOf(obstacles: readonly Obstacle[]): Obstacle[] {
  return obstacles.filter((each) => !isHint(each));
}

export function decisiveFirst(obstacles: readonly Obstacle[]): Obstacle[] {
  return [...decisiveOf(obstacles), ...obstacles.filter(isHint)];
}

/** The CDN goes by the name's ending, whatever is asked and how often. */
export function isByType(obstacles: readonly Obstacle[]): boolean {
  return obstacles.some(({ code }) => code === "cloudflare-type");
}

export const notStored: Obstacle = {
  code: "not-stored",
  reason: "The CDN says that it has not stored the answer.",
  change: "Look at the CDN's cache rules for this path, and at the lifetime that the origin sends.",
};

/** Of an answer that is none of the object's copies, even where it is stored. */
export function refusalOf({ word }: Pick<Seen, "word">): Obstacle {
  return obstacleOf(word === "redirect" ? "redirect" : "error-status");
}

export const partlyStored: Obstacle = {
  code: "partly-stored",
  reason: "Its first byte is in the store, the whole is not.",
  change: "Warm the whole object, or just the ranges that players ask for.",
};

export function staysMissed(times: number, mayBeBypass: boolean): Obstacle {
  if (times === 1) return { code: "stays-a-miss", reason: onceMissed(mayBeBypass), change: "Check again in a moment." };
  const often = `${times} times`;
  return {
    code: "stays-a-miss",
    reason: mayBeBypass
      ? `It stayed a miss although it was asked for ${often}; with this CDN, that is also the word for what it passes on unstored.`
      : `It stayed a miss although it was asked for ${often}: it is not stored by rule, is evicted at once, or the place has several servers.`,
    change: "Look at the CDN's cache rules for this path; if it is to be stored, warm it and check again.",
  };
}

function onceMissed(mayBeBypass: boolean): string {
  const bypass = " With this CDN, that is also the word for what it passes on unstored.";
  return `It was a miss, and no later answer says whether it was kept.${mayBeBypass ? bypass : ""}`;
}

const shownBy: Readonly<Record<string, readonly string[]>> = {
  "no-store": ["cache-control", "cdn-cache-control"],
  private: ["cache-control", "cdn-cache-control"],
  "no-cache": ["cache-control", "cdn-cache-control", "pragma"],
  "no-age": ["cache-control", "cdn-cache-control"],
  expired: ["expires"],
  "vary-any": ["vary"],
};

const MOST_LINES = 6;
const LONGEST_LINE = 200;

/** The header lines of these answers that decided, as the readers name them: no cookies among them, and no query strings. */
export function evidenceLines(by: readonly Seen[], obstacles: readonly Obstacle[]): string[] {
  const names = obstacles.flatMap(({ code }) => (Object.hasOwn(shownBy, code) ? (shownBy[code] ?? []) : []));
  const lines = by.flatMap(({ reading, headers }) => [...reading.evidence, ...evidenceOf(headers, names)]);
  const shown = lines.map(({ header, value }) => `${header}: ${value}`.slice(0, LONGEST_LINE));
  return [...new Set(shown)].slice(0, MOST_LINES);
}
