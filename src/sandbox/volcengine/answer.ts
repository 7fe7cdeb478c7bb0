/**
 * Answers and errors of the emulated Volcengine.
 * Sources: https://docs.byteplus.com/en/docs/byteplus-cdn/reference-api-request-reponses and
 * https://docs.byteplus.com/byteplus-platform/reference/common-error-codes.
 */

import { randomBytes } from "node:crypto";
import type { Answer } from "../server/answer.ts";
import { jsonAnswer } from "../server/json.ts";

export interface Reply {
  readonly result: Readonly<Record<string, unknown>>;
  /** URLs of an accepted task. */
  readonly accepted?: readonly string[];
}

/** An error with the vendor's code. */
export class VolcError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What the client asked for, which every answer repeats. */
export interface Asked {
  readonly action: string;
  readonly version: string;
  readonly region: string;
}

export function answerOf(reply: Reply | VolcError, { action, version, region }: Asked): Answer {
  const requestId = `20261121${randomBytes(12).toString("hex").toUpperCase()}`;
  const metadata = { RequestId: requestId, Action: action, Version: version, Service: "CDN", Region: region };
  if (!(reply instanceof VolcError)) return jsonAnswer(200, { ResponseMetadata: metadata, Result: reply.result });
  return jsonAnswer(reply.status, { ResponseMetadata: { ...metadata, Error: { Code: reply.code, Message: reply.message } } });
}
