/** Connections through a proxy, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY name it. */

import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import type { ProxySettings } from "../../base/proxy-settings.ts";

/** No proxy reaches this machine's own services, such as an emulator. */
const LOOPBACK = "localhost,127.0.0.1,[::1]";

export interface AgentOptions extends Agent.Options {
  /** Longest time to connect to the proxy, and for its answer to CONNECT. */
  readonly connectMs: number;
  /** TLS options of connections to hosts behind the proxy. */
  readonly tlsToHost?: EnvHttpProxyAgent.Options["requestTls"];
}

/**
 * An agent that connects directly, or through the proxy. It asks the proxy for a tunnel (CONNECT) in any case: a proxy that
 * forwards plain HTTP may answer from its own cache.
 */
export function createAgent({ connectMs, tlsToHost, ...options }: AgentOptions, proxy: ProxySettings | undefined): Dispatcher {
  if (!proxy) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    // An empty text keeps undici from reading the environment itself.
    httpProxy: proxy.http ?? "",
    httpsProxy: proxy.https ?? "",
    noProxy: [proxy.bypass, LOOPBACK].filter(Boolean).join(","),
    proxyTunnel: true,
    connectTimeout: connectMs,
    ...(tlsToHost && { requestTls: tlsToHost }),
    clientFactory: (origin, own) => new Pool(origin, { ...own, headersTimeout: connectMs }),
  });
}

/** The proxy's status, if it refused the tunnel. undici tells it in the message only. */
export function tunnelRefusal(error: unknown): number | undefined {
  const status = error instanceof Error ? /^Proxy response \((\d{3})\)/.exec(error.message)?.[1] : undefined;
  return status === undefined ? undefined : Number(status);
}

export function tunnelAdvice(status: number): string {
  if (status === 407) return "Put the proxy's user and password into HTTPS_PROXY, such as http://user:password@proxy.example.com:3128.";
  return "Let the proxy pass this host and port, or list the host in NO_PROXY.";
}

/** `proxy.example.com:3128`, without user and password. */
export function shownProxies({ https, http }: ProxySettings): string {
  const hosts = [https, http].flatMap((url) => (url === undefined ? [] : (URL.parse(url)?.host ?? [])));
  return [...new Set(hosts)].join(" and ");
}
