/** Settings that the products of Alibaba Cloud share, each with the rule that its value must keep. */

import { z } from "zod";
import { secretHeaderValues } from "../kit/header-secrets.ts";
import { type CheckedSetting, must, mustBeEndpoint, mustBeHeaderSafe, mustBeOneOf, mustMatch, productsSetting } from "../kit/settings.ts";

export const productsOf = productsSetting("PREFETCH_ALIBABA_PRODUCTS", "Alibaba Cloud", ["vod", "cdn", "dcdn"]);

export const mustBeHost = must(
  "be a host name",
  (value) => /^[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i.test(value) && URL.canParse(`https://${value}`),
);

export const credentialSettings: readonly CheckedSetting[] = [
  {
    name: "ALIBABA_CLOUD_ACCESS_KEY_ID",
    foreignNames: [
      "ALIBABACLOUD_ACCESS_KEY_ID",
      "ALIYUN_ACCESS_KEY_ID",
      "ALIYUN_ACCESS_KEY",
      "ALICLOUD_ACCESS_KEY",
      "ALICLOUD_ACCESS_KEY_ID",
    ],
    about: "AccessKey id of a RAM user.",
    fallback: "the profile of aliyun configure",
    keyId: true,
    check: mustBeHeaderSafe,
  },
  {
    name: "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    foreignNames: [
      "ALIBABACLOUD_ACCESS_KEY_SECRET",
      "ALIYUN_ACCESS_KEY_SECRET",
      "ALIYUN_SECRET_KEY",
      "ALICLOUD_SECRET_KEY",
      "ALICLOUD_ACCESS_KEY_SECRET",
    ],
    about: "AccessKey secret of that id.",
    secret: true,
    check: mustBeHeaderSafe,
  },
  {
    name: "ALIBABA_CLOUD_SECURITY_TOKEN",
    foreignNames: ["ALIBABACLOUD_SECURITY_TOKEN", "ALIYUN_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN", "ALICLOUD_STS_TOKEN"],
    about: "STS token, if the keys are temporary.",
    secret: true,
    check: mustBeHeaderSafe,
  },
  {
    name: "ALIBABA_CLOUD_PROFILE",
    about: "Profile of ~/.aliyun/config.json to use when no key is set (modes AK and StsToken).",
    fallback: "the current one",
  },
  { name: "ALIBABA_CLOUD_CLI_PROFILE_DISABLED", about: "true: ignore ~/.aliyun/config.json.", fallback: "false" },
  productsOf,
];

/** Settings of the calls that warm URLs, by the beginning of their names. */
export function urlCallSettings(prefix: string, endpoint: string) {
  return {
    account: {
      name: `${prefix}ACCOUNT`,
      about: "Name for the vendor account in the quota ledger; set it if several accounts with temporary keys share one store.",
      check: mustMatch(/^[\w.@-]{1,64}$/, "1 to 64 letters, digits, ., @, - or _"),
    },
    endpoint: {
      name: `${prefix}ENDPOINT`,
      about: "Full URL for the calls that warm caches.",
      fallback: endpoint,
      check: mustBeEndpoint(endpoint),
    },
    signHost: {
      name: `${prefix}SIGN_HOST`,
      about: "Host to sign cache calls for, if the endpoint is a gateway.",
      fallback: "the endpoint's",
      check: mustBeHost,
    },
    area: {
      name: `${prefix}AREA`,
      about: "Where to warm: domestic (mainland China) or overseas.",
      fallback: "the vendor's",
      check: mustBeOneOf("domestic", "overseas"),
    },
    secondTier: {
      name: `${prefix}L2`,
      about: "true: second-tier nodes must be among those that are warmed.",
      fallback: "the vendor's",
      check: mustBeOneOf("true", "false"),
    },
    withHeader: {
      name: `${prefix}WITH_HEADER`,
      about: 'Headers of the fetch from the origin, as JSON, such as {"Accept-Encoding":["gzip, deflate, br"]}.',
      fallback: "Accept-Encoding: gzip",
      secretsIn: secretHeaderValues,
      check: must("be a JSON object of header names and lists of values", isHeaderMap),
    },
  } as const satisfies Record<string, CheckedSetting>;
}

const headerMap = z
  .record(z.string().regex(/^[\w-]+$/), z.array(z.string().regex(/^[^\r\n]*$/)).min(1))
  .refine((headers) => Object.keys(headers).length > 0);

function isHeaderMap(value: string): boolean {
  try {
    return headerMap.safeParse(JSON.parse(value)).success;
  } catch {
    return false;
  }
}
