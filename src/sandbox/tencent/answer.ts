/**
 * Replies and errors of the emulated Tencent Cloud: errors have HTTP 200, too.
 * Source: https://www.tencentcloud.com/document/api/1209/56020 and …/56023.
 */

import { randomUUID } from "node:crypto";
import type { Answer } from "../server/answer.ts";
import { jsonAnswer } from "../server/json.ts";

export interface Reply {
  readonly body: Readonly<Record<string, unknown>>;
  /** URLs of an accepted prefetch or refresh. */
  readonly accepted?: readonly string[];
}

/** An error with the vendor's code. */
export class TencentError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The result of a call, or the `TencentError` that it throws. */
export function replyOf(call: () => Reply): Reply | TencentError {
  try {
    return call();
  } catch (error) {
    if (error instanceof TencentError) return error;
    throw error;
  }
}

export function answerOf(reply: Reply | TencentError): Answer {
  const content = reply instanceof TencentError ? { Error: { Code: reply.code, Message: reply.message } } : reply.body;
  return jsonAnswer(200, { Response: { ...content, RequestId: randomUUID() } });
}
