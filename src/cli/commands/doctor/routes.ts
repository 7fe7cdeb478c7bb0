/** Where URLs may go: the routes, the provider of a call that names none, and the list of allowed hosts. */

import { asPrefetchError } from "../../../base/errors.ts";
import { chooseTaker } from "../../../prefetch/admission/routing.ts";
import type { Guards } from "../../../prefetch/model/guards.ts";
import type { ProviderDirectory } from "../../../prefetch/model/provider-directory.ts";
import { type Finding, rowsOf } from "./finding.ts";

const rows = rowsOf("urls");

export async function checkRoutes(directory: ProviderDirectory, { allowedDomains }: Pick<Guards, "allowedDomains">): Promise<Finding[]> {
  const hosts = allowedDomains === undefined ? "URLs of every host may be prefetched." : `Only these hosts: ${allowedDomains.join(", ")}.`;
  return [...(directory.routes.length === 0 ? [await withoutRoutes(directory)] : [routes(directory)]), rows.ok("hosts", hosts)];
}

function routes({ routes, configured }: ProviderDirectory): Finding {
  const says = `${routes.map(({ pattern, provider }) => `${pattern}=${provider}`).join(", ")}; the first match counts.`;
  const missing = [...new Set(routes.map(({ provider }) => provider))].filter((id) => !configured.includes(id));
  if (missing.length === 0) return rows.ok("routes", says);
  const them = missing.join(" and ");
  return rows.warning(
    "routes",
    `${says} ${them} cannot be used, so its URLs are refused.`,
    `Complete the settings of ${them}, or correct PREFETCH_ROUTES.`,
  );
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
