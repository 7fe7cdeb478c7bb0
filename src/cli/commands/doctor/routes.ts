/** Where URLs may go: the routes, the provider of a call that names none, and the list of allowed hosts. */

import { asPrefetchError } from "../../../base/errors.ts";
import type { HostList, HostLists } from "../../../prefetch/admission/host-lists.ts";
import { chooseTaker } from "../../../prefetch/admission/routing.ts";
import type { Guards } from "../../../prefetch/model/guards.ts";
import type { ProviderDirectory } from "../../../prefetch/model/provider-directory.ts";
import { type Finding, rowsOf } from "./finding.ts";

const rows = rowsOf("urls");

export interface RoutesContext {
  readonly directory: ProviderDirectory;
  readonly hostLists: HostLists;
  readonly guards: Pick<Guards, "allowedDomains">;
}

export async function checkRoutes({ directory, hostLists, guards }: RoutesContext, signal: AbortSignal): Promise<Finding[]> {
  const { allowedDomains } = guards;
  const hosts = allowedDomains === undefined ? "URLs of every host may be prefetched." : `Only these hosts: ${allowedDomains.join(", ")}.`;
  return [
    directory.routes.length === 0 ? await withoutRoutes(directory) : routes(directory),
    ...(directory.routes.includes("auto") ? await domains(directory, hostLists, signal) : []),
    rows.ok("hosts", hosts),
  ];
}

function routes({ routes, configured }: ProviderDirectory): Finding {
  const entries = routes.map((route) => (route === "auto" ? route : `${route.pattern}=${route.provider}`));
  const says = `${entries.join(", ")}; the first match counts.`;
  const named = routes.flatMap((route) => (route === "auto" ? [] : [route.provider]));
  const missing = [...new Set(named)].filter((id) => !configured.includes(id));
  if (missing.length === 0) return rows.ok("routes", says);
  const them = missing.join(" and ");
  return rows.warning(
    "routes",
    `${says} ${them} cannot be used, so its URLs are refused.`,
    `Complete the settings of ${them}, or correct PREFETCH_ROUTES.`,
  );
}

/** What `auto` knows: one row per vendor. */
async function domains({ configured, fallbacks, get }: ProviderDirectory, hostLists: HostLists, signal: AbortSignal): Promise<Finding[]> {
  const vendors = configured.filter((id) => !fallbacks.includes(id));
  return Promise.all(vendors.map(async (id) => domainsOf(id, await hostLists.of(await get(id), signal))));
}

function domainsOf(id: string, list: HostList | undefined): Finding {
  const written = `Write its hosts into PREFETCH_ROUTES, such as cdn.example.com=${id}.`;
  if (!list) return rows.warning("domains", `auto cannot ask ${id}: its vendor has no call that lists domains.`, written);
  if (list.problem) return rows.error("domains", list.problem, { state: "warning", next: written });
  const all = [...list.hosts.values()];
  const stopped = all.filter(({ active }) => active === false).length;
  const out = stopped > 0 ? `, ${stopped.toLocaleString("en")} of them out of service` : "";
  return rows.ok("domains", `${id} lists ${all.length.toLocaleString("en")} ${all.length === 1 ? "domain" : "domains"}${out}.`);
}

async function withoutRoutes(directory: ProviderDirectory): Promise<Finding> {
  try {
    const { id } = await chooseTaker(directory, undefined, "urls");
    return rows.ok("routes", `No route is set: URLs go to ${id}, unless the call names another provider.`);
  } catch (thrown) {
    const error = asPrefetchError(thrown);
    if (error.code === "not_configured") {
      const says = "A vendor's settings are not complete, so a call that names no provider is refused.";
      return rows.warning("routes", says, "Complete the settings of the vendor, or name a provider in each call.");
    }
    if (error.code !== "invalid_argument") return rows.error("routes", error, { state: "warning" });
    // Several providers are configured: each call names one.
    return rows.ok("routes", `No route is set, so each call names its provider: ${directory.configured.join(", ")}.`);
  }
}
