/** Registers the `http` provider: its settings, and how they configure it. It works without any setting. */

import type { SettingValues } from "../../base/setting.ts";
import type { ProviderConfiguration, ProviderDefinition } from "../definition.ts";
import { secretHeaderValues } from "../kit/header-secrets.ts";
import type { HttpOptions } from "./http.ts";
import { BATCHES_AT_ONCE, defaultWarmLimits, type WarmLimits } from "./limits.ts";
import { type AddressKind, kindOf } from "./net/public-address.ts";
import type { Pop } from "./net/target-rules.ts";
import { type ParsedSettings, settingsSchema, splitList } from "./setting-values.ts";

const id = "http";
const setting = (name: keyof ParsedSettings) => `PREFETCH_HTTP_${name}`;
const GIB = 1_073_741_824;

export const httpAnyCdn: ProviderDefinition = {
  id,
  title: "HTTP (any CDN)",
  docs: "https://www.rfc-editor.org/rfc/rfc9111",
  purpose: "any other CDN, such as Cloudflare, CloudFront, Fastly or Akamai",
  sandboxHosts: ["*"],
  fallback: true,
  settings: [
    {
      name: setting("POPS"),
      about:
        "Edges to fetch through instead of the edge that DNS returns, as <name>=<address>, separated by commas. URL, Host header and certificate check stay the same.",
      fallback: "the edge that DNS returns",
    },
    {
      name: setting("VARIANTS"),
      about:
        'Sets of request headers, as a JSON list. Each URL is fetched once with each set. Example: [{"accept-encoding":"gzip"},{"accept-encoding":"br"}].',
      fallback: "accept-encoding: gzip, deflate, br",
      secretsIn: secretHeaderValues,
    },
    {
      name: setting("HEADERS"),
      about:
        'Request headers for single hosts, such as a cookie, as a JSON object. A key is a host, https only, or an origin such as http://cdn.example.com; *.example.com matches every host below example.com, and the first match counts. Example: {"cdn.example.com":{"cookie":"session=1234"}}.',
      fallback: "none",
      secret: true,
      secretsIn: secretHeaderValues,
    },
    { name: setting("MODE"), about: "get, or head for CDNs that fill their cache on HEAD requests.", fallback: "get" },
    {
      name: setting("REDIRECTS"),
      about: "Maximum number of redirects to follow, 0 to 5. Each target must pass the same checks as the URL.",
      fallback: "0",
    },
    {
      name: setting("CONNECTIONS"),
      about: "Concurrent requests to one host, 1 to 64.",
      fallback: String(defaultWarmLimits.requestsPerHost),
    },
    { name: setting("REQUESTS_PER_SECOND"), about: "Maximum requests a second to one host.", fallback: "no limit" },
    { name: setting("BYTES_PER_SECOND"), about: "Maximum bytes a second from all hosts together.", fallback: "no limit" },
    {
      name: setting("MAX_BYTES"),
      about: "Maximum bytes that one task may fetch.",
      fallback: `${defaultWarmLimits.maxTaskBytes / GIB} GiB`,
    },
    {
      name: setting("MAX_SECONDS"),
      about: "Maximum seconds that one task may work.",
      fallback: String(defaultWarmLimits.maxTaskMs / 1_000),
    },
    { name: setting("OPEN_PORTS"), about: "Ports to allow besides 80 and 443, separated by commas.", fallback: "none" },
    {
      name: setting("PROXY"),
      about:
        "1 also fetches URLs through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. The proxy then decides which address it dials.",
      fallback: "0: only vendors' APIs are reached through it",
    },
    {
      name: setting("ALLOW_LOOPBACK"),
      about: "1 also allows this machine's loopback addresses, on every port. For tests.",
      fallback: "0",
    },
  ],

  read: (values): ProviderConfiguration => {
    const parsed = settingsSchema.safeParse(ownValues(values));
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path: [name = ""], message }) => `PREFETCH_HTTP_${String(name)} ${message}`);
      return { ok: false, problem: `${id}: ${[...new Set(problems)].join("; ")}.` };
    }
    const problem = popProblem(parsed.data) ?? proxyProblem(parsed.data);
    if (problem !== undefined) return { ok: false, problem: `${id}: ${problem}` };
    const options = optionsFrom(parsed.data, values.PREFETCH_ALLOWED_DOMAINS);
    return {
      ok: true,
      create: async ({ clock, userAgent, ca, proxy }) => {
        const { createHttp } = await import("./http.ts");
        // The sandbox's edge answers for every name, so nothing is looked up: no request leaves the machine.
        const resolveCname = ca === undefined ? undefined : async () => [];
        return createHttp({ ...options, clock, userAgent, ca, resolveCname, proxy: parsed.data.PROXY ? proxy : undefined });
      },
    };
  },
};

function ownValues(values: SettingValues): Partial<Record<keyof ParsedSettings, string | undefined>> {
  return Object.fromEntries(settingsSchema.keyof().options.map((name) => [name, values[setting(name)]]));
}

/** The guard would refuse such a PoP at each request; this reports it at start. */
function popProblem({ POPS, OPEN_PORTS = [], ALLOW_LOOPBACK = false }: ParsedSettings): string | undefined {
  const pops: readonly Pop[] = POPS ?? [];
  const allowed: readonly AddressKind[] = ALLOW_LOOPBACK ? ["public", "loopback"] : ["public"];
  if (!pops.every(({ address }) => allowed.includes(kindOf(address)))) return `${setting("POPS")} must name public addresses only.`;
  const ports = [80, 443, ...OPEN_PORTS];
  const hasClosedPort = pops.some(({ address, port }) => port !== undefined && kindOf(address) === "public" && !ports.includes(port));
  return hasClosedPort ? `${setting("POPS")} uses a port that ${setting("OPEN_PORTS")} does not list.` : undefined;
}

function proxyProblem({ POPS, PROXY = false }: ParsedSettings): string | undefined {
  if (!PROXY || !POPS) return undefined;
  return `${setting("POPS")} does not work with ${setting("PROXY")}: a proxy looks up each host itself.`;
}

function optionsFrom(
  parsed: ParsedSettings,
  allowedDomains: string | undefined,
): Omit<HttpOptions, "clock" | "userAgent" | "ca" | "resolveCname" | "proxy"> {
  return {
    limits: limitsFrom(parsed),
    method: parsed.MODE === "head" ? "HEAD" : "GET",
    redirects: parsed.REDIRECTS ?? 0,
    variants: parsed.VARIANTS,
    siteHeaders: parsed.HEADERS,
    pops: parsed.POPS ?? [],
    ports: parsed.OPEN_PORTS,
    allowLoopback: parsed.ALLOW_LOOPBACK,
    allowedDomains: allowedDomains === undefined ? undefined : splitList(allowedDomains.toLowerCase()),
  };
}

function limitsFrom(parsed: ParsedSettings): WarmLimits {
  const { CONNECTIONS: requestsPerHost = defaultWarmLimits.requestsPerHost, MAX_SECONDS: seconds } = parsed;
  return {
    ...defaultWarmLimits,
    requestsPerHost,
    requestsInFlight: BATCHES_AT_ONCE * requestsPerHost,
    requestsPerSecond: parsed.REQUESTS_PER_SECOND,
    bytesPerSecond: parsed.BYTES_PER_SECOND,
    maxTaskBytes: parsed.MAX_BYTES ?? defaultWarmLimits.maxTaskBytes,
    maxTaskMs: seconds === undefined ? defaultWarmLimits.maxTaskMs : seconds * 1_000,
  };
}
