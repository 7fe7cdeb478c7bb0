/** The proxy that the environment names, and which requests go through it. */

import type { ProxySettings } from "../../../base/proxy-settings.ts";
import { settingsSchema } from "../../../providers/http/setting-values.ts";
import type { Config } from "../../read-config.ts";
import { type Finding, rowsOf } from "./finding.ts";

export function checkProxy({ proxy, sandbox, values }: Pick<Config, "proxy" | "sandbox" | "values">): Finding[] {
  const rows = rowsOf("proxy");
  const warms = settingsSchema.shape.PROXY.safeParse(values.PREFETCH_HTTP_PROXY).data === true;
  if (proxy === undefined) {
    const none = rows.ok("vendors", "No proxy is set: this machine reaches the vendors' APIs directly.");
    if (!warms) return [none];
    const says = "PREFETCH_HTTP_PROXY is on, but the environment names no proxy, so provider http fetches URLs directly.";
    return [none, rows.warning("http", says, "Set HTTPS_PROXY, or unset PREFETCH_HTTP_PROXY.")];
  }
  if (sandbox) return [rows.ok("vendors", `${describeProxy(proxy)} The sandbox does not use it.`)];
  return [
    rows.ok("vendors", `${describeProxy(proxy)} The vendors' APIs are reached through it.`),
    rows.ok(
      "http",
      warms
        ? "Provider http also fetches URLs through it, so it warms the edge near the proxy."
        : "Provider http fetches URLs without it, so it warms the edge near this machine. PREFETCH_HTTP_PROXY=1 changes that.",
    ),
  ];
}

function describeProxy({ https, http, bypass }: ProxySettings): string {
  // HTTP_PROXY serves https URLs, too, where it stands alone.
  const ways =
    https === undefined || http === https
      ? [["all URLs", http ?? https]]
      : [
          ["https URLs", https],
          ["http URLs", http],
        ];
  const parts = ways.flatMap(([kind, url]) => (url === undefined ? [] : [`${kind}: ${shownProxy(url)}`]));
  return `${parts.join("; ")}.${bypass === undefined ? "" : ` Hosts reached directly: ${bypass}.`}`;
}

function shownProxy(text: string): string {
  const url = URL.parse(text);
  if (url === null) return "an unreadable URL";
  return `${url.protocol}//${url.host}${url.username || url.password ? " with user and password" : ""}`;
}
