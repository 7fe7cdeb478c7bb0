/** What an answer says about `auto` in PREFETCH_ROUTES: which provider gets which hosts, and why. Pure. */

import type { Destination, Router } from "../admission/router.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import type { TaskView } from "./view.ts";

/** Hosts that one sentence names. More would bury the next step. */
const NAMED_HOSTS = 3;

export type Sent = Extract<Destination, { ok: true }>;

/** The router, and the hosts that it has found a provider for. */
export function recordRoutes(router: Router): { readonly route: Router; readonly seen: ReadonlyMap<string, Sent> } {
  const seen = new Map<string, Sent>();
  const route: Router = async (hostname) => {
    const destination = await router(hostname);
    if (destination.ok) seen.set(hostname, destination);
    return destination;
  };
  return { route, seen };
}

/** Routes as the operator wrote them need no reason; those by the vendors' lists do. */
export function withRoutes(view: TaskView, { routes }: ProviderDirectory, seen: ReadonlyMap<string, Sent>): TaskView {
  const chosen = [...seen].filter(([, { choice }]) => choice.by !== "name");
  if (!routes.includes("auto") || chosen.length === 0) return view;
  const groups = Map.groupBy(chosen, ([, destination]) => reasonOf(destination));
  const reasons = [...groups].map(([reason, entries]) => `${hostsInWords(entries.map(([host]) => host))} to ${reason}.`);
  const notes = new Set(chosen.flatMap(([, { notes = [] }]) => notes));
  return { ...view, nextStep: [view.nextStep, `Routed: ${reasons.join(" ")}`, ...notes].join(" ") };
}

/** Such as "alibaba-cdn by the domain list of alibaba-cdn". */
function reasonOf({ provider: { id }, choice }: Sent): string {
  if (choice.by === "list") return `${id} by the domain list of ${id}`;
  if (choice.by === "route") return `${id} by the route ${choice.pattern}`;
  return `${id} by default`;
}

function hostsInWords(hosts: readonly string[]): string {
  const more = hosts.length - NAMED_HOSTS;
  return `${hosts.slice(0, NAMED_HOSTS).join(", ")}${more > 0 ? ` and ${more.toLocaleString("en")} more` : ""}`;
}
