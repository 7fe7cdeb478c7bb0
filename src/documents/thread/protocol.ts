/** The messages between the main thread and a thread that reads documents. They are plain data, checked where they come in. */

import { z } from "zod";
import { type ErrorFacts, errorCodes, PrefetchError } from "../../base/errors.ts";
import type { EdgeBody } from "../../prefetch/model/edge.ts";

/** From the main thread, which sends only values of these types. */
export type ToThread<Request> =
  | { readonly kind: "read"; readonly url: string; readonly request: Request }
  | { readonly kind: "body"; readonly id: number; readonly body: EdgeBody }
  | { readonly kind: "unread"; readonly id: number; readonly error: PlainError }
  | { readonly kind: "go"; readonly id: number };

const plainError = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string().optional(),
  retryable: z.boolean(),
  provider: z.string().optional(),
});
export type PlainError = z.infer<typeof plainError>;

/**
 * From the thread, which reads foreign text. `pause` ends the thread's turn until the main thread answers, and hands over a part
 * of the result; the reader that started the thread checks parts and results.
 */
export const fromThread = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fetch"), id: z.number(), url: z.string(), mostBytes: z.number() }),
  z.object({ kind: z.literal("pause"), id: z.number(), part: z.unknown().optional() }),
  z.object({ kind: z.literal("done"), result: z.unknown().optional() }),
  z.object({ kind: z.literal("failed"), error: plainError }),
]);
export type FromThread = z.input<typeof fromThread>;

/** A `PrefetchError` loses its class on its way between threads. */
export function plainErrorOf({ code, message, hint, retryable, provider }: PrefetchError): PlainError {
  return { code, message, retryable, ...(hint !== undefined && { hint }), ...(provider !== undefined && { provider }) };
}

export function errorOf({ code, message, retryable, hint, provider }: PlainError): PrefetchError {
  const facts: ErrorFacts = { retryable, ...(hint !== undefined && { hint }), ...(provider !== undefined && { provider }) };
  return new PrefetchError(code, message, facts);
}
