/**
 * The Tencent Cloud VOD provider. The vendor has no call that tells the outcome of a prefetch, its quota or its tasks.
 * https://www.tencentcloud.com/document/product/266/34186
 */

import { z } from "zod";
import type { Provider } from "../../prefetch/model/provider.ts";
import type { Meaning } from "../kit/error-table.ts";
import { provesLogin } from "../kit/login-check.ts";
import { openNetwork } from "../kit/network.ts";
import type { CallAnswer } from "../kit/signed-call.ts";
import { urlsIn } from "../kit/url-tasks.ts";
import { createApi } from "./api.ts";
import { listDomains } from "./domains.ts";
import { createErrors } from "./errors.ts";
import type { TencentOptions } from "./options.ts";
import { commonLimits, type Meanings, type Product } from "./product.ts";

export interface TencentVodOptions extends TencentOptions {
  /** The VOD application. */
  readonly subAppId?: number | undefined;
}

/** The vendor documents these codes without causes. A batch has well-formed URLs of one host, so the host is the likeliest cause. */
const codes = (is: Meanings): Readonly<Record<string, Meaning>> => ({
  InvalidParameterValue: is.foreignDomain,
  "InvalidParameterValue.Limit": is.bug,
  "InvalidParameterValue.LimitTooLarge": is.bug,
  "InvalidParameterValue.Offset": is.bug,
  "InvalidParameterValue.OffsetTooLarge": is.bug,
  "FailedOperation.InvalidVodUser": is.account,
});

export const vod: Product = {
  id: "tencent-vod",
  name: "Tencent Cloud VOD",
  service: "vod",
  version: "2018-07-17",
  permissions: "vod:PushUrlCache and vod:DescribeVodDomains",
  domainHint: "The URL's domain must be registered in VOD, in the application of PREFETCH_TENCENT_VOD_SUB_APP_ID.",
  endpointSetting: "PREFETCH_TENCENT_VOD_ENDPOINT",
  codes,
};

const domainSet = z.object({
  DomainSet: z.array(z.object({ Domain: z.string() })).nullable(),
  TotalCount: z.number().nullish(),
});
/** A locked domain cannot be changed, but it is served. */
const readDomains = (answer: CallAnswer) => {
  const { DomainSet, TotalCount } = answer.read(domainSet);
  return { domains: (DomainSet ?? []).map(({ Domain }) => ({ name: Domain })), total: TotalCount ?? undefined };
};

/** Opens no connection before the first call. */
export function createTencentVod(options: TencentVodOptions): Provider {
  const { endpoint, account, subAppId } = options;
  const network = openNetwork(vod.id, options);
  const errors = createErrors(vod);
  const api = createApi({ ...network, ...options, product: vod, errors });
  const application = subAppId === undefined ? {} : { SubAppId: subAppId };

  return {
    id: vod.id,
    title: vod.name,
    docs: "https://www.tencentcloud.com/document/product/266/34186",
    account,
    accountInWords: `account ${account.slice(account.indexOf(":") + 1)} at ${endpoint}`,
    endpoints: [endpoint],
    accepts: ["urls"],
    limits: { ...commonLimits, urlsPerRequest: 20, urlsPerDay: 10_000 },
    tracking: "none",
    depth: "unknown",
    reach: "Tencent Cloud VOD does not say which nodes a prefetch reaches, nor when it is done.",
    purging: "Tencent Cloud VOD purges in its console.",
    submit: async (batch, call) => {
      const params = { Urls: urlsIn(batch, vod), ...application };
      const { requestId } = await api({ action: "PushUrlCache", params, intent: "spend", what: "the prefetch", call, counted: true });
      return { vendorTaskIds: [], refused: [], ...(requestId !== undefined && { requestId }) };
    },
    // The vendor documents a default of 20 rows, and no largest page.
    hosts: (call) => listDomains(api, errors, { action: "DescribeVodDomains", params: application, pageRows: 20, read: readDomains }, call),
    checkLogin: (call) => {
      const params = { ...application, Offset: 0, Limit: 1 };
      const answer = api({ action: "DescribeVodDomains", params, intent: "read", what: "the list of domains", call, counted: true });
      return provesLogin(errors.vendor, answer.then(readDomains));
    },
    close: () => network.http.close(),
  };
}
