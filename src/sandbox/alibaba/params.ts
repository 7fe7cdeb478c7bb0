/** Parameters of calls to the emulated Alibaba Cloud, and checks of their values. */

import type { ReceivedRequest } from "../server/receive.ts";
import { invalid, missing } from "./answer.ts";

export type Params = ReadonlyMap<string, string>;

const FORM = "application/x-www-form-urlencoded";

/** Parameters of the query, and of the form if the request has one. An empty value counts as absent. */
export function paramsOf({ url, headers, body }: ReceivedRequest): Params {
  const form = headers.get("content-type")?.startsWith(FORM) ? new URLSearchParams(body.toString()) : [];
  return new Map([...url.searchParams, ...form].filter(([, value]) => value !== ""));
}

export function required(params: Params, name: string): string {
  const value = params.get(name);
  if (value === undefined) throw missing(name);
  return value;
}

/** One of these words; an absent parameter has the first one. */
export function oneOf<Word extends string>(params: Params, name: string, words: readonly [Word, ...Word[]]): Word {
  const given = params.get(name) ?? words[0];
  const found = words.find((word) => word === given);
  if (found === undefined) throw invalid(name);
  return found;
}

/** One of these words; an absent parameter has none. */
export function optionalOneOf<Word extends string>(params: Params, name: string, words: readonly [Word, ...Word[]]): Word | undefined {
  return params.has(name) ? oneOf(params, name, words) : undefined;
}

export function isFlagSet(params: Params, name: string): boolean {
  return oneOf(params, name, ["false", "true"]) === "true";
}

/** A number from 1 to `most`. */
export function wholeNumber(params: Params, name: string, fallback: number, most: number): number {
  const text = params.get(name) ?? String(fallback);
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < 1 || number > most) throw invalid(name);
  return number;
}

/** The parts of a comma list. */
export function listOf(text = ""): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}
