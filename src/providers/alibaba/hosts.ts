/** The hosts of the account's accelerated domains. */

import { z } from "zod";
import type { Provider } from "../../prefetch/model/provider.ts";
import { readServedHosts } from "../kit/served-hosts.ts";
import type { Product } from "./product.ts";
import type { Endpoint, Rpc } from "./rpc.ts";

const pageSchema = z.object({
  TotalCount: z.number().nullish(),
  Domains: z.object({ PageData: z.array(z.object({ DomainName: z.string(), DomainStatus: z.string().nullish() })) }),
});

/**
 * The words for a domain in service: while it is being configured, it stays so. Out of service are offline, stopping, deleting,
 * checking, check_failed and configure_failed.
 */
const SERVING: readonly string[] = ["online", "configuring"];

/** All states are asked for, because a domain that was stopped must not look like one of another vendor. */
export function createHosts(rpc: Rpc, endpoint: Endpoint, { id, domains }: Product): NonNullable<Provider["hosts"]> {
  const { action, right, pageRows } = domains;
  const request = { endpoint, action, intent: "read", what: "the list of domains", counted: false } as const;
  const rightHint = `Grant the RAM user ${right}, which PREFETCH_ROUTES=auto needs.`;
  return (call) =>
    readServedHosts({ provider: id, name: "Alibaba Cloud" }, pageRows, async (number) => {
      const params = { PageNumber: String(number), PageSize: String(pageRows) };
      const { TotalCount, Domains } = (await rpc({ ...request, params, call, rightHint })).read(pageSchema);
      return {
        domains: Domains.PageData.map(({ DomainName: name, DomainStatus: state }) => ({
          name,
          active: state == null ? undefined : SERVING.includes(state.toLowerCase()),
        })),
        total: TotalCount ?? undefined,
      };
    });
}
