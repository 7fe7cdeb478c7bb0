/** One provider: its settings, its API, its credentials and its quota. Every call only reads. */

import { asPrefetchError } from "../../../base/errors.ts";
import type { SettingValues } from "../../../base/setting.ts";
import { hostsSetting } from "../../../prefetch/admission/zones.ts";
import type { Call, Provider } from "../../../prefetch/model/provider.ts";
import type { ProviderDirectory } from "../../../prefetch/model/provider-directory.ts";
import type { ProviderDefinition } from "../../../providers/definition.ts";
import type { HttpClient } from "../../../providers/kit/http-client.ts";
import { within } from "./check.ts";
import { describeClock } from "./clock.ts";
import { type Reached, reachEndpoint } from "./endpoint.ts";
import { type Finding, type Rows, rowsOf } from "./finding.ts";

/** Larger: an unreachable vendor holds the report. Smaller: distant vendors fail. */
const REACH_MS = 5_000;
/** The same for a call with credentials, which may need a login before it. */
const CALL_MS = 8_000;
/** The steps of one provider, one after the other, and the start of the sandbox. */
export const PROVIDER_MS = REACH_MS + 3 * CALL_MS + 4_000;
/** Zones whose quotas are asked for. More make the report long, and cost a call each. */
const SHOWN_ZONES = 4;

export interface ProviderContext {
  readonly directory: ProviderDirectory;
  readonly values: SettingValues;
  /** A client for the provider's API, without credentials. */
  readonly clientFor: (providerId: string) => HttpClient;
  readonly now: () => number;
}

export async function checkProvider(definition: ProviderDefinition, context: ProviderContext, signal: AbortSignal): Promise<Finding[]> {
  const { directory, clientFor, now } = context;
  const rows = rowsOf(definition.id);
  if (!directory.configured.includes(definition.id)) return [notConfigured(definition, context, rows)];
  const provider = await directory.get(definition.id);
  if (provider.endpoints.length === 0) {
    const says = "It has no API and needs no credentials: it fetches URLs as a viewer does.";
    return [rows.ok("settings", `${definition.title} is configured.`), rows.ok("credentials", says)];
  }
  const http = clientFor(provider.id);
  try {
    const reach = (endpoint: string) =>
      within(REACH_MS, endpoint, signal, (bounded) => reachEndpoint(endpoint, { http, now, signal: bounded, rows })).catch(
        (error: unknown): Reached => ({ finding: rows.error("endpoint", asPrefetchError(error)), clockAheadMs: undefined }),
      );
    const reached = await Promise.all(provider.endpoints.map(reach));
    const account = provider.accountInWords ?? provider.account;
    return [
      rows.ok("settings", `${definition.title} is configured: ${account}.`),
      ...reached.map(({ finding }) => finding),
      ...(await checkAccount(provider, reached, rows, signal)),
    ];
  } finally {
    await http.close();
  }
}

function notConfigured(definition: ProviderDefinition, { directory, values }: ProviderContext, rows: Rows): Finding {
  const { id, title, fallback } = definition;
  const configuration = definition.read(values);
  const named = configuration.ok ? "" : configuration.problem;
  const problem = named.replace(`${id}: `, "");
  const next = `${problem} Then restart the server.`;
  // Without credentials of its own, only a wrong value keeps a provider from working.
  const isBegun = fallback === true || directory.unfinished.includes(named);
  if (isBegun) return rows.failed("settings", `${title} cannot be used: its settings are not complete or not valid.`, upperFirst(next));
  return rows.skipped("settings", `${title} is not configured.`, `To use it, ${next}`);
}

function upperFirst(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

async function checkAccount(provider: Provider, reached: readonly Reached[], rows: Rows, signal: AbortSignal): Promise<Finding[]> {
  const ahead = reached.map(({ clockAheadMs }) => clockAheadMs).find((each) => each !== undefined);
  const clock = (isLoggedIn: boolean) => (ahead === undefined ? [] : [describeClock(ahead, isLoggedIn, rows)]);
  if (!reached.some(({ finding }) => finding.state === "ok")) {
    return [rows.skipped("credentials", "Not checked, because the vendor's API cannot be reached.", "Correct that first.")];
  }
  const login = await checkLogin(provider, rows, signal);
  const isLoggedIn = login.state === "ok";
  const quotas = async () =>
    provider.zone ? checkZones(provider, provider.zone, rows, signal) : [await checkQuota(provider, rows, signal)];
  return [...clock(isLoggedIn), login, ...(isLoggedIn ? await quotas() : [])];
}

/** The calls go beside the rate limit that servers share: a handful are made, and none submits. */
function reading(signal: AbortSignal): Call {
  return { signal, turn: async () => undefined };
}

async function checkLogin({ title, checkLogin }: Provider, rows: Rows, signal: AbortSignal): Promise<Finding> {
  try {
    await within(CALL_MS, "The check of the credentials", signal, async (bounded) => checkLogin?.(reading(bounded)));
    return rows.ok("credentials", `${title} accepts the credentials for a call that reads. Only a prefetch proves the right to prefetch.`);
  } catch (thrown) {
    const error = asPrefetchError(thrown);
    return rows.error("credentials", error, {
      state: error.code === "rate_limited" ? "warning" : "failed",
      next: "Check the credentials and their permissions in the vendor's console.",
    });
  }
}

/** Without its zones, such a provider refuses every URL. */
async function checkZones(
  { id, hosts }: Provider,
  zone: NonNullable<Provider["zone"]>,
  rows: Rows,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    const found = await within(CALL_MS, "The list of zones", signal, async (bounded) => (await hosts?.(reading(bounded))) ?? []);
    const ids = [...new Set(found.flatMap((host) => host.zone ?? []))];
    if (ids.length === 0) {
      const next = `Add a host to a zone at the vendor, or to ${hostsSetting(id)}.`;
      return [rows.warning("zones", "No zone has a host, so every URL is refused.", next)];
    }
    const [hostCount, zoneCount] = [found.length, ids.length].map((count) => count.toLocaleString("en"));
    const quotas = await Promise.all(ids.slice(0, SHOWN_ZONES).map((each) => checkQuota(zone(each), rows, signal)));
    return [rows.ok("zones", `Hosts: ${hostCount}, in ${zoneCount} ${ids.length === 1 ? "zone" : "zones"}.`), ...quotas];
  } catch (thrown) {
    return [rows.error("zones", asPrefetchError(thrown), { next: `List the hosts in ${hostsSetting(id)}.` })];
  }
}

async function checkQuota({ title, limits, quota, zoneId }: Provider, rows: Rows, signal: AbortSignal): Promise<Finding> {
  if (!quota) {
    const limit = limits.urlsPerDay === undefined ? "" : ` The documented limit is ${limits.urlsPerDay.toLocaleString("en")} a day.`;
    return rows.ok("quota", `${title} does not tell its quota, so the server counts what it sends.${limit}`);
  }
  try {
    const { limit, remaining } = await within(CALL_MS, "The query of the quota", signal, (bounded) => quota(reading(bounded)));
    const where = zoneId === undefined ? "" : `Zone ${zoneId}: `;
    const says = `${where}${remaining.toLocaleString("en")} of ${limit.toLocaleString("en")} units are left today, by the vendor's count.`;
    if (remaining > 0) return rows.ok("quota", says);
    return rows.warning(
      "quota",
      says,
      `Wait for the vendor's next day (time zone ${limits.timeZone}), or ask the vendor for a higher quota.`,
    );
  } catch (thrown) {
    return rows.error("quota", asPrefetchError(thrown), { state: "warning", next: "The server then counts what it sends." });
  }
}
