/**
 * The one door to the network for URLs that others chose. What is checked is what is dialled: the check sits inside the lookup
 * of the connection itself, so there is no second answer that DNS rebinding could change. undici has no such guard of its own
 * (https://github.com/nodejs/undici/issues/2019) and, as Node does, asks no lookup about hosts that are addresses already.
 *
 * Nothing here follows a redirect, and undici's agents do not know the proxy variables of the environment: a proxy would look
 * names up elsewhere, past every check.
 */

import { lookup as lookUp } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Agent, buildConnector, type Dispatcher } from "undici";
import { PrefetchError } from "../../../base/errors.ts";
import { parseUrl } from "../../../prefetch/model/url.ts";
import { isSame } from "./public-address.ts";
import { describeFailure, LISTED_ONLY, noAnswer, PUBLIC_ONLY, refuse } from "./refusal.ts";
import { type Pop, rulesOf, type TargetRules } from "./target-rules.ts";

export interface AddressGuardOptions extends TargetRules {
  /** All addresses of a name, asked once a connection. */
  readonly lookup?: ((hostname: string) => Promise<readonly string[]>) | undefined;
  /** Certificate authorities instead of those that Node trusts. */
  readonly ca?: ConnectionOptions["ca"];
  readonly connectMs?: number | undefined;
  /** Longest silence before the headers and within the body. */
  readonly answerMs?: number | undefined;
  /** For each origin and PoP. */
  readonly connections?: number | undefined;
}

export interface AddressGuard {
  /** The URL as it is to be sent. Throws `PrefetchError` where no lookup is needed to refuse it; the connection checks all of it again. */
  checkUrl(input: unknown): URL;
  /**
   * Where requests go through. Each PoP has an agent of its own, as pools know their connections by origin only.
   * HEAD needs `reset: false`, or undici closes the connection after each (https://github.com/nodejs/undici/issues/258).
   * Failures to connect are `PrefetchError`s that are known not to have sent anything.
   */
  dispatcher(pop?: Pop): Dispatcher;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;
const CONNECTIONS = 8;
const KEPT_MS = 10_000;
const LONGEST_KEPT_MS = 60_000;
const LARGEST_HEADERS = 65_536;
/** Of the encoded URL; servers commonly take 8 KiB. */
const LONGEST_URL = 8_192;

export function createAddressGuard(options: AddressGuardOptions = {}): AddressGuard {
  const { connectMs = CONNECT_MS, answerMs = ANSWER_MS, connections = CONNECTIONS, lookup = allAddresses, ca } = options;
  const { allowedDomains } = options;
  const rules = rulesOf(options);
  const agents = new Map<string, Dispatcher>();

  const connectVia =
    (pop: Pop | undefined): buildConnector.connector =>
    (asked, callback) => {
      const { hostname } = asked;
      let checked: readonly string[] = [hostname];
      const findAll = async () => {
        const addresses = pop ? [pop.address] : await lookup(hostname);
        rules.checkAddresses(addresses, asked, pop);
        checked = addresses;
        return addresses.map((address) => ({ address, family: isIP(address) }));
      };
      const checkedLookup: LookupFunction = (_name, _options, answer) => {
        findAll().then(
          (found) => answer(null, found),
          (error: unknown) => answer(describeFailure(error, hostname), ""),
        );
      };
      try {
        rules.checkTarget(asked);
        // No lookup is asked about an address, so it would be dialled itself.
        if (pop && isIP(hostname) !== 0) throw refuse(`PoP ${pop.name} cannot stand in for ${hostname}`, "Use the name of the host.");
        // One connector a connection, because undici's own keeps no tie between a connection and what was looked up for it.
        const dial = buildConnector({
          timeout: connectMs,
          lookup: checkedLookup,
          // What makes Node ask for, and then try, all addresses of a name.
          autoSelectFamily: true,
          allowH2: false,
          maxCachedSessions: 0,
          // Said here because NODE_TLS_REJECT_UNAUTHORIZED could say otherwise.
          rejectUnauthorized: true,
          ...(ca !== undefined && { ca }),
        });
        dial(pop?.port === undefined ? asked : { ...asked, port: String(pop.port) }, (error, socket) => {
          if (error) return callback(describeFailure(error, hostname), null);
          const { remoteAddress } = socket;
          if (remoteAddress !== undefined && checked.some((address) => isSame(address, remoteAddress))) return callback(null, socket);
          socket.destroy();
          callback(
            remoteAddress === undefined
              ? noAnswer(hostname, "closed at once")
              : refuse(`${hostname} was reached at ${remoteAddress}, not at an address that was checked`, PUBLIC_ONLY),
            null,
          );
        });
      } catch (error) {
        callback(describeFailure(error, hostname), null);
      }
    };

  return {
    checkUrl: (input) => {
      const reading = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains });
      if (!reading.ok && reading.forbidden) throw refuse(`The URL ${reading.reason}`, LISTED_ONLY);
      if (!reading.ok) throw new PrefetchError("invalid_argument", `The URL ${reading.reason}`);
      const url = new URL(reading.url);
      rules.checkTarget({ protocol: url.protocol, hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: url.port });
      return url;
    },
    dispatcher: (pop) => {
      if (pop) rules.checkAddresses([pop.address], { protocol: "https:", hostname: pop.name, port: "" }, pop);
      const key = JSON.stringify([pop?.address, pop?.port, pop?.name]);
      const known = agents.get(key);
      if (known) return known;
      const agent = new Agent({
        connect: connectVia(pop),
        connections,
        allowH2: false,
        headersTimeout: answerMs,
        bodyTimeout: answerMs,
        maxHeaderSize: LARGEST_HEADERS,
        keepAliveTimeout: KEPT_MS,
        keepAliveMaxTimeout: LONGEST_KEPT_MS,
      }).compose(keepHost);
      agents.set(key, agent);
      return agent;
    },
    close: async () => {
      await Promise.all(Array.from(agents.values(), (agent) => agent.destroy()));
    },
  };
}

/** A Host of one's own would ask a checked address for an unchecked host, and undici takes the name for TLS from it. */
const keepHost: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const headers = options.headers ?? [];
  const names = Array.isArray(headers)
    ? headers.filter((_, index) => index % 2 === 0)
    : Symbol.iterator in headers
      ? Array.from(headers, ([name]) => name)
      : Object.keys(headers);
  if (names.some((name) => /^host$/i.test(name))) {
    throw refuse("A request carries a Host header of its own", "Put the host into the URL; a PoP is pinned by its address.");
  }
  return dispatch(options, handler);
};

async function allAddresses(hostname: string): Promise<readonly string[]> {
  return (await lookUp(hostname, { all: true })).map(({ address }) => address);
}
