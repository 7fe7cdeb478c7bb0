/** Settings that the products of Tencent Cloud share, each with the rule that its value must keep. */

import { type CheckedSetting, must, mustBeEndpoint, mustBeHeaderSafe, mustBeOneOf, mustMatch, productsSetting } from "../kit/settings.ts";

export const productsOf = productsSetting("PREFETCH_TENCENT_PRODUCTS", "Tencent Cloud", ["cdn", "edgeone", "vod"]);

/** The two sites have accounts and endpoints of their own. */
const site: CheckedSetting = {
  name: "PREFETCH_TENCENT_SITE",
  about: "Site of the account: china (cloud.tencent.com) or international (tencentcloud.com).",
  fallback: "china",
  check: mustBeOneOf("china", "international"),
};

export const sharedSettings: readonly CheckedSetting[] = [
  {
    name: "TENCENTCLOUD_SECRET_ID",
    foreignNames: ["TENCENT_SECRET_ID", "TENCENTCLOUD_SECRETID"],
    about: "SecretId of a CAM user.",
    fallback: "the credentials file",
    keyId: true,
    check: mustBeHeaderSafe,
  },
  {
    name: "TENCENTCLOUD_SECRET_KEY",
    foreignNames: ["TENCENT_SECRET_KEY", "TENCENTCLOUD_SECRETKEY"],
    about: "SecretKey of that id.",
    secret: true,
    check: mustBeHeaderSafe,
  },
  {
    name: "TENCENTCLOUD_SESSION_TOKEN",
    foreignNames: ["TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN", "TENCENT_TOKEN"],
    about: "Token, if the keys are temporary.",
    secret: true,
    check: mustBeHeaderSafe,
  },
  {
    name: "TENCENTCLOUD_CREDENTIALS_FILE",
    about: "File with the keys (section default) to use when no key is set.",
    fallback: "~/.tencentcloud/credentials",
  },
  productsOf,
  site,
];

/** The endpoint of a service at the account's site. */
export function endpointOf(service: string, siteName: string | undefined): string {
  return `https://${service}.${siteName === "international" ? "intl." : ""}tencentcloudapi.com`;
}

/** Settings that each product has, by the beginning of their names. */
export function productSettings(prefix: string, service: string) {
  return {
    account: {
      name: `${prefix}ACCOUNT`,
      about: "Name for the vendor account in the quota ledger; set it if several accounts with temporary keys share one store.",
      check: mustMatch(/^[\w.@-]{1,64}$/, "1 to 64 letters, digits, ., @, - or _"),
    },
    endpoint: {
      name: `${prefix}ENDPOINT`,
      about: "Full URL of the API.",
      fallback: `${endpointOf(service, undefined)}, or the international site's`,
      check: mustBeEndpoint(endpointOf(service, undefined)),
    },
    signHost: {
      name: `${prefix}SIGN_HOST`,
      about: "Host to sign for, if the endpoint is a gateway.",
      fallback: "the endpoint's",
      check: must("be a host name", (value) => /^[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i.test(value) && URL.canParse(`https://${value}`)),
    },
  } as const satisfies Record<string, CheckedSetting>;
}
