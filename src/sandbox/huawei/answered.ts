/** Answers of the emulated Huawei Cloud as they are sent and logged. */

import { randomBytes } from "node:crypto";
import type { Answer } from "../server/answer.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import type { Answered } from "../vendor-emulator.ts";

export interface VendorAnswer extends Answer {
  /** URLs or asset ids of an accepted prefetch. */
  readonly accepted?: readonly string[];
}

/** Every answer has a request id. */
export function answered({ accepted, ...sent }: VendorAnswer, { url }: ReceivedRequest): Answered<{ readonly path: string }> {
  const headers = { "x-request-id": randomBytes(16).toString("hex"), ...sent.headers };
  return { answer: { ...sent, headers }, accepted, facts: { path: url.pathname } };
}
