/** Errors as plain data. Copying an `Error` between threads keeps neither its class nor its fields. */

import { z } from "zod";
import { errorCodes, PrefetchError } from "../../base/errors.ts";

const plain = z.object({ kind: z.literal("other"), name: z.string(), message: z.string(), stack: z.string().optional() });

const prefetch = z.object({
  kind: z.literal("prefetch"),
  code: z.enum(errorCodes),
  message: z.string(),
  stack: z.string().optional(),
  hint: z.string().optional(),
  retryable: z.boolean(),
  retryAfterMs: z.number().optional(),
  delivery: z.enum(["not_sent", "refused", "unknown"]),
  divisible: z.boolean(),
  provider: z.string().optional(),
  vendorCode: z.string().optional(),
  requestId: z.string().optional(),
  cause: plain.optional(),
});

export const sentError = z.discriminatedUnion("kind", [prefetch, plain]);
export type SentError = z.infer<typeof sentError>;

export function errorToSend(error: unknown): SentError {
  if (!(error instanceof PrefetchError)) return plainFrom(error);
  const { code, message, stack, hint, retryable, retryAfterMs, delivery, divisible, provider, vendorCode, requestId, cause } = error;
  const fields = { code, message, stack, hint, retryable, retryAfterMs, delivery, divisible, provider, vendorCode, requestId };
  return { kind: "prefetch", ...fields, cause: cause === undefined ? undefined : plainFrom(cause) };
}

export function errorFromSent(sent: SentError): Error {
  if (sent.kind === "other") return withStack(new Error(sent.message), sent.stack, sent.name);
  const { code, message, stack, cause, ...facts } = sent;
  return withStack(new PrefetchError(code, message, { ...facts, cause: cause && errorFromSent(cause) }), stack);
}

function plainFrom(error: unknown): z.infer<typeof plain> {
  if (!(error instanceof Error)) return { kind: "other", name: "Error", message: String(error) };
  return { kind: "other", name: error.name, message: error.message, stack: error.stack };
}

/** The stack says where the error arose in the other thread. */
function withStack(error: Error, stack: string | undefined, name?: string): Error {
  if (name !== undefined) error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
