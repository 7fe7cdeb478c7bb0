/** Reaches one API of a vendor: name, connection, TLS and clock. The request has no credentials. */

import { asPrefetchError, type PrefetchError } from "../../../base/errors.ts";
import { tlsFailure } from "../../../providers/http/net/tls-failure.ts";
import { codeOf, type HttpClient } from "../../../providers/kit/http-client.ts";
import type { Finding, Rows } from "./finding.ts";

export interface Reached {
  readonly finding: Finding;
  /** Milliseconds by which this machine's clock is ahead of the vendor's. `undefined` without an answer that has a date. */
  readonly clockAheadMs: number | undefined;
}

interface ReachOptions {
  readonly http: Pick<HttpClient, "send">;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly rows: Rows;
}

export async function reachEndpoint(endpoint: string, { http, now, signal, rows }: ReachOptions): Promise<Reached> {
  const url = new URL(endpoint);
  try {
    const { headers } = await http.send({ method: "GET", url, headers: {}, signal, intent: "read" });
    const ahead = now() - Date.parse(headers.date ?? "");
    const secured = url.protocol === "https:" ? " over TLS, with a valid certificate" : "";
    return { finding: rows.ok("endpoint", `${endpoint} answers${secured}.`), clockAheadMs: Number.isNaN(ahead) ? undefined : ahead };
  } catch (thrown) {
    return { finding: unreachable(url, asPrefetchError(thrown), rows), clockAheadMs: undefined };
  }
}

/** The row of a failed connection, by the layer that failed. */
export function unreachable(url: URL, error: PrefetchError, rows: Pick<Rows, "failed" | "error">): Finding {
  const { cause } = error;
  const code = codeOf(cause);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    const name = cause instanceof Error && "hostname" in cause && typeof cause.hostname === "string" ? cause.hostname : url.hostname;
    const next =
      name === url.hostname
        ? "Check the spelling of the region or the endpoint in the settings, and the DNS of this machine."
        : "This is the proxy: correct HTTPS_PROXY or HTTP_PROXY.";
    return rows.failed("endpoint", `${url.origin} cannot be reached: the name ${name} does not resolve (${code}).`, next);
  }
  const tls = tlsFailure(cause, url.hostname);
  if (tls === undefined) return rows.error("endpoint", error, { next: "Check the endpoint, and the DNS and firewall of this machine." });
  return rows.failed(
    "endpoint",
    `${tls.message}.`,
    "A proxy or firewall may inspect TLS here: name the file of its certificate authority in NODE_EXTRA_CA_CERTS. Otherwise check the endpoint.",
  );
}
