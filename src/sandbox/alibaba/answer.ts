/**
 * What the emulated Alibaba Cloud reads and writes: parameters from query or form, replies and errors in JSON.
 * Source: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */

import { randomUUID } from "node:crypto";
import { type Answer, json } from "../server/faults.ts";
import type { ReceivedRequest } from "../server/server.ts";

export type Params = ReadonlyMap<string, string>;

export interface Reply {
  readonly body: Readonly<Record<string, unknown>>;
  /** URLs or asset ids that the call took on. */
  readonly accepted?: readonly string[];
}

/** A refusal by the vendor's code. */
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

/**
 * An error about one parameter. The vendor's pages do not list the codes of most parameters; this is the form of those
 * that they list.
 */
export function invalid(parameter: string): AcsError {
  return new AcsError(400, `Invalid${parameter}.Malformed`, `The specific value of parameter ${parameter} is malformed.`);
}

export function missing(parameter: string): AcsError {
  const message = `The input parameter "${parameter}" that is mandatory for processing this request is not supplied.`;
  return new AcsError(400, "MissingParameter", message);
}

export function answerOf(reply: Reply | AcsError, request: ReceivedRequest): Answer {
  const requestId = randomUUID().toUpperCase();
  const written = reply instanceof AcsError ? errorAnswer(reply, requestId, request) : json(200, { RequestId: requestId, ...reply.body });
  return { ...written, headers: { "x-acs-request-id": requestId, ...written.headers } };
}

function errorAnswer({ status, code, message, headers }: AcsError, requestId: string, request: ReceivedRequest): Answer {
  const answer = json(status, {
    RequestId: requestId,
    HostId: request.headers.host ?? "",
    Code: code,
    Message: message,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=vod&requestId=${requestId}`,
  });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** From the query, and from a form where one was sent; an empty value counts as none. */
export function paramsOf({ url, headers, body }: ReceivedRequest): Params {
  const form = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ? new URLSearchParams(body) : [];
  return new Map([...url.searchParams, ...form].filter(([, value]) => value !== ""));
}

/** A value that must be one of these words, or the first of them where it is left out. */
export function oneOf<Word extends string>(params: Params, name: string, words: readonly [Word, ...Word[]]): Word {
  const given = params.get(name) ?? words[0];
  const found = words.find((word) => word === given);
  if (found === undefined) throw invalid(name);
  return found;
}

export function wholeNumber(params: Params, name: string, fallback: number, most: number): number {
  const text = params.get(name) ?? String(fallback);
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < 1 || number > most) throw invalid(name);
  return number;
}

export function listOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}
