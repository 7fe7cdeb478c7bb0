/** Faults that an emulator can be told to commit, each for a number of requests. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Body, padded, slice, textBody } from "./body.ts";

export type Fault =
  /** Answers with this status and body instead of doing anything. */
  | { readonly kind: "answer"; readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: "delay"; readonly ms: number }
  /** The connection breaks before the request is looked at, or after it was carried out. */
  | { readonly kind: "reset"; readonly when: "before" | "after" }
  /** The request is carried out, its answer ends in the middle. */
  | { readonly kind: "truncate" }
  /** The request is carried out, its answer is followed by this many bytes. */
  | { readonly kind: "huge"; readonly bytes: number }
  /** The request is carried out, its answer comes as this text. */
  | { readonly kind: "garble"; readonly body: string };

export interface FaultRule {
  readonly fault: Fault;
  readonly method?: string;
  /** What the emulated vendor calls the operation, where it tells operations apart by name. */
  readonly action?: string;
  /** Requests it applies to before it is used up; 1 unless told. */
  readonly times?: number;
  /** Requests to let pass first. */
  readonly after?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A list stands for several lines of the same name. */
export type HeaderRecord = Readonly<Record<string, string | string[]>>;

export interface StreamedAnswer {
  readonly status: number;
  readonly headers?: HeaderRecord;
  readonly body: Body;
  /** What `Content-Length` says where that is more than the body has: the connection then closes in the middle. */
  readonly declaredBytes?: number;
}

/** Carries a request out. */
export type Handle = () => Answer | StreamedAnswer | Promise<Answer | StreamedAnswer>;

export interface Faults {
  inject(rule: FaultRule): void;
  clear(): void;
  /** Answers a request by `handle`, as the next fault that applies would have it. */
  serve(request: IncomingMessage, response: ServerResponse, action: string | undefined, handle: Handle): Promise<void>;
}

export function createFaults(): Faults {
  let rules: { rule: FaultRule; left: number; pass: number }[] = [];

  const next = (method: string, action: string | undefined): Fault | undefined => {
    for (const entry of rules) {
      if (entry.left === 0 || (entry.rule.method ?? method) !== method || (entry.rule.action ?? action) !== action) continue;
      if (entry.pass > 0) {
        entry.pass -= 1;
        continue;
      }
      entry.left -= 1;
      return entry.rule.fault;
    }
    return undefined;
  };

  return {
    inject: (rule) => {
      rules.push({ rule, left: rule.times ?? 1, pass: rule.after ?? 0 });
    },
    clear: () => {
      rules = [];
    },
    serve: async (request, response, action, handle) => {
      const fault = next(request.method ?? "GET", action);
      if (fault?.kind === "reset" && fault.when === "before") return void request.socket.destroy();
      if (fault?.kind === "answer") return send(response, fault);
      if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms).unref());
      const answer = await handle();
      const body = typeof answer.body === "string" ? textBody(answer.body) : answer.body;
      if (fault?.kind === "reset") return void request.socket.destroy();
      if (fault?.kind === "garble") return send(response, { ...answer, body: fault.body });
      if (fault?.kind === "huge") return send(response, { ...answer, body: padded(body, fault.bytes) });
      if (fault?.kind === "truncate") {
        return send(response, { ...answer, body: slice(body, 0, Math.ceil(body.bytes / 2)), declaredBytes: body.bytes + 100 });
      }
      return send(response, answer);
    },
  };
}

export function json(status: number, body: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

interface Sent extends Omit<StreamedAnswer, "body"> {
  readonly body: string | Body;
}

async function send(response: ServerResponse, { status, headers, body, declaredBytes }: Sent): Promise<void> {
  const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.bytes;
  const declared = declaredBytes ?? bytes;
  response.writeHead(status, { ...headers, "content-length": String(declared) });
  if (response.req.method === "HEAD") return void response.end();
  if (typeof body === "string") return void response.end(body);
  try {
    await pipeline(Readable.from(body.chunks(), { highWaterMark: 1 }), response, { end: declared === bytes });
  } catch {
    // Bodies come from memory and cannot fail: the client has left, and nobody is there to be told.
    return;
  }
  if (declared !== bytes) response.socket?.destroySoon();
}
