/** Reading what vendors, and what stands between, answer: nothing in here trusts any of it. */

import type { HttpResponse } from "./http-client.ts";

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Proxies answer in HTML or not at all; the caller then goes by the status.
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Whatever is said, the next day is worth a try. */
export const LONGEST_WAIT_MS = 86_400_000;

/** Milliseconds from a `Retry-After` header: seconds or a date. */
export function retryAfterHeader({ headers }: HttpResponse, now: number): number | undefined {
  const header = headers["retry-after"];
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return wait >= 0 ? Math.min(wait, LONGEST_WAIT_MS) : undefined;
}

const CLOCK_SKEW_MS = 300_000;

/** "12 minutes ahead of", when the vendor's `Date` and this machine's clock are too far apart for a signature. */
export function clockSkew({ headers }: HttpResponse, now: number): string | undefined {
  const off = now - Date.parse(headers.date ?? "");
  if (Number.isNaN(off) || Math.abs(off) < CLOCK_SKEW_MS) return undefined;
  return `${Math.round(Math.abs(off) / 60_000)} minutes ${off > 0 ? "ahead of" : "behind"} the vendor's`;
}
