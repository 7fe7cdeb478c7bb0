import type { Dispatcher } from "undici";
import { z } from "zod";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createRedactor, tidyMessage } from "../../../src/base/redact.ts";
import type { Call, Provider, StatusRow } from "../../../src/prefetch/model/provider.ts";
import type { ProviderContext } from "../../../src/providers/definition.ts";
import { parseJson } from "../../../src/providers/kit/answer.ts";
import { createHttpClient, type HttpRequest } from "../../../src/providers/kit/http-client.ts";
import { provesLogin } from "../../../src/providers/kit/login-check.ts";
import { stoppedOr } from "../../../src/providers/kit/stopped.ts";
import { unreadableAnswer } from "../../../src/providers/kit/vendor-failure.ts";
import { failureOf, vendor } from "./errors.ts";

export interface ExampleCdnOptions extends ProviderContext {
  readonly endpoint: string;
  readonly token: string;
  readonly account: string;
  readonly dispatcher?: Dispatcher;
}

const { provider, name } = vendor;
const accepted = z.object({ task_id: z.string().min(1).max(64) });
const listed = z.object({ urls: z.array(z.object({ url: z.string(), state: z.string() })) });
/** Any other word means that the vendor is still at work. */
const states: Readonly<Record<string, StatusRow["state"]>> = { done: "succeeded", failed: "failed" };

export function createExampleCdn({ endpoint, token, account, ...network }: ExampleCdnOptions): Provider {
  const http = createHttpClient({ provider, ...network });
  const redact = createRedactor([token]);

  type Request = Pick<HttpRequest, "method" | "intent" | "body"> & { readonly action: string; readonly path: string };
  const send = async <Answer>({ action, path, ...request }: Request, answer: z.ZodType<Answer>, call: Call): Promise<Answer> => {
    try {
      await call.turn();
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const { signal, isFresh } = call;
      const response = await http.send({ ...request, url: new URL(path, endpoint), headers, signal, isFresh });
      const context = { action, intent: request.intent, redact, now: network.clock.now() };
      if (response.status < 200 || response.status > 299) throw failureOf(response, context);
      const { success, data } = answer.safeParse(parseJson(response.text));
      if (!success) throw unreadableAnswer(vendor, response, context);
      return data;
    } catch (error) {
      throw stoppedOr(error, call, { provider, action });
    }
  };

  const readTask = (id: string, call: Call) =>
    send({ method: "GET", path: `/v1/prefetch/${id}`, intent: "read", action: "the status query" }, listed, call);

  return {
    id: provider,
    title: name,
    docs: "https://docs.example-cdn.com/api/prefetch",
    account,
    endpoints: [endpoint],
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
    purging: "Example CDN purges in its console.",
    submit: async (batch, call) => {
      if (batch.kind !== "urls") throw new PrefetchError("unsupported", `${name} takes URLs only`, { provider });
      const body = JSON.stringify({ urls: batch.urls });
      const request = { method: "POST", path: "/v1/prefetch", intent: "spend", action: "the prefetch", body } as const;
      const { task_id } = await send(request, accepted, call);
      return { vendorTaskIds: [task_id], refused: [] };
    },
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const id of vendorTaskIds) {
        // Callers may pass any text as a vendor task id, so it must not reach another path.
        if (!/^\w{1,64}$/.test(id)) throw new PrefetchError("not_found", "The vendor task id is malformed", { provider });
        const { urls } = await readTask(id, call);
        for (const { url, state } of urls) {
          rows.push({ url, state: states[state] ?? "processing", vendorState: tidyMessage(state, redact) });
        }
      }
      return rows;
    },
    checkLogin: (call) => provesLogin(vendor, readTask("none", call)),
    close: () => http.close(),
  };
}
