/** Reads the settings of Huawei Cloud CDN and creates the provider from them. */

import { createHash } from "node:crypto";
import type { ProviderConfiguration, ProviderDefinition } from "../definition.ts";
import { type CheckedSetting, leftOut, misconfigured, mustBeEndpoint, mustMatch, settingProblems } from "../kit/settings.ts";
import { type HuaweiCredentials, readCredentials } from "./credentials.ts";
import { iamSettings, keySettings, productsOf } from "./settings.ts";

const id = "huawei-cdn";
const prefix = "PREFETCH_HUAWEI_CDN_";
const defaultEndpoint = "https://cdn.myhuaweicloud.com";

const settings: readonly CheckedSetting[] = [
  ...keySettings,
  {
    name: "HUAWEICLOUD_SDK_DOMAIN_ID",
    about: "Id of the Huawei Cloud account (its domain id), for signed requests and the quota ledger.",
    check: mustMatch(/^[0-9a-f]{32}$/i, "a domain id (32 hexadecimal digits)"),
  },
  {
    name: `${prefix}ENTERPRISE_PROJECT`,
    about: "Id of the enterprise project, or all. IAM users need it.",
    check: mustMatch(/^(all|0|[0-9a-f-]{36})$/i, "an id of an enterprise project, 0 or all"),
  },
  {
    name: `${prefix}ACCOUNT`,
    about: "Name for the vendor account in the quota ledger; set it if several accounts with temporary keys or tokens share one store.",
    fallback: "the domain id",
    check: mustMatch(/^[\w.@-]{1,64}$/, "1 to 64 letters, digits, ., @, - or _"),
  },
  {
    name: `${prefix}ENDPOINT`,
    about: "Full URL of the CDN service, such as https://cdn.myhuaweicloud.eu for Europe.",
    fallback: defaultEndpoint,
    check: mustBeEndpoint(defaultEndpoint),
  },
  ...iamSettings,
];

export const huaweiCdn: ProviderDefinition = {
  id,
  title: "Huawei Cloud CDN",
  docs: "https://support.huaweicloud.com/api-cdn/CreatePreheatingTasks.html",
  sandboxHosts: ["hw-cdn.example.net"],
  refreshes: true,
  settings,

  read: (values): ProviderConfiguration => {
    const notUsed = leftOut(productsOf, { id, product: "cdn", prefix }, values);
    if (notUsed) return notUsed;
    const credentials = readCredentials(values, values.HUAWEICLOUD_SDK_IAM_ENDPOINT ?? "https://iam.myhuaweicloud.com");
    const problems = settingProblems(settings, values);
    if ("problem" in credentials) return misconfigured(id, [credentials.problem, ...problems]);
    if (problems.length > 0) return misconfigured(id, problems);
    const domainId = values.HUAWEICLOUD_SDK_DOMAIN_ID;
    const options = {
      endpoint: values[`${prefix}ENDPOINT`] ?? defaultEndpoint,
      credentials,
      domainId,
      enterpriseProject: values[`${prefix}ENTERPRISE_PROJECT`],
      account: `${id}:${values[`${prefix}ACCOUNT`] ?? domainId ?? accountOf(credentials)}`,
    };
    return {
      ok: true,
      create: async (context) => {
        const { createHuaweiCdn } = await import("./cdn.ts");
        return createHuaweiCdn({ ...options, ...context });
      },
    };
  },
};

/** A name that stays while the credentials do. Temporary keys and tokens change, so they cannot name the account. */
function accountOf(credentials: HuaweiCredentials): string {
  if (credentials.kind === "token" || (credentials.kind === "keys" && credentials.securityToken !== undefined)) return "temporary";
  const name = credentials.kind === "keys" ? credentials.ak : credentials.domain;
  return createHash("sha256").update(name).digest("hex").slice(0, 12);
}
