/** The hosts of the account's acceleration domains. https://support.huaweicloud.com/intl/en-us/api-cdn/ListDomains.html */

import { z } from "zod";
import type { Provider } from "../../prefetch/model/provider.ts";
import { readServedHosts } from "../kit/served-hosts.ts";
import type { Api } from "./api.ts";
import { cdn } from "./cdn-product.ts";

/** The vendor allows 10,000. Larger pages come near the largest answer that the client reads, as each domain has its origins. */
const PAGE_ROWS = 500;

const page = z.object({
  total: z.number().nullish(),
  domains: z.array(z.object({ domain_name: z.string(), domain_status: z.string().nullish(), disabled: z.number().nullish() })),
});

/** A domain that is being configured can be prefetched. https://support.huaweicloud.com/usermanual-cdn/cdn_01_0113.html */
const SERVING: readonly string[] = ["online", "configuring"];

const rightHint =
  "Grant the user cdn:configuration:queryDomains, which PREFETCH_ROUTES=auto needs, and set PREFETCH_HUAWEI_CDN_ENTERPRISE_PROJECT for an IAM user.";

/** `project`: the enterprise project as a part of a query. The vendor lists the domains of that project only. */
export function createHosts(api: Api, project: readonly (readonly [string, string])[]): NonNullable<Provider["hosts"]> {
  const request = { method: "GET", path: "domains", what: "the list of domains", counted: false, rightHint } as const;
  return (call) =>
    readServedHosts({ provider: cdn.id, name: "Huawei Cloud" }, PAGE_ROWS, async (number) => {
      const query = [...project, ["page_size", String(PAGE_ROWS)] as const, ["page_number", String(number)] as const];
      const { domains, total } = (await api({ ...request, query, call })).read(page);
      return {
        domains: domains.map(({ domain_name: name, domain_status: state, disabled }) => ({
          name,
          // `disabled` is 1 for a banned domain, whatever its status.
          active: state == null ? undefined : SERVING.includes(state.toLowerCase()) && disabled !== 1,
        })),
        total: total ?? undefined,
      };
    });
}
