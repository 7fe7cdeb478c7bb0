/** The meaning of each status that is no success: the code of the outcome, and what to do. */

export interface StatusMeaning {
  readonly code: string;
  /** The cause that the status names, as a sentence, where the number alone says little. */
  readonly cause?: string;
  readonly advice: string;
}

const originAdvice = "Check the origin behind the CDN, then call again.";

const missing: StatusMeaning = { code: "not_found", advice: "Publish the file first, or correct the URL." };
const denied: StatusMeaning = {
  code: "forbidden",
  advice:
    "Pass a signed URL if the CDN requires one, and check the CDN's access rules. PREFETCH_HTTP_HEADERS adds a cookie or Authorization.",
};
const throttled: StatusMeaning = { code: "rate_limited", advice: "Call again later, or lower PREFETCH_HTTP_REQUESTS_PER_SECOND." };
const redirected: StatusMeaning = { code: "redirect", advice: "Warm the target URL, or set PREFETCH_HTTP_REDIRECTS." };
const late: StatusMeaning = { code: "timeout", advice: originAdvice };
const serverError: StatusMeaning = { code: "vendor_unavailable", advice: "Check the origin and the CDN, then call again." };
const unexpected: StatusMeaning = { code: "http_error", advice: "Check the URL." };

const originFault = (cause: string, advice = originAdvice): StatusMeaning => ({ code: "vendor_unavailable", cause, advice });

/** https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/ */
const meanings: Readonly<Record<number, StatusMeaning>> = {
  401: denied,
  403: denied,
  404: missing,
  410: missing,
  406: { ...unexpected, advice: "The server has no version that the Accept headers allow. Check PREFETCH_HTTP_VARIANTS." },
  407: { ...unexpected, advice: "A proxy on the way asks for a sign-in. Check the proxy settings." },
  408: late,
  429: throttled,
  451: { code: "forbidden", cause: "It is blocked for legal reasons.", advice: "Check in which countries the CDN serves it." },
  504: late,
  520: originFault("The origin sent the CDN an answer that it cannot use."),
  521: originFault("The origin refused the CDN's connection."),
  522: originFault("The CDN's connection to the origin timed out."),
  523: originFault("The CDN cannot reach the origin."),
  524: { ...late, cause: "The origin accepted the CDN's request, but did not answer in time." },
  525: originFault("The TLS handshake between the CDN and the origin failed.", "Correct the TLS settings of the origin."),
  526: originFault("The origin's certificate is not valid.", "Install a valid certificate at the origin."),
  530: originFault("The CDN cannot resolve or reach the origin.", "Correct the origin's DNS record at the CDN."),
};

export function meaningOf(status: number): StatusMeaning {
  if (status >= 300 && status < 400) return redirected;
  return meanings[status] ?? (status >= 500 ? serverError : unexpected);
}
