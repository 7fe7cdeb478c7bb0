import type { Dispatcher } from "undici";
import { z } from "zod";
import { type ErrorCode, PrefetchError } from "../../../src/base/errors.ts";
import { createRedactor, tidyMessage } from "../../../src/base/redact.ts";
import type { Call, Provider, StatusRow } from "../../../src/prefetch/model/provider.ts";
import type { ProviderContext } from "../../../src/providers/definition.ts";
import { parseJson, retryAfterHeader } from "../../../src/providers/kit/answer.ts";
import { createHttpClient, type HttpRequest, type HttpResponse } from "../../../src/providers/kit/http-client.ts";
import { stoppedOr } from "../../../src/providers/kit/stopped.ts";

export interface ExampleCdnOptions extends ProviderContext {
  readonly endpoint: string;
  readonly token: string;
  readonly account: string;
  readonly dispatcher?: Dispatcher;
}

const provider = "example-cdn";
const accepted = z.object({ task_id: z.string().min(1).max(64) });
const listed = z.object({ urls: z.array(z.object({ url: z.string(), state: z.string() })) });
const refusal = z.object({ code: z.string(), message: z.string() });

/** Any other word means that the vendor is still at work. */
const states: Readonly<Record<string, StatusRow["state"]>> = { done: "succeeded", failed: "failed" };

/** The vendor's codes first; the HTTP status decides for an answer without a known code. */
const meanings: Readonly<Record<string, readonly [code: ErrorCode, hint?: string]>> = {
  UnknownDomain: ["forbidden_domain", "Add the domain in the console of Example CDN."],
  QuotaExceeded: ["quota_exhausted", "Call again after midnight UTC."],
  401: ["auth_failed", "Check PREFETCH_EXAMPLE_CDN_TOKEN."],
  403: ["auth_failed", "Check PREFETCH_EXAMPLE_CDN_TOKEN."],
  404: ["not_found", "Check the task id."],
  429: ["rate_limited", "The server sends it again later."],
  504: ["timeout", "Check the network path to the vendor."],
};

export function createExampleCdn({ endpoint, token, account, ...network }: ExampleCdnOptions): Provider {
  const http = createHttpClient({ provider, ...network });
  const redact = createRedactor([token]);

  const failureOf = (response: HttpResponse): PrefetchError => {
    const { status, text } = response;
    const vendor = refusal.safeParse(parseJson(text)).data;
    const isCallersMistake = status >= 400 && status < 500;
    const [code, hint] = meanings[vendor?.code ?? ""] ?? meanings[status] ?? [isCallersMistake ? "invalid_argument" : "vendor_unavailable"];
    const message = tidyMessage(vendor?.message ?? "", redact);
    const retryAfterMs = retryAfterHeader(response, network.clock.now());
    return new PrefetchError(code, `Example CDN answered HTTP ${status}${message && `: ${message}`}`, {
      provider,
      ...(hint !== undefined && { hint }),
      // A gateway can lose the answer to a request that was carried out. A code of the vendor's own, or 503, is a refusal.
      delivery: vendor || status < 500 || status === 503 ? "refused" : "unknown",
      retryable: status === 429 || status >= 500,
      ...(vendor && { vendorCode: tidyMessage(vendor.code, redact) }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  };

  const send = async <Answer>(
    call: Call,
    request: Pick<HttpRequest, "method" | "intent" | "body">,
    path: string,
    answer: z.ZodType<Answer>,
  ) => {
    try {
      await call.turn();
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const response = await http.send({ ...request, url: new URL(path, endpoint), headers, signal: call.signal });
      if (response.status < 200 || response.status > 299) throw failureOf(response);
      const { success, data } = answer.safeParse(parseJson(response.text));
      if (success) return data;
      const delivery = request.intent === "spend" ? "unknown" : "refused";
      throw new PrefetchError("vendor_unavailable", "Example CDN sent an undocumented answer", { provider, delivery, retryable: true });
    } catch (error) {
      throw stoppedOr(error, call, { provider, what: "the request" });
    }
  };

  const rowOf = ({ url, state }: { readonly url: string; readonly state: string }): StatusRow => ({
    url,
    state: states[state] ?? "processing",
    vendorState: tidyMessage(state, redact),
  });

  return {
    id: provider,
    title: "Example CDN",
    docs: "https://docs.example-cdn.com/api/prefetch",
    account,
    accepts: ["urls"],
    limits: {
      urlsPerRequest: 50,
      bytesPerRequest: 1_000_000,
      bytesOf: (url) => JSON.stringify(url).length + 1,
      requestsPerMinute: 60,
      urlsPerDay: 2_000,
      urlLength: 8_192,
      timeZone: "UTC",
      pollSeconds: 30,
    },
    tracking: "task",
    depth: "unknown",
    reach: "Example CDN does not document how many edge nodes a success covers.",
    submit: async (batch, call) => {
      if (batch.kind !== "urls") throw new PrefetchError("unsupported", "Example CDN takes URLs only", { provider });
      const request = { method: "POST", intent: "spend", body: JSON.stringify({ urls: batch.urls }) } as const;
      const { task_id } = await send(call, request, "/v1/prefetch", accepted);
      return { vendorTaskIds: [task_id], refused: [] };
    },
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const id of vendorTaskIds) {
        // Callers may pass any text as a vendor task id, so it must not reach another path.
        if (!/^\w{1,64}$/.test(id)) throw new PrefetchError("not_found", "The vendor task id is malformed", { provider });
        const { urls } = await send(call, { method: "GET", intent: "read" }, `/v1/prefetch/${id}`, listed);
        rows.push(...urls.map(rowOf));
      }
      return rows;
    },
    close: () => http.close(),
  };
}
