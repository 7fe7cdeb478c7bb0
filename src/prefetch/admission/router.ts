/** Which provider gets the URLs of each host of a list. */

import type { ErrorCode } from "../../base/errors.ts";
import type { Provider } from "../model/provider.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import { hostMatches } from "../model/url.ts";
import type { HostLists } from "./host-lists.ts";
import { createHostLookUp, type Listed, type ListedHost, type LookUpHost } from "./listed-hosts.ts";
import { chooseTaker, unnamedChoices } from "./routing.ts";

/**
 * Why a provider gets a URL: the call names it, a route names it, its vendor lists the host as this pattern, or a call without a name
 * can mean no other one.
 */
export type Choice = { readonly by: "name" } | { readonly by: "route" | "list"; readonly pattern: string } | { readonly by: "default" };

export type Destination =
  | {
      readonly ok: true;
      readonly provider: Provider;
      readonly choice: Choice;
      /** Sentences about vendors whose lists could not decide, where `auto` asked them. */
      readonly notes?: readonly string[];
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly reason: string };

/** The destination of a host's URLs. */
export type Router = (hostname: string) => Destination | Promise<Destination>;

export interface RouterOptions {
  /** The provider that the call names. */
  readonly named: string | undefined;
  readonly hostLists: HostLists;
  readonly signal: AbortSignal;
}

/** Routes everything to the named or only provider; without a name and with PREFETCH_ROUTES, host by host. For one call. */
export async function createRouter(directory: ProviderDirectory, { named, hostLists, signal }: RouterOptions): Promise<Router> {
  const { routes, configured } = directory;
  if (named !== undefined || routes.length === 0 || configured.length === 0) {
    const provider = await chooseTaker(directory, named, "urls");
    return () => ({ ok: true, provider, choice: { by: named === undefined ? "default" : "name" } });
  }
  const providers = new Map<string, Provider>();
  for (const id of configured) providers.set(id, await directory.get(id));
  const takers = [...providers.values()].filter(({ accepts }) => accepts.includes("urls"));
  const lookUp = createHostLookUp(takers, hostLists, signal);
  const destinations = new Map<string, Promise<Destination>>();
  return (hostname) => {
    const known = destinations.get(hostname) ?? destinationOf(hostname, { directory, providers, lookUp });
    destinations.set(hostname, known);
    return known;
  };
}

interface RoutingFacts {
  readonly directory: ProviderDirectory;
  /** The configured ones by id. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly lookUp: LookUpHost;
}

async function destinationOf(hostname: string, facts: RoutingFacts): Promise<Destination> {
  const { directory, lookUp } = facts;
  const written = directory.routes.filter((route) => route !== "auto").find(({ pattern }) => hostMatches(hostname, pattern));
  const first = directory.routes.find((route) => route === "auto" || route === written);
  const listed = first === "auto" ? await lookUp(hostname) : undefined;
  const byList = listed && listedDestination(hostname, listed);
  if (byList) return byList;
  if (written) return writtenDestination(written.provider, { by: "route", pattern: written.pattern }, { ...facts, hostname, listed });
  if (listed && listed.stopped.length > 0) return outOfService(hostname, listed.stopped);
  const [only, ...others] = unnamedChoices(directory);
  if (only === undefined || others.length > 0) return unrouted(hostname, listed, facts);
  return writtenDestination(only, { by: "default" }, { ...facts, hostname, listed });
}

/** `undefined` where no list has the host in service. */
function listedDestination(hostname: string, listed: ListedHost): Destination | undefined {
  const [first, ...others] = listed.serving;
  if (!first) return undefined;
  if (others.length > 0) return severalServe(hostname, [first, ...others]);
  return { ok: true, provider: first.provider, choice: { by: "list", pattern: first.host.pattern }, ...notesOf(listed) };
}

interface HostFacts extends RoutingFacts {
  readonly hostname: string;
  readonly listed: ListedHost | undefined;
}

function writtenDestination(id: string, choice: Choice, { providers, hostname, listed }: HostFacts): Destination {
  const provider = providers.get(id);
  if (!provider) {
    const reason = `is on ${hostname}, which PREFETCH_ROUTES sends to ${id}, and that has no credentials; read prefetch://providers`;
    return { ok: false, code: "not_configured", reason };
  }
  if (provider.accepts.includes("urls")) return { ok: true, provider, choice, ...notesOf(listed) };
  return { ok: false, code: "unsupported", reason: `is on ${hostname}, whose provider ${id} takes no URLs on this server` };
}

function notesOf(listed: ListedHost | undefined): { notes?: readonly string[] } {
  return listed && listed.problems.length > 0 ? { notes: listed.problems } : {};
}

/** A choice between them would spend the quota of a product that the user may not mean. */
function severalServe(hostname: string, serving: readonly [Listed, ...Listed[]]): Destination {
  const ids = serving.map(({ provider }) => provider.id);
  const reason = `is on ${hostname}, which the domain lists of ${ids.join(" and ")} both have; pass provider, or write ${hostname}=${ids[0]} before auto in PREFETCH_ROUTES`;
  return { ok: false, code: "invalid_argument", reason };
}

function outOfService(hostname: string, stopped: readonly Provider[]): Destination {
  const ids = stopped.map(({ id }) => id).join(" and ");
  const reason = `is on ${hostname}, which the domain list of ${ids} has as out of service; enable the domain at the vendor, or pass provider`;
  return { ok: false, code: "forbidden_domain", reason };
}

function unrouted(hostname: string, listed: ListedHost | undefined, { directory: { configured } }: RoutingFacts): Destination {
  const nowhere = listed ? "which no domain list has, and for which PREFETCH_ROUTES" : "for which PREFETCH_ROUTES";
  const problems = (listed?.problems ?? []).map((problem) => `; ${problem.replace(/\.$/, "")}`).join("");
  const reason = `is on ${hostname}, ${nowhere} names no provider; pass provider: ${configured.join(", ")}${problems}`;
  return { ok: false, code: "invalid_argument", reason };
}
