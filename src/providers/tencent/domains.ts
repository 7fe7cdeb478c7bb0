/** The domains that a product serves for the account, page by page. */

import type { Call, ServedHost } from "../../prefetch/model/provider.ts";
import { type DomainPage, readServedHosts } from "../kit/served-hosts.ts";
import type { CallAnswer } from "../kit/signed-call.ts";
import type { VendorErrors } from "../kit/vendor-errors.ts";
import type { Api } from "./api.ts";

interface DomainList {
  readonly action: string;
  /** Parameters besides the page. */
  readonly params?: object;
  /** The vendor's largest page. */
  readonly pageRows: number;
  readonly read: (answer: CallAnswer) => DomainPage;
}

export function listDomains(
  api: Api,
  { vendor }: VendorErrors,
  { action, params, pageRows, read }: DomainList,
  call: Call,
): Promise<ServedHost[]> {
  return readServedHosts(vendor, pageRows, async (number) => {
    const page = { ...params, Offset: (number - 1) * pageRows, Limit: pageRows };
    return read(await api({ action, params: page, intent: "read", what: "the list of domains", call, counted: false }));
  });
}
