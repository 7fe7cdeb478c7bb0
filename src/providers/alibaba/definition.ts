/** Reads the settings of Alibaba Cloud VOD and creates the provider from them. */

import type { SettingValues } from "../../base/setting.ts";
import { defineAlibaba } from "./define.ts";
import { CACHE_REGION, endpointOf, PREFIX, settingName, settings } from "./settings.ts";

export const alibabaVod = defineAlibaba({
  id: "alibaba-vod",
  title: "Alibaba Cloud VOD",
  docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches",
  takesAssets: true,
  sandboxHosts: ["vod.example.net", "media.example.net"],
  refreshes: true,
  product: "vod",
  prefix: PREFIX,
  settings,
  create: async (values, account, context) => {
    const { createAlibabaVod } = await import("./vod.ts");
    return createAlibabaVod({ ...optionsFrom(values), ...account, ...context });
  },
});

function optionsFrom(values: SettingValues) {
  const value = (name: string) => values[settingName(name)];
  const secondTier = value("L2");
  return {
    cache: { url: value("ENDPOINT") ?? endpointOf(CACHE_REGION), signHost: value("SIGN_HOST") },
    media: { url: value("MEDIA_ENDPOINT") ?? endpointOf(value("REGION") ?? CACHE_REGION), signHost: value("MEDIA_SIGN_HOST") },
    area: value("AREA"),
    secondTier: secondTier === undefined ? undefined : secondTier === "true",
    withHeader: value("WITH_HEADER"),
    assets: {
      formats: value("FORMATS"),
      definitions: value("DEFINITIONS"),
      segments: Number(value("SEGMENTS") ?? 0),
      playDomain: value("PLAY_DOMAIN"),
    },
  };
}
