/** Goes through Periods, AdaptationSets and Representations. What leads to no file is named, and the rest is read. */

import { attribute } from "../../documents/attributes.ts";
import { shortened } from "../../documents/shortened.ts";
import type { SkippedUris } from "../skipped-uris.ts";
import { type Base, lowerBase } from "./base-url.ts";
import type { Clock } from "./clock.ts";
import { unknownProperty } from "./descriptors.ts";
import type { PeriodTime } from "./periods.ts";
import { type Place, type Plan, planOf, type RunCache } from "./plan.ts";
import { Unusable } from "./problem.ts";
import { lowerQuery, type Query } from "./query.ts";
import { factsOf, renditionOf } from "./renditions.ts";
import type { Steps } from "./timeline.ts";
import { childrenOf, type XmlElement } from "./xml.ts";

/** Values that a level of the manifest passes down. */
export interface Level {
  readonly base: Base;
  readonly query: Query;
}

export interface Reader {
  /** The first reason why a part of the manifest leads to no file. */
  readonly problem: string | undefined;
  plansOf(period: PeriodTime, above: Level): Plan[];
}

export function createReader(clock: Clock, url: string, skipped: SkippedUris): Reader {
  const steps: Steps = { taken: 0 };
  const cache: RunCache = new WeakMap();
  let problem: string | undefined;

  const lower = ({ base, query }: Level, element: XmlElement): Level => ({
    base: lowerBase(base, element, skipped),
    query: lowerQuery(query, element, url),
  });

  const leaveOut = (name: string, reason: string): [] => {
    problem ??= `(${shortened(name)}) ${reason}`;
    skipped.add(name, reason);
    return [];
  };

  const planRepresentation = (place: Omit<Place, "rendition">): Plan | [] => {
    const rendition = renditionOf(place.representation, place.facts);
    const unknown = unknownProperty(place.representation);
    if (unknown !== undefined) return leaveOut(rendition.rendition, essential(unknown));
    if (place.base.url === null) return leaveOut(rendition.rendition, "has a BaseURL that leads to no URL");
    try {
      return kept(planOf({ ...place, rendition }, clock, steps, cache, skipped.add));
    } catch (error) {
      if (error instanceof Unusable) return leaveOut(rendition.rendition, error.message);
      throw error;
    }
  };

  const kept = (plan: Plan): Plan | [] => {
    const { rendition } = plan.rendition;
    if (plan.segments === undefined) return plan;
    const { runs, problem: reason } = plan.segments;
    if (runs.length > 0) {
      if (reason !== undefined) skipped.add(rendition, reason);
      return plan;
    }
    // A representation of a live stream may have nothing yet or nothing any more; the listing names it if it should have something.
    if (clock.isLive && reason === undefined) return plan;
    return leaveOut(rendition, reason ?? "has no segment within its Period");
  };

  const planSet = (set: XmlElement, period: PeriodTime, above: Level): Plan[] => {
    const name = nameOf(set);
    const unknown = unknownProperty(set);
    if (unknown !== undefined) return leaveOut(name, essential(unknown));
    const representations = childrenOf(set, "Representation");
    if (representations.length === 0) return leaveOut(name, "has no Representation");
    const level = lower(above, set);
    const facts = factsOf(set);
    return representations.flatMap((each) => planRepresentation({ representation: each, facts, period, ...lower(level, each) }));
  };

  /** Why a Period plays nothing now. */
  const waiting = (start: bigint | undefined): string | undefined => {
    if (start === undefined) return "is announced, and has no beginning yet";
    return clock.isLive && clock.now !== undefined && start > clock.now ? "has not begun yet" : undefined;
  };

  return {
    get problem() {
      return problem;
    },
    plansOf: (period, above) => {
      const { element, start } = period;
      const imported = childrenOf(element, "ImportedMPD");
      for (const { text } of imported) leaveOut(text.trim(), "is another manifest (ImportedMPD); pass it as a stream of its own");
      const reason = waiting(start);
      if (reason !== undefined) {
        skipped.add(nameOf(element), reason);
        return [];
      }
      const sets = childrenOf(element, "AdaptationSet");
      if (sets.length === 0 && imported.length === 0) return leaveOut(nameOf(element), "has no AdaptationSet");
      const level = lower(above, element);
      return sets.flatMap((set) => planSet(set, period, level));
    },
  };
}

function nameOf(element: XmlElement): string {
  return `${element.name} ${attribute(element, "id") ?? ""}`.trim();
}

function essential(scheme: string): string {
  return `has an EssentialProperty that players need to know and this server does not: ${scheme.slice(0, 80)}`;
}
