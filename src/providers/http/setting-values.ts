/** Parses the values of the provider's settings. A message follows the setting's name: "must be get or head". */

import { isIP } from "node:net";
import { z } from "zod";
import { parseSite, type SiteHeaders } from "./net/site-headers.ts";
import type { Pop } from "./net/target-rules.ts";

export const settingsSchema = z.object({
  POPS: z
    .string()
    .transform((text) => splitList(text).map(parsePop))
    .refine(
      (pops): pops is Pop[] => pops.length > 0 && pops.length <= 20 && pops.every((pop) => pop !== undefined),
      "must be <name>=<IP address> or <name>=<IP address>:<port>, separated by commas, at most 20",
    )
    .optional(),
  VARIANTS: z
    .string()
    .transform(parseVariants)
    .refine(
      (variants) => variants !== undefined,
      "must be a JSON list of 1 to 8 objects of header names and values, without host, authorization and cookie",
    )
    .optional(),
  HEADERS: z
    .string()
    .transform(parseSiteHeaders)
    .refine(
      (sites) => sites !== undefined,
      'must be a JSON object of 1 to 50 hosts, each with an object of header names and values, such as {"cdn.example.com":{"cookie":"…"}}, without host and range headers',
    )
    .optional(),
  MODE: z.enum(["get", "head"], "must be get or head").optional(),
  REDIRECTS: integer(0, 5),
  CONNECTIONS: integer(1, 64),
  REQUESTS_PER_SECOND: integer(1, 100_000),
  BYTES_PER_SECOND: integer(1_000, Number.MAX_SAFE_INTEGER),
  MAX_BYTES: integer(1, Number.MAX_SAFE_INTEGER),
  MAX_SECONDS: integer(1, 86_400),
  OPEN_PORTS: z
    .string()
    .transform((text) => splitList(text).map(Number))
    .refine((ports) => ports.every(isPort), "must be port numbers separated by commas")
    .optional(),
  PROXY: z
    .enum(["1", "0", "true", "false"], "must be 1 or 0")
    .transform((word) => word === "1" || word === "true")
    .optional(),
  ALLOW_LOOPBACK: z
    .enum(["1", "0", "true", "false"], "must be 1 or 0")
    .transform((word) => word === "1" || word === "true")
    .optional(),
});

export type ParsedSettings = z.infer<typeof settingsSchema>;

export function splitList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

function integer(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, rule)
    .transform(Number)
    .refine((number) => number >= min && number <= max, rule)
    .optional();
}

/** An answer to a request with credentials is for one viewer. They may go to single sites, but not to every host. */
const credentialNames: ReadonlySet<string> = new Set(["authorization", "cookie"]);

const neverAllowed: ReadonlySet<string> = new Set([
  // The host belongs into the URL, and the proxy's credentials into its own address.
  ...["host", "proxy-authorization"],
  // Headers of the connection.
  ...["connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"],
  // Headers that request less than the whole object.
  ...["if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"],
]);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/)
  // The provider's own headers are in lower case, and a configured header replaces them.
  .toLowerCase()
  .refine((name) => !neverAllowed.has(name));

/** Longer values do not fit beside a URL into the 8 KiB of headers that many servers accept. */
const headerValue = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[\x20-\x7e]*$/);

const variantList = z
  .array(
    z.record(
      headerName.refine((name) => !credentialNames.has(name)),
      headerValue(1_000),
    ),
  )
  .min(1)
  .max(8);

const siteList = z
  .record(z.string(), z.record(headerName, headerValue(6_000)))
  .refine((sites) => Object.keys(sites).length > 0 && Object.keys(sites).length <= 50);

function parseSiteHeaders(text: string): SiteHeaders[] | undefined {
  const entries = Object.entries(parseJson(text, siteList) ?? {});
  const sites = entries.flatMap(([name, headers]) => {
    const site = parseSite(name);
    return site ? [{ site, headers }] : [];
  });
  return sites.length > 0 && sites.length === entries.length ? sites : undefined;
}

function parseVariants(text: string): z.infer<typeof variantList> | undefined {
  return parseJson(text, variantList);
}

function parseJson<Value>(text: string, schema: z.ZodType<Value>): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // The text is not JSON. The schema's message names the expected form.
    return undefined;
  }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

/** Examples: `paris=203.0.113.7`, `paris=203.0.113.7:8443`, `paris=[2001:db8::7]:8443`. */
function parsePop(text: string): Pop | undefined {
  const [, name, bracketed, plain, portText] = /^([\w.-]{1,40})=(?:\[([0-9a-f:.]+)\]|([\d.]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (name === undefined || address === undefined || isIP(address) === 0) return undefined;
  if (portText === undefined) return { name, address };
  const port = Number(portText);
  return isPort(port) ? { name, address, port } : undefined;
}
