/** The domains that the CDN serves for the account. https://www.volcengine.com/docs/6454/75269 */

import { z } from "zod";
import type { Provider } from "../../prefetch/model/provider.ts";
import { readServedHosts } from "../kit/served-hosts.ts";
import type { Vendor } from "../kit/vendor-failure.ts";
import type { Rpc } from "./rpc.ts";

/** The largest page that is known to work: public clients of this call use it. */
const PAGE_ROWS = 100;

const rightHint = "Grant the IAM user cdn:ListCdnDomains, which PREFETCH_ROUTES=auto needs.";

const page = z.object({
  Result: z.object({ Data: z.array(z.object({ Domain: z.string(), Status: z.string().nullish() })), Total: z.number().nullish() }),
});

export function createHosts(rpc: Rpc, vendor: Vendor): NonNullable<Provider["hosts"]> {
  return (call) =>
    readServedHosts(vendor, PAGE_ROWS, async (number) => {
      const body = { PageNum: number, PageSize: PAGE_ROWS };
      const request = { action: "ListCdnDomains", body, intent: "read", what: "the list of domains", counted: false, rightHint } as const;
      const answer = await rpc({ ...request, call });
      const { Data, Total } = answer.read(page).Result;
      // "offline" is a stopped domain. One that is being configured still serves.
      const domains = Data.map(({ Domain, Status }) => ({ name: Domain, ...(Status && { active: Status.toLowerCase() !== "offline" }) }));
      return { domains, total: Total ?? undefined };
    });
}
