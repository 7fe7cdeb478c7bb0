/** Obstacles that decide a state, and obstacles that only several answers together show. */

import { type Obstacle, SHORT_LIVED } from "../../../prefetch/model/edge.ts";
import { withRule } from "../cache/cache-rules.ts";
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

/** The obstacle of a copy that expires at once, for answers that do not show why the object is cold. */
export function shortLivedIn({ obstacles }: Pick<InterpretedAnswer, "obstacles">): Obstacle[] {
  return obstacles.filter(({ code }) => code === SHORT_LIVED);
}

/** The obstacle of misses alone, with the CDN's rule for query strings or for storing. */
export function missObstacle(misses: readonly InterpretedAnswer[], first: InterpretedAnswer, url: string): Obstacle {
  const mayBeBypass = misses.some(({ reading }) => "mayBeBypass" in reading && reading.mayBeBypass === true);
  const obstacle = staysMiss(misses.length, mayBeBypass);
  if (misses.length === 1) return obstacle;
  if (!URL.parse(url)?.search) return withRule(obstacle, first.headers, first.reading, "lifetime");
  const change = `${obstacle.change} Most CDNs keep a copy for each query string: warm the URL with the one that viewers send, or leave it out of the cache key.`;
  return withRule({ ...obstacle, change }, first.headers, first.reading, "query");
}

/** `missMayBeBypass`: the CDN reports a miss for answers that it never stores, too. */
function staysMiss(misses: number, missMayBeBypass: boolean): Obstacle {
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
