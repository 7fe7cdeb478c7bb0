/** The settings of Huawei Cloud VOD, each with the rule that its value must keep. */

import {
  type CheckedSetting,
  mustBeEndpoint,
  mustBeHeaderSafe,
  mustBeOneOf,
  mustBeRegion,
  mustMatch,
  productsSetting,
} from "../kit/settings.ts";
import { editions } from "./edition.ts";

const exampleRegion = "cn-north-4";

export const vodEndpointOf = (region: string): string => `https://vod.${region}.myhuaweicloud.com`;
export const iamEndpointOf = (region: string): string => `https://iam.${region}.myhuaweicloud.com`;

export const productsOf = productsSetting("PREFETCH_HUAWEI_PRODUCTS", "Huawei Cloud", ["vod", "cdn"]);

/** The keys that all products share. */
export const keySettings: readonly CheckedSetting[] = [
  {
    name: "HUAWEICLOUD_SDK_AK",
    foreignNames: [
      "HUAWEICLOUD_ACCESS_KEY",
      "HUAWEICLOUD_ACCESS_KEY_ID",
      "HUAWEICLOUD_AK",
      "HUAWEI_ACCESS_KEY",
      "HUAWEI_AK",
      "HW_ACCESS_KEY",
      "HW_AK",
    ],
    about: "Access key of a Huawei Cloud user.",
    keyId: true,
    check: mustBeHeaderSafe,
  },
  {
    name: "HUAWEICLOUD_SDK_SK",
    foreignNames: [
      "HUAWEICLOUD_SECRET_KEY",
      "HUAWEICLOUD_SECRET_ACCESS_KEY",
      "HUAWEICLOUD_SK",
      "HUAWEI_SECRET_KEY",
      "HUAWEI_SK",
      "HW_SECRET_KEY",
      "HW_SK",
    ],
    about: "Secret key of that access key.",
    secret: true,
    check: mustBeHeaderSafe,
  },
  {
    name: "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    foreignNames: ["HUAWEICLOUD_SECURITY_TOKEN", "HW_SECURITY_TOKEN"],
    about: "Security token, if the keys are temporary.",
    secret: true,
    check: mustBeHeaderSafe,
  },
  productsOf,
];

/** Tokens instead of keys. */
export const iamSettings: readonly CheckedSetting[] = [
  {
    name: "PREFETCH_HUAWEI_IAM_TOKEN",
    about: "IAM token instead of keys, scoped to the project for VOD and to the account for CDN.",
    secret: true,
    check: mustBeHeaderSafe,
  },
  { name: "PREFETCH_HUAWEI_IAM_USER", about: "IAM user to fetch tokens with, instead of keys." },
  { name: "PREFETCH_HUAWEI_IAM_PASSWORD", about: "Password of the IAM user.", secret: true },
  { name: "PREFETCH_HUAWEI_IAM_DOMAIN", about: "Account name that the IAM user belongs to." },
  {
    name: "HUAWEICLOUD_SDK_IAM_ENDPOINT",
    about: "Full URL of IAM, instead of the region's own.",
    fallback: iamEndpointOf("<region>"),
    check: mustBeEndpoint(iamEndpointOf(exampleRegion)),
  },
];

export const settings: readonly CheckedSetting[] = [
  ...keySettings,
  {
    name: "HUAWEICLOUD_SDK_PROJECT_ID",
    foreignNames: ["HUAWEICLOUD_PROJECT_ID", "HUAWEI_PROJECT_ID", "HW_PROJECT_ID"],
    about: "Project id of the VOD region (32 hexadecimal digits).",
    check: mustMatch(/^[0-9a-f]{32}$/i, "a project id (32 hexadecimal digits), not a project name or a domain id"),
  },
  {
    name: "PREFETCH_HUAWEI_VOD_REGION",
    foreignNames: ["HUAWEICLOUD_REGION", "HUAWEICLOUD_SDK_REGION", "HW_REGION_NAME"],
    about: "Region of the VOD service, such as cn-north-4.",
    check: mustBeRegion(exampleRegion),
  },
  {
    name: "PREFETCH_HUAWEI_VOD_ENDPOINT",
    about: "Full URL of the VOD service, instead of the region's own.",
    fallback: vodEndpointOf("<region>"),
    check: mustBeEndpoint(vodEndpointOf(exampleRegion)),
  },
  {
    name: "PREFETCH_HUAWEI_VOD_EDITION",
    about: "Edition of the prefetch API: current, or id-only for one that takes asset ids and answers without a task id.",
    fallback: "current",
    check: mustBeOneOf(...editions),
  },
  ...iamSettings,
];
