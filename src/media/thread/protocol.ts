/** The messages between the main thread and the thread that reads one stream. They are plain data, checked where they come in. */

import { z } from "zod";
import { type ErrorFacts, errorCodes, PrefetchError } from "../../base/errors.ts";
import type { EdgeBody } from "../../prefetch/model/edge.ts";
import type { StreamRequest } from "../../prefetch/model/stream.ts";

/** From the main thread, which sends only values of these types. */
export type ToThread =
  | { readonly kind: "read"; readonly url: string; readonly request: StreamRequest }
  | { readonly kind: "body"; readonly id: number; readonly body: EdgeBody }
  | { readonly kind: "unread"; readonly id: number; readonly error: PlainError };

const plainError = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string().optional(),
  retryable: z.boolean(),
  provider: z.string().optional(),
});
export type PlainError = z.infer<typeof plainError>;

const stream = z.object({
  format: z.enum(["hls", "dash"]),
  live: z.boolean(),
  urls: z.array(z.string()),
  omitted: z.number(),
  refused: z.array(z.object({ url: z.string(), code: z.string(), reason: z.string() })),
  skipped: z.array(z.object({ uri: z.string(), reason: z.string() })),
  skippedCount: z.number(),
});

/** From the thread, which reads foreign text. */
export const fromThread = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fetch"), id: z.number(), url: z.string(), mostBytes: z.number() }),
  z.object({ kind: z.literal("done"), stream: stream.optional() }),
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
