/** Faults that tests inject into an emulator, each for a number of requests. */

import { type Answer, type StreamedAnswer, streamed } from "./answer.ts";
import { padded, slice, textBody } from "./body.ts";

export type Fault =
  /** The emulator sends this answer and does not carry the request out. */
  | { readonly kind: "answer"; readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  /** The emulator carries the request out after this time. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The connection breaks before or after the emulator carries the request out. */
  | { readonly kind: "reset"; readonly when: "before" | "after" }
  /** The emulator carries the request out and sends half of its answer. */
  | { readonly kind: "truncate" }
  /** The emulator carries the request out and appends this many blanks to its answer. */
  | { readonly kind: "huge"; readonly bytes: number }
  /** The emulator carries the request out and sends this text instead of its answer's body. */
  | { readonly kind: "garble"; readonly body: string };

export interface FaultRule {
  readonly fault: Fault;
  readonly method?: string;
  /** The vendor's name of the operation, such as `GetPlayInfo`; the edge compares it with the path. */
  readonly action?: string;
  /** Matching requests that get the fault; 1 by default. */
  readonly times?: number;
  /** Matching requests that pass before the first fault; 0 by default. */
  readonly after?: number;
}

/** Carries a request out. */
export type Handle = () => Answer | StreamedAnswer | Promise<Answer | StreamedAnswer>;

export interface Faults {
  inject(rule: FaultRule): void;
  clear(): void;
  /** The next fault for such a request; it counts as used. */
  next(method: string, action: string | undefined): Fault | undefined;
}

export function createFaults(): Faults {
  let entries: { readonly rule: FaultRule; left: number; pass: number }[] = [];

  return {
    inject: (rule) => {
      entries.push({ rule, left: rule.times ?? 1, pass: rule.after ?? 0 });
    },
    clear: () => {
      entries = [];
    },
    next: (method, action) => {
      const matching = entries.filter(({ rule, left }) => left > 0 && applies(rule, method, action));
      for (const entry of matching) {
        if (entry.pass === 0) {
          entry.left -= 1;
          return entry.rule.fault;
        }
        entry.pass -= 1;
      }
      return undefined;
    },
  };
}

function applies(rule: FaultRule, method: string, action: string | undefined): boolean {
  return (rule.method ?? method) === method && (rule.action ?? action) === action;
}

/** The answer that reaches the client; `reset` for a connection that breaks instead. */
export async function answerWith(
  fault: Fault | undefined,
  handle: Handle,
  sleep: (ms: number) => Promise<void>,
): Promise<Answer | StreamedAnswer | "reset"> {
  switch (fault?.kind) {
    case undefined:
      return handle();
    case "answer":
      return fault;
    case "delay":
      await sleep(fault.ms);
      return handle();
    case "reset":
      if (fault.when === "after") await handle();
      return "reset";
    case "truncate":
      return cutInHalf(streamed(await handle()));
    case "huge": {
      const answer = streamed(await handle());
      return { ...answer, body: padded(answer.body, fault.bytes) };
    }
    case "garble":
      return { ...streamed(await handle()), body: textBody(fault.body) };
  }
}

/** The declared length exceeds even the whole body, so that an empty answer is incomplete too. */
function cutInHalf(answer: StreamedAnswer): StreamedAnswer {
  const { bytes } = answer.body;
  return { ...answer, body: slice(answer.body, 0, Math.ceil(bytes / 2)), declaredBytes: bytes + 100 };
}
