/** Reads the settings of Huawei Cloud VOD and creates the provider from them. */

import type { SettingValues } from "../../base/setting.ts";
import type { ProviderConfiguration, ProviderDefinition } from "../definition.ts";
import { leftOut, misconfigured, settingProblems } from "../kit/settings.ts";
import { readCredentials } from "./credentials.ts";
import { editions } from "./edition.ts";
import { iamEndpointOf, productsOf, settings, vodEndpointOf } from "./settings.ts";

const id = "huawei-vod";

export const huaweiVod: ProviderDefinition = {
  id,
  title: "Huawei Cloud VOD",
  docs: "https://support.huaweicloud.com/api-vod/vod_04_0205.html",
  takesAssets: true,
  sandboxHosts: ["example.com", "*.example.com"],
  settings,

  read: (values): ProviderConfiguration => {
    const notUsed = leftOut(productsOf, { id, product: "vod", prefix: "PREFETCH_HUAWEI_VOD_" }, values);
    if (notUsed) return notUsed;
    const { endpoint, iamEndpoint } = endpointsFrom(values);
    const credentials = readCredentials(values, iamEndpoint);
    const projectId = values.HUAWEICLOUD_SDK_PROJECT_ID;
    const edition = editions.find((known) => known === values.PREFETCH_HUAWEI_VOD_EDITION) ?? "current";

    const problems: string[] = [];
    if ("problem" in credentials) problems.push(credentials.problem);
    if (projectId === undefined) problems.push("set HUAWEICLOUD_SDK_PROJECT_ID");
    if (endpoint === undefined) problems.push("set PREFETCH_HUAWEI_VOD_REGION, such as cn-north-4");
    problems.push(...settingProblems(settings, values));

    const missing = "problem" in credentials || projectId === undefined || endpoint === undefined;
    if (missing || problems.length > 0) return misconfigured(id, problems);
    return {
      ok: true,
      create: async (context) => {
        const { createHuaweiVod } = await import("./vod.ts");
        return createHuaweiVod({ endpoint, projectId, credentials, edition, ...context });
      },
    };
  },
};

function endpointsFrom(values: SettingValues): { readonly endpoint: string | undefined; readonly iamEndpoint: string } {
  const region = values.PREFETCH_HUAWEI_VOD_REGION;
  return {
    endpoint: values.PREFETCH_HUAWEI_VOD_ENDPOINT ?? (region === undefined ? undefined : vodEndpointOf(region)),
    iamEndpoint: values.HUAWEICLOUD_SDK_IAM_ENDPOINT ?? (region === undefined ? "https://iam.myhuaweicloud.com" : iamEndpointOf(region)),
  };
}
