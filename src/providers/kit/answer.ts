/** Readers for HTTP answers. The sender may be the vendor or any proxy, so no reader trusts its input. */

import type { z } from "zod";
import type { PrefetchError } from "../../base/errors.ts";
import type { HttpResponse } from "./http-client.ts";

export function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status <= 299;
}

/**
 * The parsed JSON, or `undefined` for text that is not JSON, such as the HTML page of a proxy. A whole number that JavaScript
 * would round, such as the task id 1633944109143463812, becomes its text.
 */
export function parseJson(text: string): unknown {
  try {
    return longNumber.test(text) ? JSON.parse(text, exactNumber) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** 16 digits or more. A reviver visits each value of an answer, which costs time, so most answers have none. */
const longNumber = /(?:^|[:,[\s])-?\d{16}/;

function exactNumber(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "") ? context?.source : value;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Reads a parsed body by a schema. Throws `unreadable()` when the body does not fit. */
export type BodyReader = <Body>(schema: z.ZodType<Body>) => Body;

export function createBodyReader(body: unknown, unreadable: () => PrefetchError): BodyReader {
  return (schema) => {
    const { success, data } = schema.safeParse(body);
    if (!success) throw unreadable();
    return data;
  };
}

/** A larger limit lets one wrong header stop an account for days; a smaller one asks a vendor early that wants a full day. */
export const LONGEST_WAIT_MS = 86_400_000;

/**
 * Milliseconds to wait by a `Retry-After` header: `120` (seconds) or an HTTP date. `undefined` when the header is absent,
 * malformed or in the past. `now` is in milliseconds since the epoch.
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return wait >= 0 ? Math.min(wait, LONGEST_WAIT_MS) : undefined;
}

/** Tencent Cloud accepts 5 minutes, the other vendors 15. A larger value misses wrong clocks; a smaller one blames latency on the clock. */
const CLOCK_TOLERANCE_MS = 300_000;

/** The difference between this machine's clock and the answer's `Date`, such as "12 minutes ahead of the vendor's". */
export function clockSkew({ headers }: HttpResponse, now: number): string | undefined {
  const ahead = now - Date.parse(headers.date ?? "");
  if (Number.isNaN(ahead) || Math.abs(ahead) < CLOCK_TOLERANCE_MS) return undefined;
  return `${Math.round(Math.abs(ahead) / 60_000)} minutes ${ahead > 0 ? "ahead of" : "behind"} the vendor's`;
}
