/** The `http` provider as the server knows it: it works without any setting. */

import { isIP } from "node:net";
import { z } from "zod";
import type { SettingValues } from "../../base/setting.ts";
import type { ProviderConfiguration, ProviderDefinition } from "../definition.ts";
import type { Headers } from "./http.ts";
import { BATCHES_AT_ONCE, usualLimits } from "./limits.ts";
import { type AddressKind, kindOf } from "./net/public-address.ts";
import type { Pop } from "./net/target-rules.ts";

const id = "http";
const setting = (name: string) => `PREFETCH_HTTP_${name}`;
const GIB = 1_073_741_824;

export const httpAnyCdn: ProviderDefinition = {
  id,
  title: "HTTP (any CDN)",
  docs: "https://www.rfc-editor.org/rfc/rfc9111",
  fallback: true,
  settings: [
    {
      name: setting("POPS"),
      about:
        "Edges to fetch through instead of the one that DNS names: <name>=<address>, separated by commas; the URL, its Host and the certificate check stay.",
      fallback: "the edge that DNS names",
    },
    {
      name: setting("VARIANTS"),
      about:
        'Request headers by which viewers\' requests differ, as a JSON list; each URL is fetched once with each. Such as [{"accept-encoding":"gzip"},{"accept-encoding":"br"}].',
      fallback: "accept-encoding: gzip, deflate, br",
    },
    { name: setting("MODE"), about: "get, or head for CDNs that are known to fill their cache by HEAD.", fallback: "get" },
    { name: setting("REDIRECTS"), about: "Redirects to follow, 0 to 5; each target is checked as the URL itself is.", fallback: "0" },
    {
      name: setting("CONNECTIONS"),
      about: "Requests under way to one host, 1 to 64.",
      fallback: String(usualLimits.perHost),
    },
    { name: setting("REQUESTS_PER_SECOND"), about: "Most requests a second to one host.", fallback: "no limit" },
    { name: setting("BYTES_PER_SECOND"), about: "Most bytes a second from all hosts together.", fallback: "no limit" },
    { name: setting("MAX_BYTES"), about: "Most bytes that one task may fetch.", fallback: `${usualLimits.mostBytes / GIB} GiB` },
    { name: setting("MAX_SECONDS"), about: "Longest that one task may take.", fallback: String(usualLimits.mostMs / 1_000) },
    { name: setting("OPEN_PORTS"), about: "Ports that may be asked besides 80 and 443, separated by commas.", fallback: "none" },
    {
      name: setting("ALLOW_LOOPBACK"),
      about: "1: addresses of this machine's loopback may be asked too, at every port. For tests.",
      fallback: "0",
    },
  ],

  read: (values): ProviderConfiguration => {
    const parsed = schema.safeParse(valuesOf(values));
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path: [name = ""], message }) => `${setting(String(name))} ${message}`);
      return { ok: false, problem: `${id}: ${[...new Set(problems)].join("; ")}.` };
    }
    const read = parsed.data;
    const open: readonly AddressKind[] = read.ALLOW_LOOPBACK ? ["public", "loopback"] : ["public"];
    const pops: readonly Pop[] = read.POPS ?? [];
    if (!pops.every(({ address }) => open.includes(kindOf(address)))) {
      return { ok: false, problem: `${id}: ${setting("POPS")} must name public addresses only.` };
    }
    const ports = [80, 443, ...(read.OPEN_PORTS ?? [])];
    if (pops.some(({ address, port }) => port !== undefined && kindOf(address) === "public" && !ports.includes(port))) {
      return { ok: false, problem: `${id}: ${setting("POPS")} names a port that ${setting("OPEN_PORTS")} does not.` };
    }
    const perHost = read.CONNECTIONS ?? usualLimits.perHost;
    const limits = {
      ...usualLimits,
      requestsPerSecond: read.REQUESTS_PER_SECOND,
      bytesPerSecond: read.BYTES_PER_SECOND,
      perHost,
      // What bounds a task bounds what it takes of this, too: batches are shared out among tasks.
      atOnce: BATCHES_AT_ONCE * perHost,
      mostBytes: read.MAX_BYTES ?? usualLimits.mostBytes,
      mostMs: read.MAX_SECONDS === undefined ? usualLimits.mostMs : read.MAX_SECONDS * 1_000,
    };
    return {
      ok: true,
      create: async ({ clock, userAgent, ca }) => {
        const { createHttp } = await import("./http.ts");
        return createHttp({
          clock,
          userAgent,
          ca,
          limits,
          method: read.MODE === "head" ? "HEAD" : "GET",
          redirects: read.REDIRECTS ?? 0,
          variants: read.VARIANTS,
          pops,
          ports: read.OPEN_PORTS,
          allowLoopback: read.ALLOW_LOOPBACK,
          allowedDomains: listOf(values.PREFETCH_ALLOWED_DOMAINS?.toLowerCase()),
          // The sandbox's edge answers to every name, so none is looked up: nothing leaves the machine.
          resolveCname: ca === undefined ? undefined : async () => [],
        });
      },
    };
  },
};

