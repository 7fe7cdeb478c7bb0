/** Faults that an emulator can be told to commit, each for a number of requests. */

import type { IncomingMessage, ServerResponse } from "node:http";

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

export interface Faults {
  inject(rule: FaultRule): void;
  clear(): void;
  /** Answers a request by `handle`, as the next fault that applies would have it. */
  serve(request: IncomingMessage, response: ServerResponse, action: string | undefined, handle: () => Answer): Promise<void>;
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
      const answer = handle();
      if (fault?.kind === "reset") return void request.socket.destroy();
      if (fault?.kind === "garble") return send(response, { ...answer, body: fault.body });
      if (fault?.kind === "huge") return send(response, { ...answer, body: answer.body + " ".repeat(fault.bytes) });
      if (fault?.kind === "truncate") {
        const bytes = Buffer.from(answer.body);
        response.writeHead(answer.status, { ...answer.headers, "content-length": String(bytes.length + 100) });
        response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => request.socket.destroy());
        return;
      }
      send(response, answer);
    },
  };
}

export function json(status: number, body: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, "content-length": String(Buffer.byteLength(body)) });
  response.end(body);
}
