/** Bounds the memory that messages take between their arrival and their answer, and the time that parsing takes in one piece. */

import { getHeapStatistics } from "node:v8";
import type { Breathe } from "../base/breathe.ts";
import { type JsonGauge, LONGEST_JSON_TEXT, MOST_JSON_FILLING, MOST_JSON_VALUES } from "../base/json-gauge.ts";
import { parseJsonInSlices } from "../base/sliced-json.ts";

/** Nesting of one message. Calls need 5 levels; deeper values overflow the stack of recursive code. */
const MOST_DEPTH = 64;

/** Bytes of memory per byte of a message: V8 takes two bytes for each character of most scripts. */
const COST_OF_BYTE = 2;
/**
 * Bytes of memory per value, with the items and rows that a call makes of a URL. A lower figure lets more large calls in than the heap
 * holds; a higher one refuses calls that would fit.
 */
const COST_OF_VALUE = 1_024;
/** Part of the heap for messages. A larger part leaves too little for the work; a smaller one refuses calls that would fit. */
const SHARE_OF_HEAP = 1 / 4;
/** Five calls of 10,000 URLs fit, or one of 16 MiB. A smaller heap than the documented one of 160 MB is too small for it. */
const LEAST_MEMORY = 64 * 1_048_576;

/** Parsing a smaller message takes less than a millisecond. */
export const LARGE_MESSAGE = 262_144;

/** The most that one message may have. A refusal names it. */
export const limitTexts = {
  too_many_values: `more than ${MOST_JSON_VALUES} values. Split the list into several calls.`,
  text_too_long: `a text of more than ${LONGEST_JSON_TEXT} bytes. Send a list as an array, or split it into several calls.`,
  too_much_filling: `more than ${MOST_JSON_FILLING} bytes outside of texts. Send it without blanks.`,
  too_deep: `more than ${MOST_DEPTH} levels of nesting. No call needs that.`,
} as const;

export type LimitProblem = keyof typeof limitTexts;

/** The limit that the measured part of a message exceeds. */
export function limitProblem(gauge: JsonGauge): LimitProblem | undefined {
  if (gauge.depth() > MOST_DEPTH) return "too_deep";
  if (gauge.values() > MOST_JSON_VALUES) return "too_many_values";
  if (gauge.longestText() > LONGEST_JSON_TEXT) return "text_too_long";
  return gauge.filling() > MOST_JSON_FILLING ? "too_much_filling" : undefined;
}

/** The value of a measured message. Throws `SyntaxError`. */
export async function parseMessage(json: Buffer, breathe: Breathe): Promise<unknown> {
  return json.length > LARGE_MESSAGE ? parseJsonInSlices(json, breathe) : JSON.parse(json.toString("utf8"));
}

export function costOf(bytes: number, values: number): number {
  return bytes * COST_OF_BYTE + values * COST_OF_VALUE;
}

/** Bytes that all messages of this process may take. */
export function messageMemory(): number {
  return Math.max(LEAST_MEMORY, Math.floor(getHeapStatistics().heap_size_limit * SHARE_OF_HEAP));
}
