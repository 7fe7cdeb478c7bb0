/** Bounds the memory that messages take between their arrival and their answer. Both transports share these figures. */

import { getHeapStatistics } from "node:v8";

/** Nesting of one message. Calls need 5 levels; deeper values overflow the stack of recursive code. */
export const MOST_DEPTH = 64;

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

export function costOf(bytes: number, values: number): number {
  return bytes * COST_OF_BYTE + values * COST_OF_VALUE;
}

/** Bytes that all messages of this process may take. */
export function messageMemory(): number {
  return Math.max(LEAST_MEMORY, Math.floor(getHeapStatistics().heap_size_limit * SHARE_OF_HEAP));
}
