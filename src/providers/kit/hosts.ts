/** The setting `PREFETCH_<ID>_HOSTS`: the zone, site, space or resource that each host is in, for vendors whose calls need its id. */

import type { ServedHost } from "../../prefetch/model/provider.ts";
import { patternOf } from "./served-hosts.ts";
import type { SettingCheck } from "./settings.ts";

export interface HostsForm {
  /** A value, such as `cdn.example.com=zone-1, *.example.org=zone-2`. */
  readonly example: string;
  /** The form of the vendor's ids. */
  readonly id: RegExp;
  /** The vendor has a call that tells the ids, so the value may be `auto`. */
  readonly auto: boolean;
}

/** The check of the setting's value. */
export function mustBeHosts(form: HostsForm): SettingCheck {
  return (value) => {
    const found = readHosts(value, form);
    return typeof found === "string" && found !== "auto" ? found : undefined;
  };
}

/** The hosts of a value that passes the check, the most specific pattern first; `auto` for the vendor's own list. */
export function hostsOf(value: string | undefined, form: HostsForm): readonly ServedHost[] | "auto" {
  const found = value === undefined ? "auto" : readHosts(value, form);
  return typeof found === "string" ? "auto" : found;
}

/** `*.a.example.com` goes before `*.example.com`, and a host before both: the first pattern that matches a host counts. */
export function mostSpecificFirst(hosts: readonly ServedHost[]): ServedHost[] {
  const rank = ({ pattern }: ServedHost) => (pattern.startsWith("*.") ? pattern.length : Number.POSITIVE_INFINITY);
  return hosts.toSorted((one, other) => (rank(one) === rank(other) ? 0 : rank(other) - rank(one)));
}

/** A problem follows the variable's name and shows no value. */
function readHosts(value: string, { example, id, auto }: HostsForm): readonly ServedHost[] | "auto" | string {
  if (auto && value === "auto") return "auto";
  const hosts = new Map<string, ServedHost>();
  for (const entry of value.split(",").map((each) => each.trim())) {
    const [name = "", zone = "", ...more] = entry.split("=").map((part) => part.trim());
    const pattern = patternOf(name);
    if (pattern === undefined || more.length > 0 || !id.test(zone))
      return `must be ${auto ? "auto or " : ""}hosts with ids, such as ${example}`;
    const known = hosts.get(pattern)?.zone ?? zone;
    if (known !== zone) return "must not give two ids to one host";
    hosts.set(pattern, { pattern, zone });
  }
  return mostSpecificFirst([...hosts.values()]);
}
