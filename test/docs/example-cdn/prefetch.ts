import { z } from "zod";
import { PrefetchError } from "../../../src/base/errors.ts";
import { tidyMessage } from "../../../src/base/redact.ts";
import type { Call, Provider, StatusRow } from "../../../src/prefetch/model/provider.ts";
import { parseJson } from "../../../src/providers/kit/answer.ts";
import { provesLogin } from "../../../src/providers/kit/login-check.ts";
import { type NetworkOptions, openNetwork } from "../../../src/providers/kit/network.ts";
import { createSignedCall, type SignedRequest } from "../../../src/providers/kit/signed-call.ts";
import { errors } from "./errors.ts";

export interface ExampleCdnOptions extends NetworkOptions {
  readonly endpoint: string;
  readonly token: string;
  readonly account: string;
}

type Request = SignedRequest & { readonly path: string; readonly body?: string };

const { provider, name } = errors.vendor;
const accepted = z.object({ task_id: z.string().min(1).max(64) });
const listed = z.object({ urls: z.array(z.object({ url: z.string(), state: z.string() })) });
/** Any other word means that the vendor is still at work. */
const states: Readonly<Record<string, StatusRow["state"]>> = { done: "succeeded", failed: "failed" };

export function createExampleCdn({ endpoint, token, account, ...options }: ExampleCdnOptions): Provider {
  const network = openNetwork(provider, options);
  network.secrets.add(token);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const send = createSignedCall<Request>({
    ...network,
    errors,
    parse: parseJson,
    exchange: ({ path, body }, sendSigned) =>
      sendSigned(() => ({ method: body === undefined ? "GET" : "POST", url: new URL(path, endpoint), headers, ...(body && { body }) })),
  });
  const readTask = async (id: string, call: Call): Promise<StatusRow[]> => {
    const answer = await send({ path: `/v1/prefetch/${id}`, intent: "read", what: "the status query", call, counted: true });
    return answer.read(listed).urls.map(({ url, state }) => {
      return { url, state: states[state] ?? "processing", vendorState: tidyMessage(state, network.redact) };
    });
  };

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
      const answer = await send({ path: "/v1/prefetch", body, intent: "spend", what: "the prefetch", call, counted: true });
      return { vendorTaskIds: [answer.read(accepted).task_id], refused: [] };
    },
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const id of vendorTaskIds) {
        // Callers may pass any text as a vendor task id, so it must not reach another path.
        if (!/^\w{1,64}$/.test(id)) throw new PrefetchError("not_found", "The vendor task id is malformed", { provider });
        rows.push(...(await readTask(id, call)));
      }
      return rows;
    },
    checkLogin: (call) => provesLogin(errors.vendor, readTask("none", call)),
    close: () => network.http.close(),
  };
}
