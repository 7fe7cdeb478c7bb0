/** Looks up the zones of an account and their domains. */

import { z } from "zod";
import type { Call, ServedHost } from "../../prefetch/model/provider.ts";
import { mostSpecificFirst } from "../kit/hosts.ts";
import type { CallAnswer } from "../kit/signed-call.ts";
import type { VendorErrors } from "../kit/vendor-errors.ts";
import type { Api } from "./api.ts";
import { listDomains } from "./domains.ts";

export interface ZoneLookUp {
  /** The hosts of all zones that are not paused, the most specific pattern first. */
  hosts(call: Call): Promise<ServedHost[]>;
  /** Asks for one zone, to see whether the vendor takes the credentials. */
  prove(call: Call): Promise<unknown>;
}

const ZONE_ROWS = 100;
/** Larger: a vendor that repeats its first page for ever costs more requests. Smaller: hosts of an account with more zones are refused. */
const MOST_ZONE_PAGES = 20;

const zonePage = z.object({
  Zones: z.array(z.object({ ZoneId: z.string(), Paused: z.boolean().nullish() })).nullable(),
  TotalCount: z.number(),
});
const domainPage = z.object({
  AccelerationDomains: z.array(z.object({ DomainName: z.string(), DomainStatus: z.string().nullish() })).nullable(),
  TotalCount: z.number(),
});

export function createZoneLookUp(api: Api, errors: VendorErrors): ZoneLookUp {
  const readPage = async (params: object, call: Call, counted: boolean) => {
    const request = { action: "DescribeZones", params, intent: "read", what: "the list of zones", call, counted } as const;
    return (await api(request)).read(zonePage);
  };

  const zonesOf = async (call: Call): Promise<Set<string>> => {
    const zones = new Set<string>();
    for (let page = 0; page < MOST_ZONE_PAGES; page += 1) {
      const { Zones, TotalCount } = await readPage({ Offset: page * ZONE_ROWS, Limit: ZONE_ROWS }, call, false);
      const found = Zones ?? [];
      for (const { ZoneId } of found.filter(({ Paused }) => !Paused)) zones.add(ZoneId);
      if ((page + 1) * ZONE_ROWS >= TotalCount || found.length === 0) return zones;
    }
    return zones;
  };

  return {
    hosts: async (call) => {
      const found: ServedHost[] = [];
      for (const zone of await zonesOf(call)) {
        const list = { action: "DescribeAccelerationDomains", params: { ZoneId: zone }, pageRows: 200, read: readDomains };
        found.push(...(await listDomains(api, errors, list, call)).map((host) => ({ ...host, zone })));
      }
      return mostSpecificFirst(found);
    },
    prove: (call) => readPage({ Offset: 0, Limit: 1 }, call, true),
  };
}

/** A domain whose change is being deployed is served. */
function readDomains(answer: CallAnswer) {
  const { AccelerationDomains, TotalCount: total } = answer.read(domainPage);
  const domains = (AccelerationDomains ?? []).map(({ DomainName, DomainStatus }) => ({
    name: DomainName,
    active: DomainStatus == null ? undefined : ["online", "process"].includes(DomainStatus),
  }));
  return { domains, total };
}
