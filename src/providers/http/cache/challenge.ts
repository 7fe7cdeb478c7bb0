/** Recognises the answers of bot protections, which stand in for the object: a challenge for browsers, or a block of programs. */

import type { Obstacle } from "../../../prefetch/model/edge.ts";
import { type HeaderLines, linesOf } from "./headers.ts";

interface Mark {
  readonly by: string;
  readonly header: string;
  readonly value?: RegExp;
  /** The protection sends the header with good answers, too. */
  readonly onlyWithError?: true;
}

/**
 * Sources: https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/,
 * https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-how-it-works.html, and public captures.
 */
const marks: readonly Mark[] = [
  { by: "Cloudflare", header: "cf-mitigated", value: /^challenge/i },
  { by: "AWS WAF", header: "x-amzn-waf-action", value: /^(?:challenge|captcha)/i },
  { by: "Vercel", header: "x-vercel-mitigated", value: /^(?:challenge|deny)/i },
  { by: "SiteGround", header: "sg-captcha", value: /^challenge/i },
  { by: "CDNetworks", header: "ws-action", value: /^bot/i },
  { by: "Imperva", header: "x-iinfo", value: /\bB\d+\(/ },
  { by: "Imperva", header: "set-cookie", value: /^(?:incap_ses|visid_incap)_/i, onlyWithError: true },
  { by: "Sucuri", header: "x-sucuri-block" },
  { by: "DataDome", header: "x-datadome", onlyWithError: true },
  { by: "DataDome", header: "x-dd-b", onlyWithError: true },
  { by: "Kasada", header: "x-kpsdk-ct", onlyWithError: true },
  { by: "DDoS-Guard", header: "server", value: /^ddos-guard/i, onlyWithError: true },
  { by: "Akamai", header: "set-cookie", value: /^sec_cpt=/i },
];

/** Statuses with which a protection refuses a program; other errors behind it are the origin's. */
const refusals: ReadonlySet<number> = new Set([401, 403, 405, 406, 428, 429, 503]);

export interface ChallengedAnswer {
  readonly status: number;
  readonly headers: HeaderLines;
}

/** The name of the protection that answered instead of the object. */
export function challengerOf(answer: ChallengedAnswer): string | undefined {
  return markOf(answer)?.by;
}

/** The header that shows the protection; empty without one. */
export function challengeHeadersOf(answer: ChallengedAnswer): readonly string[] {
  const mark = markOf(answer);
  return mark ? [mark.header] : [];
}

function markOf({ status, headers }: ChallengedAnswer): Mark | undefined {
  const isRefusal = refusals.has(status);
  return marks.find(({ header, value, onlyWithError = false }) => {
    if ((onlyWithError && !isRefusal) || !headers.has(header)) return false;
    return value === undefined || linesOf(headers, header).some((line) => value.test(line));
  });
}

export function challengeObstacle(by: string): Obstacle {
  return {
    code: "challenge",
    reason: `The bot protection of ${by} answered instead of the object.`,
    change: "Let this server pass in the protection's rules, by its address, its User-Agent or a header of PREFETCH_HTTP_HEADERS.",
  };
}
