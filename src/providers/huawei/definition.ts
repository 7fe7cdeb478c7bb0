/** Huawei Cloud VOD as the server knows it: its settings, and what is missing when it cannot be used. */

import type { SettingValues } from "../../base/setting.ts";
import type { ProviderConfiguration, ProviderDefinition } from "../definition.ts";
import { endpointProblem, isHeaderSafe } from "../kit/checks.ts";
import type { HuaweiCredentials } from "./credentials.ts";
import { editions } from "./edition.ts";

const id = "huawei-vod";

export const huaweiVod: ProviderDefinition = {
  id,
  title: "Huawei Cloud VOD",
  docs: "https://support.huaweicloud.com/api-vod/vod_04_0205.html",
  settings: [
    { name: "HUAWEICLOUD_SDK_AK", about: "Access key of a Huawei Cloud user.", secret: true },
    { name: "HUAWEICLOUD_SDK_SK", about: "Secret key that belongs to it.", secret: true },
    { name: "HUAWEICLOUD_SDK_SECURITY_TOKEN", about: "Security token, if the keys are temporary.", secret: true },
    { name: "HUAWEICLOUD_SDK_PROJECT_ID", about: "Project id of the VOD region (32 hexadecimal digits)." },
    { name: "PREFETCH_HUAWEI_VOD_REGION", about: "Region of the VOD service, such as cn-north-4." },
    {
      name: "PREFETCH_HUAWEI_VOD_ENDPOINT",
      about: "Full URL of the VOD service, instead of the region's own.",
      fallback: "https://vod.<region>.myhuaweicloud.com",
    },
    {
      name: "PREFETCH_HUAWEI_VOD_EDITION",
      about: "Edition of the prefetch API: current, or id-only for one that takes asset ids and answers without a task id.",
      fallback: "current",
    },
    { name: "PREFETCH_HUAWEI_IAM_TOKEN", about: "IAM token scoped to the project, instead of keys.", secret: true },
    { name: "PREFETCH_HUAWEI_IAM_USER", about: "IAM user to fetch tokens with, instead of keys." },
    { name: "PREFETCH_HUAWEI_IAM_PASSWORD", about: "Password of the IAM user.", secret: true },
    { name: "PREFETCH_HUAWEI_IAM_DOMAIN", about: "Account name that the IAM user belongs to." },
    {
      name: "HUAWEICLOUD_SDK_IAM_ENDPOINT",
      about: "Full URL of IAM, instead of the region's own.",
      fallback: "https://iam.<region>.myhuaweicloud.com",
    },
  ],

  read: (values): ProviderConfiguration => {
    const problems: string[] = [];
    const projectId = values.HUAWEICLOUD_SDK_PROJECT_ID;
    const region = values.PREFETCH_HUAWEI_VOD_REGION;
    const endpoint = values.PREFETCH_HUAWEI_VOD_ENDPOINT ?? (region && `https://vod.${region}.myhuaweicloud.com`);
    const edition = editions.find((known) => known === (values.PREFETCH_HUAWEI_VOD_EDITION ?? "current"));
    const iamEndpoint =
      values.HUAWEICLOUD_SDK_IAM_ENDPOINT ?? (region ? `https://iam.${region}.myhuaweicloud.com` : "https://iam.myhuaweicloud.com");

    const credentials = readCredentials(values, iamEndpoint);
    if (typeof credentials === "string") problems.push(credentials);
    if (projectId === undefined) problems.push("set HUAWEICLOUD_SDK_PROJECT_ID");
    else if (!/^[\w-]{1,64}$/.test(projectId)) problems.push("HUAWEICLOUD_SDK_PROJECT_ID must be a project id (32 hexadecimal digits)");
    if (region !== undefined && !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region))
      problems.push("PREFETCH_HUAWEI_VOD_REGION must be a region id such as cn-north-4");
    if (endpoint === undefined) problems.push("set PREFETCH_HUAWEI_VOD_REGION, such as cn-north-4");
    else if (values.PREFETCH_HUAWEI_VOD_ENDPOINT)
      problems.push(...present(endpointProblem("PREFETCH_HUAWEI_VOD_ENDPOINT", endpoint, "https://vod.cn-north-4.myhuaweicloud.com")));
    if (values.HUAWEICLOUD_SDK_IAM_ENDPOINT)
      problems.push(...present(endpointProblem("HUAWEICLOUD_SDK_IAM_ENDPOINT", iamEndpoint, "https://iam.cn-north-4.myhuaweicloud.com")));
    if (edition === undefined) problems.push(`PREFETCH_HUAWEI_VOD_EDITION must be ${editions.join(" or ")}`);

    if (problems.length > 0 || typeof credentials === "string" || !projectId || !endpoint || !edition) {
      return { ok: false, problem: `${id}: ${problems.join("; ")}.` };
    }
    return {
      ok: true,
      create: async (context) => {
        const { createHuaweiVod } = await import("./vod.ts");
        return createHuaweiVod({ endpoint, projectId, credentials, edition, ...context });
      },
    };
  },
};

/** Keys first, then a token, then a login; a half-given pair is named rather than passed over. */
function readCredentials(values: SettingValues, iamEndpoint: string): HuaweiCredentials | string {
  const { HUAWEICLOUD_SDK_AK: ak, HUAWEICLOUD_SDK_SK: sk, HUAWEICLOUD_SDK_SECURITY_TOKEN: securityToken } = values;
  const { PREFETCH_HUAWEI_IAM_TOKEN: token, PREFETCH_HUAWEI_IAM_USER: user } = values;
  const { PREFETCH_HUAWEI_IAM_PASSWORD: password, PREFETCH_HUAWEI_IAM_DOMAIN: domain } = values;
  const unclean = ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "PREFETCH_HUAWEI_IAM_TOKEN"].filter(
    (name) => !isHeaderSafe(values[name] ?? "unset"),
  );
  if (unclean.length > 0) return `${unclean.join(" and ")} must not contain blanks, line breaks or other than ASCII characters`;
  if (ak !== undefined || sk !== undefined) {
    if (ak === undefined) return "set HUAWEICLOUD_SDK_AK (HUAWEICLOUD_SDK_SK is set without it)";
    if (sk === undefined) return "set HUAWEICLOUD_SDK_SK (HUAWEICLOUD_SDK_AK is set without it)";
    return { kind: "keys", ak, sk, securityToken };
  }
  if (token !== undefined) return { kind: "token", token };
  if (user !== undefined || password !== undefined || domain !== undefined) {
    if (user === undefined || password === undefined || domain === undefined) {
      return "set all of PREFETCH_HUAWEI_IAM_USER, PREFETCH_HUAWEI_IAM_PASSWORD and PREFETCH_HUAWEI_IAM_DOMAIN";
    }
    return { kind: "password", user, password, domain, iamEndpoint };
  }
  return "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (or PREFETCH_HUAWEI_IAM_TOKEN, or PREFETCH_HUAWEI_IAM_USER, _PASSWORD and _DOMAIN)";
}

function present(problem: string | undefined): string[] {
  return problem === undefined ? [] : [problem];
}
