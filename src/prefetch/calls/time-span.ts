/** The stretch of time that a caller asks for, by dates and times in a zone of its choice. */

import { PrefetchError } from "../../base/errors.ts";
import { readMoment, zoneNamed } from "../../base/zoned-time.ts";

export interface SpanRequest {
  readonly since?: string | undefined;
  /** A date includes its whole day. */
  readonly until?: string | undefined;
  /** IANA name of the zone of dates and times without an offset; UTC when it is left out. */
  readonly timeZone?: string | undefined;
}

/** Milliseconds since the epoch: `since` belongs to the span, `until` does not. */
export interface TimeSpan {
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly timeZone: string;
}

/** `undefined` when neither end is named. Throws `invalid_argument`. */
export function readSpan({ since, until, timeZone = "UTC" }: SpanRequest): TimeSpan | undefined {
  const zone = zoneNamed(timeZone);
  if (zone === undefined) {
    throw new PrefetchError("invalid_argument", `time_zone: "${timeZone.slice(0, 60)}" is not a known time zone`, {
      hint: "Pass an IANA name such as Asia/Shanghai, or leave it out for UTC.",
    });
  }
  if (since === undefined && until === undefined) return undefined;
  const span = {
    since: since === undefined ? undefined : momentOf("since", since, zone).begins,
    until: until === undefined ? undefined : momentOf("until", until, zone).ends,
    timeZone: zone,
  };
  if (span.since !== undefined && span.until !== undefined && span.until <= span.since) {
    throw new PrefetchError("invalid_argument", "until: does not lie after since", { hint: "Swap the two and call again." });
  }
  return span;
}

function momentOf(name: "since" | "until", text: string, zone: string) {
  const moment = readMoment(text, zone);
  if (moment !== undefined) return moment;
  throw new PrefetchError("invalid_argument", `${name}: "${text.slice(0, 60)}" is neither a date nor a time`, {
    hint: "Pass a date such as 2026-11-28, or a time such as 2026-11-28T10:30 or 2026-11-28T10:30:00+08:00.",
  });
}
