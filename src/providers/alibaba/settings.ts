/** The settings of Alibaba Cloud VOD, each with the rule that its value must keep. */

import { z } from "zod";
import { secretHeaderValues } from "../kit/header-secrets.ts";
import { type CheckedSetting, must, mustBeEndpoint, mustBeHeaderSafe, mustBeOneOf, mustBeRegion, mustMatch } from "../kit/settings.ts";

/** The vendor serves the cache calls of every account in this region. */
export const CACHE_REGION = "cn-shanghai";
/** `SliceCount` allows up to 20: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshmediaplayurls */
const MOST_SEGMENTS = 20;

export const settingName = (name: string): string => `PREFETCH_ALIBABA_VOD_${name}`;
export const endpointOf = (region: string): string => `https://vod.${region}.aliyuncs.com`;

const endpoint = mustBeEndpoint(endpointOf(CACHE_REGION));
const trueOrFalse = mustBeOneOf("true", "false");
const words = mustMatch(/^\w+(,\w+)*$/, "words separated by commas");
const host = must("be a host name", (value) => /^[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i.test(value) && URL.canParse(`https://${value}`));

export const settings: readonly CheckedSetting[] = [
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
  {
    name: settingName("ACCOUNT"),
    about: "Name for the vendor account in the quota ledger; set it if several accounts with temporary keys share one store.",
    check: mustMatch(/^[\w.@-]{1,64}$/, "1 to 64 letters, digits, ., @, - or _"),
  },
  {
    name: settingName("REGION"),
    about: "Region of the media, for calls about assets.",
    fallback: CACHE_REGION,
    check: mustBeRegion(CACHE_REGION),
  },
  {
    name: settingName("ENDPOINT"),
    about: "Full URL for the calls that warm caches.",
    fallback: endpointOf(CACHE_REGION),
    check: endpoint,
  },
  { name: settingName("MEDIA_ENDPOINT"), about: "Full URL for calls about assets.", fallback: endpointOf("<region>"), check: endpoint },
  {
    name: settingName("SIGN_HOST"),
    about: "Host to sign cache calls for, if the endpoint is a gateway.",
    fallback: "the endpoint's",
    check: host,
  },
  {
    name: settingName("MEDIA_SIGN_HOST"),
    about: "Host to sign calls about assets for, if the media endpoint is a gateway.",
    fallback: "the media endpoint's",
    check: host,
  },
  {
    name: settingName("AREA"),
    about: "Where to warm: domestic (mainland China) or overseas.",
    fallback: "the vendor's",
    check: mustBeOneOf("domestic", "overseas"),
  },
  {
    name: settingName("L2"),
    about: "true: second-tier nodes must be among those that are warmed.",
    fallback: "the vendor's",
    check: trueOrFalse,
  },
  {
    name: settingName("WITH_HEADER"),
    about: 'Headers of the fetch from the origin, as JSON, such as {"Accept-Encoding":["gzip, deflate, br"]}.',
    fallback: "Accept-Encoding: gzip",
    secretsIn: secretHeaderValues,
    check: must("be a JSON object of header names and lists of values", isHeaderMap),
  },
  { name: settingName("FORMATS"), about: "Formats of an asset to warm, such as mp4,m3u8.", fallback: "all", check: words },
  { name: settingName("DEFINITIONS"), about: "Definitions of an asset to warm, such as HD,SD.", fallback: "all", check: words },
  {
    name: settingName("SEGMENTS"),
    about: `First segments of each HLS stream of an asset to warm, 0 to ${MOST_SEGMENTS}.`,
    fallback: "0",
    check: must(`be a whole number from 0 to ${MOST_SEGMENTS}`, (value) => /^\d{1,2}$/.test(value) && Number(value) <= MOST_SEGMENTS),
  },
  {
    name: settingName("PLAY_DOMAIN"),
    about: "Domain of play URLs, where an account has several.",
    fallback: "the one changed last",
    check: host,
  },
];

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
