/** The header lines that prove a state, and those that describe the object. */

import type { Obstacle } from "../../../prefetch/model/edge.ts";
import { controlField } from "../cache/cache-control.ts";
import { challengeHeadersOf } from "../cache/challenge.ts";
import { type Evidence, evidenceOf } from "../cache/headers.ts";
import { vendorOf } from "../cache/vendors.ts";
import type { InterpretedAnswer } from "./observation.ts";

/** More or longer lines fill the answers of tools; fewer or shorter lines may lose the decisive header. */
const MAX_LINES = 6;
const MAX_LINE_LENGTH = 200;

/** A cache that answers says so in one of these; the absence of all of them is why a state is unknown. */
const CACHE_HEADERS = ["age", "cache-status", "x-cache"];

type HeaderNames = (answer: InterpretedAnswer) => readonly string[];

const control: HeaderNames = ({ headers, reading }) => [controlField(headers, vendorOf(reading.vendor))];
const lifetime: HeaderNames = (answer) => [...control(answer), "expires", "date"];

/** The headers that show an obstacle. */
const headersOfObstacle: ReadonlyMap<string, HeaderNames> = new Map<string, HeaderNames>([
  ["no-store", control],
  ["private", control],
  ["no-cache", (answer) => [...control(answer), "pragma"]],
  ["no-age", control],
  ["short-lived", (answer) => (answer.headers.has(control(answer)[0] ?? "") ? control(answer) : lifetime(answer))],
  ["no-lifetime", control],
  ["expired", () => ["expires", "date"]],
  ["set-cookie", () => ["set-cookie"]],
  ["vary-any", () => ["vary"]],
  ["vary-wide", () => ["vary"]],
  ["too-large", () => ["content-range", "content-length"]],
  ["type-misfit", () => ["content-type"]],
  ["redirect", () => ["location"]],
  ["redirect-loop", () => ["location"]],
  ["challenge", challengeHeadersOf],
]);

/** Headers whose absence shows an obstacle. */
const missingOfObstacle: ReadonlyMap<string, readonly string[]> = new Map([["no-lifetime", ["cache-control", "expires"]]]);

/** The decisive header lines, such as `cf-cache-status: HIT`, without cookies and query strings, and the headers that are missing. */
export function evidenceLines(answers: readonly InterpretedAnswer[], obstacles: readonly Obstacle[]): string[] {
  const lines = answers.flatMap((answer) => {
    const names = obstacles.flatMap(({ code }) => headersOfObstacle.get(code)?.(answer) ?? []);
    const silent = answer.meaning === "silent" ? CACHE_HEADERS : [];
    const absent = [
      ...silent,
      ...(answer.reading.missing ?? []),
      ...obstacles.flatMap(({ code }) => missingOfObstacle.get(code) ?? []),
    ].filter((name) => !answer.headers.has(name));
    const request = obstacles.some(({ code }) => code === "authorization") ? ["the request carried authorization"] : [];
    const shown = [...answer.reading.evidence, ...evidenceOf(answer.headers, [...silent, ...names])].map(lineOf);
    return [...shown, ...request, ...(absent.length > 0 ? [`no ${[...new Set(absent)].join(", ")} header`] : [])];
  });
  return [...new Set(lines)].slice(0, MAX_LINES);
}

/** A range has the object's length in `Content-Range`. */
export function versionLines({ headers, status }: InterpretedAnswer): string[] {
  const length = status === 206 ? "content-range" : "content-length";
  return evidenceOf(headers, ["etag", "last-modified", length]).map(lineOf);
}

function lineOf({ header, value }: Evidence): string {
  return `${header}: ${value}`.slice(0, MAX_LINE_LENGTH);
}
