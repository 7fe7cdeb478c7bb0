/** The settings of Alibaba Cloud VOD, each with the rule that its value must keep. */

import { type CheckedSetting, must, mustBeEndpoint, mustBeRegion, mustMatch } from "../kit/settings.ts";
import { credentialSettings, mustBeHost, urlCallSettings } from "./shared-settings.ts";

/** The vendor serves the cache calls of every account in this region. */
export const CACHE_REGION = "cn-shanghai";
/** `SliceCount` allows up to 20: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshmediaplayurls */
const MOST_SEGMENTS = 20;

export const PREFIX = "PREFETCH_ALIBABA_VOD_";
export const settingName = (name: string): string => `${PREFIX}${name}`;
export const endpointOf = (region: string): string => `https://vod.${region}.aliyuncs.com`;

const words = mustMatch(/^\w+(,\w+)*$/, "words separated by commas");
const shared = urlCallSettings(PREFIX, endpointOf(CACHE_REGION));

export const settings: readonly CheckedSetting[] = [
  ...credentialSettings,
  shared.account,
  {
    name: settingName("REGION"),
    about: "Region of the media, for calls about assets.",
    fallback: CACHE_REGION,
    check: mustBeRegion(CACHE_REGION),
  },
  shared.endpoint,
  {
    name: settingName("MEDIA_ENDPOINT"),
    about: "Full URL for calls about assets.",
    fallback: endpointOf("<region>"),
    check: mustBeEndpoint(endpointOf(CACHE_REGION)),
  },
  shared.signHost,
  {
    name: settingName("MEDIA_SIGN_HOST"),
    about: "Host to sign calls about assets for, if the media endpoint is a gateway.",
    fallback: "the media endpoint's",
    check: mustBeHost,
  },
  shared.area,
  shared.secondTier,
  shared.withHeader,
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
    check: mustBeHost,
  },
];
