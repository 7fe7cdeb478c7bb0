/**
 * Dials checked addresses only. The check runs inside the connection's own lookup, so DNS rebinding cannot change the answer
 * between check and dial. undici has no such guard (https://github.com/nodejs/undici/issues/2019).
 */

import { isIP, type LookupFunction } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { buildConnector } from "undici";
import type { PrefetchError } from "../../../base/errors.ts";
import { connectFailure, noAnswer } from "./connect-failure.ts";
import { isSame } from "./public-address.ts";
import { PUBLIC_ONLY, refuse } from "./refusal.ts";
import type { Pop, Target, TargetRules } from "./target-rules.ts";

interface GuardedConnectorOptions {
  readonly rules: TargetRules;
  readonly lookup: (hostname: string) => Promise<readonly string[]>;
  readonly connectMs: number;
  readonly ca: ConnectionOptions["ca"];
}

/** If there is a PoP, the connector dials its address instead of looking up the host. */
export function createGuardedConnector(options: GuardedConnectorOptions, pop?: Pop): buildConnector.connector {
  return (target, callback) => {
    const { hostname } = target;
    const addresses = lookupOnce(options, target, pop);
    try {
      options.rules.checkTarget(target);
      requireName(hostname, pop);
      const dial = dialer(options, addresses.lookup);
      dial(pop?.port === undefined ? target : { ...target, port: String(pop.port) }, (error, socket) => {
        if (error) return callback(connectFailure(error, hostname), null);
        const fault = uncheckedPeer(socket.remoteAddress, addresses.checked(), hostname);
        if (!fault) return callback(null, socket);
        socket.destroy();
        callback(fault, null);
      });
    } catch (error) {
      callback(connectFailure(error, hostname), null);
    }
  };
}

interface CheckedLookup {
  readonly lookup: LookupFunction;
  readonly checked: () => readonly string[];
}

function lookupOnce({ rules, lookup }: GuardedConnectorOptions, target: Target, pop: Pop | undefined): CheckedLookup {
  const { hostname } = target;
  // Node does not look up a host that is an address; checkTarget() has checked it.
  let checked: readonly string[] = [hostname];
  const findAll = async () => {
    const addresses = pop ? [pop.address] : await lookup(hostname);
    rules.checkAddresses(addresses, target, pop);
    checked = addresses;
    return addresses.map((address) => ({ address, family: isIP(address) }));
  };
  return {
    checked: () => checked,
    lookup: (_name, _options, answer) => {
      findAll().then(
        (found) => answer(null, found),
        (error: unknown) => answer(connectFailure(error, hostname), ""),
      );
    },
  };
}

/** Node would dial a host that is an address without asking the lookup, and so would miss the PoP. */
function requireName(hostname: string, pop: Pop | undefined): void {
  if (!pop || isIP(hostname) === 0) return;
  throw refuse(`PoP ${pop.name} cannot stand in for ${hostname}, which is an address`, "Use the host's name in the URL.");
}

/** A connector for one connection: undici's connector does not tell which of its lookups belongs to which connection. */
function dialer({ connectMs, ca }: GuardedConnectorOptions, lookup: LookupFunction): buildConnector.connector {
  return buildConnector({
    timeout: connectMs,
    lookup,
    // Makes Node request all addresses of a name and try them in turn.
    autoSelectFamily: true,
    allowH2: false,
    maxCachedSessions: 0,
    // Explicit, because the environment variable NODE_TLS_REJECT_UNAUTHORIZED changes the default.
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca }),
  });
}

function uncheckedPeer(peer: string | undefined, checked: readonly string[], hostname: string): PrefetchError | undefined {
  if (peer === undefined) return noAnswer(hostname, "closed at once");
  if (checked.some((address) => isSame(address, peer))) return undefined;
  return refuse(`The connection to ${hostname} ended at ${peer}, an address that was not checked`, PUBLIC_ONLY);
}
