/** Reads the settings of Volcengine CDN and creates the provider from them. */

import type { ProviderConfiguration, ProviderDefinition } from "../definition.ts";
import {
  type CheckedSetting,
  misconfigured,
  mustBeEndpoint,
  mustBeHeaderSafe,
  mustBeOneOf,
  mustBeRegion,
  mustMatch,
  settingProblems,
} from "../kit/settings.ts";
import { readCredentials } from "./credentials.ts";
import { isSiteId, sites } from "./sites.ts";

const id = "volcengine-cdn";
const prefix = "PREFETCH_VOLCENGINE_CDN_";
const { volcengine, byteplus } = sites;

const key = (name: string, about: string): CheckedSetting => ({ name, about, keyId: true, check: mustBeHeaderSafe });
const secret = (name: string, about: string): CheckedSetting => ({ name, about, secret: true, check: mustBeHeaderSafe });

const settings: readonly CheckedSetting[] = [
  {
    ...key("VOLCENGINE_ACCESS_KEY", "Access key of a Volcengine IAM user."),
    foreignNames: ["VOLCENGINE_ACCESS_KEY_ID", "VOLCSTACK_ACCESS_KEY_ID", "VOLCSTACK_ACCESS_KEY"],
    fallback: "the profile of ve configure",
  },
  {
    ...secret("VOLCENGINE_SECRET_KEY", "Secret key of that access key."),
    foreignNames: ["VOLCENGINE_SECRET_ACCESS_KEY", "VOLCSTACK_SECRET_ACCESS_KEY", "VOLCSTACK_SECRET_KEY"],
  },
  {
    ...secret("VOLCENGINE_SESSION_TOKEN", "STS token, if these keys are temporary."),
    foreignNames: ["VOLCSTACK_SESSION_TOKEN"],
  },
  { name: "VOLCENGINE_PROFILE", about: "Profile of ~/.volcengine/config.json to use when no key is set.", fallback: "the current one" },
  key("VOLC_ACCESSKEY", "Access key by its older name."),
  secret("VOLC_SECRETKEY", "Secret key by its older name."),
  { ...key("BYTEPLUS_ACCESSKEY", "Access key of a BytePlus IAM user, for the site byteplus."), fallback: "the file ~/.byteplus/config" },
  secret("BYTEPLUS_SECRETKEY", "Secret key of that access key."),
  {
    name: `${prefix}SITE`,
    about: "Site of the account: volcengine (mainland China) or byteplus (international).",
    fallback: "volcengine",
    check: mustBeOneOf(...Object.keys(sites)),
  },
  {
    name: `${prefix}AREA`,
    about: "Where to prefetch: chinese_mainland, outside_chinese_mainland or global.",
    fallback: "the area of each domain",
    check: mustBeOneOf("chinese_mainland", "outside_chinese_mainland", "global"),
  },
  {
    name: `${prefix}ACCOUNT`,
    about: "Name for the vendor account in the quota ledger; set it if several accounts with temporary keys share one store.",
    check: mustMatch(/^[\w.@-]{1,64}$/, "1 to 64 letters, digits, ., @, - or _"),
  },
  {
    name: `${prefix}ENDPOINT`,
    about: "Full URL of the CDN's API.",
    fallback: `${volcengine.endpoint} or ${byteplus.endpoint}`,
    check: mustBeEndpoint(volcengine.endpoint),
  },
  {
    name: `${prefix}REGION`,
    about: "Region that requests are signed for.",
    fallback: `${volcengine.region} or ${byteplus.region}`,
    check: mustBeRegion(volcengine.region),
  },
];

export const volcengineCdn: ProviderDefinition = {
  id,
  title: "Volcengine CDN",
  docs: "https://www.volcengine.com/docs/6454/70436",
  sandboxHosts: ["volc-cdn.example.net"],
  refreshes: true,
  settings,

  read: (values): ProviderConfiguration => {
    const problems = settingProblems(settings, values);
    const word = values[`${prefix}SITE`] ?? "volcengine";
    if (!isSiteId(word)) return misconfigured(id, problems);
    const found = readCredentials(values, word);
    if ("problem" in found) return misconfigured(id, [found.problem, ...problems]);
    if (problems.length > 0) return misconfigured(id, problems);
    const { credentials, secrets, keyIds } = found;
    const { name, endpoint, region } = sites[word];
    const options = {
      site: { name, endpoint: values[`${prefix}ENDPOINT`] ?? endpoint, region: values[`${prefix}REGION`] ?? region },
      credentials,
      area: values[`${prefix}AREA`],
      account: `${id}:${values[`${prefix}ACCOUNT`] ?? found.account}`,
    };
    return {
      ok: true,
      secrets,
      keyIds,
      create: async (context) => {
        const { createVolcengineCdn } = await import("./cdn.ts");
        return createVolcengineCdn({ ...options, ...context });
      },
    };
  },
};
