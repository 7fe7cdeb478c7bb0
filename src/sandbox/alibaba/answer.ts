/**
 * Replies and errors of the emulated Alibaba Cloud.
 * Source: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */

import { randomUUID } from "node:crypto";
import type { Answer } from "../server/answer.ts";
import { jsonAnswer } from "../server/json.ts";
import type { ReceivedRequest } from "../server/receive.ts";

export interface Reply {
  readonly body: Readonly<Record<string, unknown>>;
  /** URLs or asset ids of an accepted prefetch. */
  readonly accepted?: readonly string[];
}

/** An error with the vendor's code. */
export class AcsError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The vendor documents codes for a few parameters only. This code has the form of the documented ones. */
export function invalid(parameter: string): AcsError {
  return new AcsError(400, `Invalid${parameter}.Malformed`, `The specific value of parameter ${parameter} is malformed.`);
}

export function missing(parameter: string): AcsError {
  const message = `The input parameter "${parameter}" that is mandatory for processing this request is not supplied.`;
  return new AcsError(400, "MissingParameter", message);
}

/** The result of a call, or the `AcsError` that it throws. */
export function replyOf(call: () => Reply): Reply | AcsError {
  try {
    return call();
  } catch (error) {
    if (error instanceof AcsError) return error;
    throw error;
  }
}

export function answerOf(reply: Reply | AcsError, request: ReceivedRequest): Answer {
  const requestId = randomUUID().toUpperCase();
  const answer =
    reply instanceof AcsError ? errorAnswer(reply, requestId, request) : jsonAnswer(200, { RequestId: requestId, ...reply.body });
  return { ...answer, headers: { "x-acs-request-id": requestId, ...answer.headers } };
}

function errorAnswer({ status, code, message, headers }: AcsError, requestId: string, request: ReceivedRequest): Answer {
  const answer = jsonAnswer(status, {
    RequestId: requestId,
    HostId: request.headers.get("host") ?? "",
    Code: code,
    Message: message,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=vod&requestId=${requestId}`,
  });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
