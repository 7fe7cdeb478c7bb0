/** Reads the settings of Alibaba Cloud VOD and creates the provider from them. */

import type { SettingValues } from "../../base/setting.ts";
import type { ProviderConfiguration, ProviderDefinition } from "../definition.ts";
import { misconfigured, settingProblems } from "../kit/settings.ts";
import { readCredentials } from "./credentials.ts";
import { CACHE_REGION, endpointOf, settingName, settings } from "./settings.ts";

const id = "alibaba-vod";

export const alibabaVod: ProviderDefinition = {
  id,
  title: "Alibaba Cloud VOD",
  docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches",
  refreshes: true,
  settings,

  read: (values): ProviderConfiguration => {
    const found = readCredentials(values);
    const problems = settingProblems(settings, values);
    if ("problem" in found) return misconfigured(id, [found.problem, ...problems]);
    if (problems.length > 0) return misconfigured(id, problems);
    const options = {
      ...optionsFrom(values),
      credentials: found.credentials,
      account: `${id}:${values[settingName("ACCOUNT")] ?? found.account}`,
    };
    return {
      ok: true,
      secrets: found.secrets,
      keyIds: found.keyIds,
      create: async (context) => {
        const { createAlibabaVod } = await import("./vod.ts");
        return createAlibabaVod({ ...options, ...context });
      },
    };
  },
};

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
