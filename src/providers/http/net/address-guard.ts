/**
 * The only way to the network for URLs that callers choose: it connects to allowed hosts at public addresses.
 *
 * Nothing here follows redirects. A proxy looks up names itself and so bypasses the check of the dialled address; only the
 * operator can turn it on, and proxied.ts makes the checks that remain.
 */

import { lookup as lookUp } from "node:dns/promises";
import type { ConnectionOptions } from "node:tls";
import type { Dispatcher } from "undici";
import { PrefetchError } from "../../../base/errors.ts";
import type { ProxySettings } from "../../../base/proxy-settings.ts";
import { parseUrl } from "../../../prefetch/model/url.ts";
import { guardAnswers } from "../../kit/answer-guard.ts";
import { createAgent, shownProxies } from "../../kit/proxy.ts";
import { createGuardedConnector } from "./guarded-connector.ts";
import { checkBeforeProxy } from "./proxied.ts";
import { LISTED_ONLY, refuse } from "./refusal.ts";
import { createTargetRules, type Pop, type TargetRuleOptions } from "./target-rules.ts";

export interface AddressGuardOptions extends TargetRuleOptions {
  /** Returns all addresses of a name; runs once per connection. */
  readonly lookup?: ((hostname: string) => Promise<readonly string[]>) | undefined;
  /** Certificate authorities that replace Node's list. */
  readonly ca?: ConnectionOptions["ca"];
  readonly connectMs?: number | undefined;
  /** Longest time to the headers, and longest silence within the body. */
  readonly answerMs?: number | undefined;
  /** The proxy of all requests; no PoP works with it. */
  readonly proxy?: ProxySettings | undefined;
  /** For each pair of origin and PoP. */
  readonly connections?: number | undefined;
}

export interface AddressGuard {
  /** Parses and checks a URL without a lookup. Throws a `PrefetchError`. The connection repeats all checks. */
  checkUrl(input: unknown): URL;
  /**
   * The dispatcher for a PoP, or for the host's own addresses. Connection errors are `PrefetchError`s with nothing sent. A HEAD
   * request needs `reset: false`, or undici closes its connection (https://github.com/nodejs/undici/issues/258).
   */
  dispatcher(pop?: Pop): Dispatcher;
  close(): Promise<void>;
}

/** Larger: a dead host holds a slot longer. Smaller: distant or busy hosts fail. */
const CONNECT_MS = 10_000;
/** Larger: a stalled response holds a slot longer. Smaller: a CDN that first fetches from a slow origin fails. */
const ANSWER_MS = 30_000;
/** Larger: more load on one edge. Smaller: less throughput. */
const CONNECTIONS = 8;
/** Larger: more requests meet a connection that the server has closed. Smaller: more connections are made. */
const KEEP_ALIVE_MS = 10_000;
/** The limit for a server's own `Keep-Alive: timeout=…`; the trade-off is the same. */
const MAX_KEEP_ALIVE_MS = 60_000;
/** Larger: a hostile server costs memory. Smaller: responses with many cookies or debug headers fail. */
const MAX_HEADER_BYTES = 65_536;
/** Limit of the percent-encoded URL. Larger: many servers, whose limit is 8 KiB, reject the request. Smaller: long signed URLs fail. */
const MAX_URL_CHARS = 8_192;

export function createAddressGuard(options: AddressGuardOptions = {}): AddressGuard {
  const { connectMs = CONNECT_MS, answerMs = ANSWER_MS, connections = CONNECTIONS, lookup = allAddresses, ca } = options;
  const { allowedDomains, proxy } = options;
  const rules = createTargetRules(options);
  const agents = new Map<string, Dispatcher>();

  return {
    checkUrl: (input) => {
      const parsed = parseUrl(input, { maxLength: MAX_URL_CHARS, allowedDomains });
      if (!parsed.ok && parsed.forbidden) throw refuse(`The URL ${parsed.reason}`, LISTED_ONLY);
      if (!parsed.ok) throw new PrefetchError("invalid_argument", `The URL ${parsed.reason}`);
      const url = new URL(parsed.url);
      rules.checkTarget({ protocol: url.protocol, hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: url.port });
      return url;
    },
    dispatcher: (pop) => {
      if (pop) rules.checkAddresses([pop.address], { protocol: "https:", hostname: pop.name, port: "" }, pop);
      const key = JSON.stringify([pop?.address, pop?.port, pop?.name]);
      const known = agents.get(key);
      if (known) return known;
      // One agent per PoP: an agent would reuse a connection for the same origin at another PoP.
      const settings = {
        connectMs,
        connect: createGuardedConnector({ rules, lookup, connectMs, ca }, pop),
        tlsToHost: { timeout: connectMs, rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
        connections,
        allowH2: false,
        headersTimeout: answerMs,
        bodyTimeout: answerMs,
        maxHeaderSize: MAX_HEADER_BYTES,
        keepAliveTimeout: KEEP_ALIVE_MS,
        keepAliveMaxTimeout: MAX_KEEP_ALIVE_MS,
      };
      const agent = createAgent(settings, proxy).compose(
        guardAnswers(answerMs),
        refuseHostHeader,
        ...(proxy ? [checkBeforeProxy({ rules, lookup, proxyName: shownProxies(proxy) })] : []),
      );
      agents.set(key, agent);
      return agent;
    },
    close: async () => {
      await Promise.all(Array.from(agents.values(), (agent) => agent.destroy()));
    },
  };
}

/** A caller's `Host` header would request an unchecked host from a checked address; undici would also use it for SNI. */
const refuseHostHeader: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  if (headerNames(options.headers ?? []).some((name) => /^host$/i.test(name))) {
    throw refuse("The request sets a Host header, which would bypass the host check", "Put the host into the URL.");
  }
  return dispatch(options, handler);
};

/** undici accepts headers as a flat list of names and values, as pairs, or as an object. */
function headerNames(headers: NonNullable<Dispatcher.DispatchOptions["headers"]>): string[] {
  if (Array.isArray(headers)) return headers.filter((_, index) => index % 2 === 0);
  return Symbol.iterator in headers ? Array.from(headers, ([name]) => name) : Object.keys(headers);
}

async function allAddresses(hostname: string): Promise<readonly string[]> {
  return (await lookUp(hostname, { all: true })).map(({ address }) => address);
}
