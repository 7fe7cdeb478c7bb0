/** Obstacles that decide a state, obstacles that only several answers together show, and the header lines that prove them. */

import type { Obstacle } from "../../../prefetch/model/edge.ts";
import { evidenceOf } from "../cache/headers.ts";
import { isHint, obstacleOf } from "../cache/why-not-cached.ts";
import type { InterpretedAnswer } from "./observation.ts";

export function decisiveOf(obstacles: readonly Obstacle[]): Obstacle[] {
  return obstacles.filter((each) => !isHint(each));
}

export function decisiveFirst(obstacles: readonly Obstacle[]): Obstacle[] {
  return [...decisiveOf(obstacles), ...obstacles.filter(isHint)];
}

/** Cloudflare decides by the file extension, so every request for the URL gets the same answer. */
export function isByFileType(obstacles: readonly Obstacle[]): boolean {
  return obstacles.some(({ code }) => code === "cloudflare-type");
}

export const partlyStored: Obstacle = {
  code: "partly-stored",
  reason: "The cache holds the first byte, but not the whole object.",
  change: "Warm the whole object, or only the ranges that players request.",
};

/** A redirect or an error is not the object, even when the CDN stores it. */
export function wrongAnswer({ meaning, obstacles }: Pick<InterpretedAnswer, "meaning" | "obstacles">): Obstacle {
  return decisiveOf(obstacles)[0] ?? obstacleOf(meaning === "redirect" ? "redirect" : "error-status");
}

/** `missMayBeBypass`: the CDN reports a miss for answers that it never stores, too. */
export function staysMiss(misses: number, missMayBeBypass: boolean): Obstacle {
  const bypass = "This CDN also reports a miss for answers that it passes on without storing them.";
  if (misses === 1) {
    const reason = "It was a miss, and no later answer shows whether the CDN stored it.";
    return { code: "stays-a-miss", reason: missMayBeBypass ? `${reason} ${bypass}` : reason, change: "Check again in a moment." };
  }
  const cause = "The CDN does not store it by rule, evicts it at once, or has several servers at this place.";
  return {
    code: "stays-a-miss",
    reason: `It stayed a miss in ${misses} requests. ${missMayBeBypass ? bypass : cause}`,
    change: "Check the CDN's cache rules for this path. If the CDN should store it, warm it and check again.",
  };
}

const headersOfObstacle: ReadonlyMap<string, readonly string[]> = new Map([
  ["no-store", ["cache-control", "cdn-cache-control"]],
  ["private", ["cache-control", "cdn-cache-control"]],
  ["no-cache", ["cache-control", "cdn-cache-control", "pragma"]],
  ["no-age", ["cache-control", "cdn-cache-control"]],
  ["expired", ["expires"]],
  ["vary-any", ["vary"]],
]);

/** More or longer lines fill the answers of tools; fewer or shorter lines may lose the decisive header. */
const MAX_LINES = 6;
const MAX_LINE_LENGTH = 200;

/** The decisive header lines, such as `cf-cache-status: HIT`, without cookies and query strings. */
export function evidenceLines(answers: readonly InterpretedAnswer[], obstacles: readonly Obstacle[]): string[] {
  const names = obstacles.flatMap(({ code }) => headersOfObstacle.get(code) ?? []);
  const lines = answers.flatMap(({ reading, headers }) => [...reading.evidence, ...evidenceOf(headers, names)]);
  const shown = lines.map(({ header, value }) => `${header}: ${value}`.slice(0, MAX_LINE_LENGTH));
  return [...new Set(shown)].slice(0, MAX_LINES);
}
