/**
 * The checks of requests through a proxy. The proxy looks up the name and dials it, so the address that it reaches cannot be
 * checked here. Everything else is: the host, the port, an address in the URL, and the addresses that this machine finds for the name.
 */

import { isIP } from "node:net";
import QuickLRU from "quick-lru";
import type { Dispatcher } from "undici";
import { PrefetchError } from "../../../base/errors.ts";
import { tunnelAdvice, tunnelRefusal } from "../../kit/proxy.ts";
import { connectFailure } from "./connect-failure.ts";
import type { Target, TargetRules } from "./target-rules.ts";

interface ProxiedOptions {
  readonly rules: TargetRules;
  readonly lookup: (hostname: string) => Promise<readonly string[]>;
  /** The proxy's host and port, for errors. */
  readonly proxyName: string;
}

/** More hosts or a longer time save look-ups in long lists; a shorter time notices changes of a name sooner. */
const HOSTS_KEPT = 500;
const KEPT_MS = 30_000;

export function checkBeforeProxy({ rules, lookup, proxyName }: ProxiedOptions): Dispatcher.DispatcherComposeInterceptor {
  const found = new QuickLRU<string, Promise<readonly string[] | undefined>>({ maxSize: HOSTS_KEPT, maxAge: KEPT_MS });

  /** `undefined` if this machine cannot resolve the name, as is usual behind a corporate proxy. */
  const addressesOf = (hostname: string): Promise<readonly string[] | undefined> => {
    const known = found.get(hostname);
    if (known) return known;
    const looking = lookup(hostname).catch(() => undefined);
    found.set(hostname, looking);
    return looking;
  };

  const check = async (target: Target): Promise<void> => {
    const addresses = isIP(target.hostname) === 0 ? await addressesOf(target.hostname) : undefined;
    if (addresses && addresses.length > 0) rules.checkAddresses(addresses, target);
  };

  return (dispatch) => (options, handler) => {
    const { protocol, hostname, port, host } = new URL(String(options.origin));
    const target = { protocol, hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port };
    rules.checkTarget(target);
    const explained = explaining(handler, host, proxyName);
    check(target).then(
      () => dispatch(options, explained),
      (error: Error) => explained.onResponseError?.(endedFlow, error),
    );
    return true;
  };
}

/** Stands in where a request ended before it had a connection. */
const endedFlow: Dispatcher.DispatchController = {
  aborted: true,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

/** Explains errors from before the request was sent, which concern the way to the host. */
function explaining(handler: Dispatcher.DispatchHandler, host: string, proxyName: string): Dispatcher.DispatchHandler {
  let isSent = false;
  return {
    onRequestStart: (...args) => {
      isSent = true;
      handler.onRequestStart?.(...args);
    },
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStarted: () => handler.onResponseStarted?.(),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, isSent ? error : wayFailure(error, host, proxyName)),
  };
}

function wayFailure(error: Error, host: string, proxyName: string): Error {
  const status = tunnelRefusal(error);
  if (status !== undefined) {
    const message = `The proxy ${proxyName} refused the way to ${host} (status ${status})`;
    return new PrefetchError("vendor_unavailable", message, { hint: tunnelAdvice(status), cause: error });
  }
  return connectFailure(error, `${host} through the proxy ${proxyName}`);
}
