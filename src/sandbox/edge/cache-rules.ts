/** The rules of a shared cache: its keys, how long it stores an answer, and its verdict on answers that it does not store. */

import type { CacheOutcome } from "./facts.ts";
import type { OriginAnswer } from "./origin.ts";

/** Host, path and query; and the client's encodings if the answer varies by them. */
export function cacheKey({ host, pathname, search }: URL, vary: string | undefined, acceptEncoding = ""): string {
  const variant = vary === "Accept-Encoding" ? acceptEncoding.toLowerCase().replace(/\s/g, "") : "";
  return `${host}${pathname}${search} ${variant}`;
}

/** Seconds for which a shared cache may store the answer (RFC 9111, sections 3 and 4.2.1); `undefined` if it may not. */
export function lifetimeOf(answer: Pick<OriginAnswer, "status" | "headers" | "outcome">): number | undefined {
  const { status, headers, outcome } = answer;
  if (status !== 200 || outcome.does === "truncate" || headers["set-cookie"] !== undefined || headers.vary === "*") return undefined;
  const control = headers["cache-control"] ?? "";
  if (/(?:^|[\s,])(?:no-store|no-cache|private)(?:$|[\s,])/i.test(control)) return undefined;
  const [seconds] = [/s-maxage=(\d{1,10})/i, /max-age=(\d{1,10})/i].flatMap((directive) => directive.exec(control)?.[1] ?? []);
  return Number(seconds) > 0 ? Number(seconds) : undefined;
}

/** A cache calls an error or an incomplete answer a miss: it would store a good answer for the same URL. */
export function unstoredOutcome({ status, outcome }: OriginAnswer, hasDynamic: boolean | undefined): CacheOutcome {
  if (hasDynamic && outcome.does === "dynamic") return "uncacheable";
  return status === 200 && outcome.does !== "truncate" ? "bypass" : "miss";
}