function valuesOf(values: SettingValues): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(schema.shape).map((name) => [name, values[setting(name)]]));
}

const listOf = (text: string | undefined): string[] | undefined =>
  text
    ?.split(",")
    .map((part) => part.trim())
    .filter(Boolean);

const whole = (least: number, most: number) => {
  const wanted = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, wanted)
    .transform(Number)
    .refine((number) => number >= least && number <= most, wanted)
    .optional();
};

/** Answers to what carries them are for one viewer, and the host belongs into the URL. */
const PERSONAL = ["host", "authorization", "cookie", "proxy-authorization"];
/** They are about the connection, or ask for something else than the whole. */
const UNFIT = [
  ...["connection", "content-length", "expect", "keep-alive", "transfer-encoding", "upgrade"],
  ...["if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"],
];
const header = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/)
  // In the spelling of those that are always sent, which it then stands for.
  .toLowerCase()
  .refine((name) => !PERSONAL.includes(name) && !UNFIT.includes(name));
const variants = z
  .array(z.record(header, z.string().regex(/^[\x20-\x7e]{0,1000}$/)))
  .min(1)
  .max(8);

function variantsFrom(text: string): readonly Headers[] | undefined {
  try {
    const { data } = variants.safeParse(JSON.parse(text));
    return data;
  } catch {
    // Not JSON: the problem says what is wanted.
    return undefined;
  }
}

const schema = z.object({
  POPS: z
    .string()
    .transform((text) => (listOf(text) ?? []).map(popFrom))
    .refine(
      (pops): pops is Pop[] => pops.length > 0 && pops.length <= 20 && pops.every((pop) => pop !== undefined),
      "must be <name>=<IP address> or <name>=<IP address>:<port>, separated by commas, at most 20",
    )
    .optional(),
  VARIANTS: z
    .string()
    .transform(variantsFrom)
    .refine(
      (all) => all !== undefined,
      `must be a JSON list of 1 to 8 objects of header names and values, none of them ${PERSONAL.slice(0, 3).join(", ")}`,
    )
    .optional(),
  MODE: z.enum(["get", "head"], "must be get or head").optional(),
  REDIRECTS: whole(0, 5),
  CONNECTIONS: whole(1, 64),
  REQUESTS_PER_SECOND: whole(1, 100_000),
  BYTES_PER_SECOND: whole(1_000, Number.MAX_SAFE_INTEGER),
  MAX_BYTES: whole(1, Number.MAX_SAFE_INTEGER),
  MAX_SECONDS: whole(1, 86_400),
  OPEN_PORTS: z
    .string()
    .transform((text) => (listOf(text) ?? []).map(Number))
    .refine((ports) => ports.every(isPort), "must be port numbers separated by commas")
    .optional(),
  ALLOW_LOOPBACK: z
    .enum(["1", "0", "true", "false"], "must be 1 or 0")
    .transform((word) => word === "1" || word === "true")
    .optional(),
});

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

function popFrom(text: string): Pop | undefined {
  const [, name, bracketed, plain, port] = /^([\w.-]{1,40})=(?:\[([0-9a-f:.]+)\]|([\d.]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (name === undefined || address === undefined || isIP(address) === 0 || (port !== undefined && !isPort(Number(port)))) return undefined;
  return { name, address, ...(port !== undefined && { port: Number(port) }) };
}
