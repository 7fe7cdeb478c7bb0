/** Alibaba Cloud VOD as the server knows it: its settings, and what is missing when it cannot be used. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { SettingValues } from "../../base/setting.ts";
import type { ProviderConfiguration, ProviderDefinition } from "../definition.ts";
import { endpointProblem, isHeaderSafe } from "../kit/checks.ts";
import { type CredentialSource, readProfile } from "./credentials.ts";

const id = "alibaba-vod";
/** The calls that warm caches are served here for every account. */
const CACHE_REGION = "cn-shanghai";
const MOST_SEGMENTS = 20;

const setting = (name: string) => `PREFETCH_ALIBABA_VOD_${name}`;
const hostOf = (region: string) => `vod.${region}.aliyuncs.com`;

export const alibabaVod: ProviderDefinition = {
  id,
  title: "Alibaba Cloud VOD",
  docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches",
  settings: [
    {
      name: "ALIBABA_CLOUD_ACCESS_KEY_ID",
      about: "AccessKey id of a RAM user.",
      fallback: "the profile of aliyun configure",
      secret: true,
    },
    { name: "ALIBABA_CLOUD_ACCESS_KEY_SECRET", about: "AccessKey secret that belongs to it.", secret: true },
    { name: "ALIBABA_CLOUD_SECURITY_TOKEN", about: "STS token, if the keys are temporary.", secret: true },
    {
      name: "ALIBABA_CLOUD_PROFILE",
      about: "Profile of ~/.aliyun/config.json to use when no key is set (modes AK and StsToken).",
      fallback: "the current one",
    },
    {
      name: "ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
      about: "true: leave ~/.aliyun/config.json alone.",
      fallback: "false",
    },
    {
      name: setting("ACCOUNT"),
      about: "Name for the vendor account in the quota ledger; set it if several accounts with temporary keys share one store.",
    },
    { name: setting("REGION"), about: "Region of the media, for calls about assets.", fallback: CACHE_REGION },
    { name: setting("ENDPOINT"), about: "Full URL for the calls that warm caches.", fallback: `https://${hostOf(CACHE_REGION)}` },
    { name: setting("MEDIA_ENDPOINT"), about: "Full URL for calls about assets.", fallback: "https://vod.<region>.aliyuncs.com" },
    { name: setting("SIGN_HOST"), about: "Host to sign cache calls for, if the endpoint is a gateway.", fallback: "the endpoint's" },
    { name: setting("MEDIA_SIGN_HOST"), about: "Likewise for calls about assets.", fallback: "the media endpoint's" },
    { name: setting("AREA"), about: "Where to warm: domestic (mainland China) or overseas.", fallback: "the vendor's" },
    { name: setting("L2"), about: "true: second-tier nodes must be among those that are warmed.", fallback: "the vendor's" },
    {
      name: setting("WITH_HEADER"),
      about: 'Headers of the fetch from the origin, as JSON, such as {"Accept-Encoding":["gzip, deflate, br"]}.',
      fallback: "Accept-Encoding: gzip",
    },
    { name: setting("FORMATS"), about: "Formats of an asset to warm, such as mp4,m3u8.", fallback: "all" },
    { name: setting("DEFINITIONS"), about: "Definitions of an asset to warm, such as HD,SD.", fallback: "all" },
    { name: setting("SEGMENTS"), about: `First segments of each HLS stream of an asset to warm, 0 to ${MOST_SEGMENTS}.`, fallback: "0" },
    { name: setting("PLAY_DOMAIN"), about: "Domain of play URLs, where an account has several.", fallback: "the one changed last" },
  ],

  read: (values): ProviderConfiguration => {
    const value = (name: string) => values[setting(name)];
    const problems: string[] = [];
    const check = (name: string, good: boolean, must: string) => {
      if (value(name) !== undefined && !good) problems.push(`${setting(name)} must be ${must}`);
    };

    const source = readSource(values);
    if (!("account" in source)) problems.push(...source);
    const region = value("REGION") ?? CACHE_REGION;
    check("REGION", /^[a-z]{2,}(-[a-z0-9]+)+$/.test(region), "a region id such as cn-shanghai");
    for (const name of ["ENDPOINT", "MEDIA_ENDPOINT"]) {
      const problem = value(name) && endpointProblem(setting(name), value(name) ?? "", `https://${hostOf(CACHE_REGION)}`);
      if (problem) problems.push(problem);
    }
    for (const name of ["SIGN_HOST", "MEDIA_SIGN_HOST", "PLAY_DOMAIN"]) check(name, isHost(value(name)), "a host name");
    check("ACCOUNT", /^[\w.@-]{1,64}$/.test(value("ACCOUNT") ?? ""), "1 to 64 letters, digits, ., @, - or _");
    check("AREA", ["domestic", "overseas"].includes(value("AREA") ?? ""), "domestic or overseas");
    check("L2", ["true", "false"].includes(value("L2") ?? ""), "true or false");
    check("WITH_HEADER", isHeaderMap(value("WITH_HEADER")), "a JSON object of header names and lists of values");
    for (const name of ["FORMATS", "DEFINITIONS"]) check(name, /^\w+(,\w+)*$/.test(value(name) ?? ""), "words separated by commas");
    const segments = Number(value("SEGMENTS") ?? 0);
    check("SEGMENTS", /^\d{1,2}$/.test(value("SEGMENTS") ?? "") && segments <= MOST_SEGMENTS, `a whole number from 0 to ${MOST_SEGMENTS}`);

    if (problems.length > 0 || !("account" in source)) return { ok: false, problem: `${id}: ${problems.join("; ")}.` };
    const l2 = value("L2");
    const options = {
      cache: { url: value("ENDPOINT") ?? `https://${hostOf(CACHE_REGION)}`, signHost: value("SIGN_HOST") },
      media: { url: value("MEDIA_ENDPOINT") ?? `https://${hostOf(region)}`, signHost: value("MEDIA_SIGN_HOST") },
      credentials: source.credentials,
      account: `${id}:${value("ACCOUNT") ?? source.account}`,
      area: value("AREA"),
      secondTier: l2 === undefined ? undefined : l2 === "true",
      withHeader: value("WITH_HEADER"),
      assets: { formats: value("FORMATS"), definitions: value("DEFINITIONS"), segments, playDomain: value("PLAY_DOMAIN") },
    };
    return {
      ok: true,
      create: async (context) => {
        const { createAlibabaVod } = await import("./vod.ts");
        return createAlibabaVod({ ...options, ...context });
      },
    };
  },
};

/** Keys from the environment, else the profile of the vendor's command line; a half-given pair is named rather than passed over. */
function readSource(values: SettingValues): Source | readonly string[] {
  const names = ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"] as const;
  const [idName, secretName] = names;
  const [keyId, secret, securityToken] = names.map((name) => values[name]);
  const unclean = names.filter((name) => !isHeaderSafe(values[name] ?? "unset"));
  const problems =
    unclean.length > 0 ? [`${unclean.join(" and ")} must not contain blanks, line breaks or other than ASCII characters`] : [];
  if (keyId !== undefined && secret !== undefined) {
    if (problems.length > 0) return problems;
    // Temporary keys have ids that change, and nothing else here tells their account.
    const account = securityToken === undefined ? accountOf(keyId) : "temporary";
    return { account, credentials: { kind: "keys", id: keyId, secret, securityToken } };
  }
  if (keyId !== undefined) return [...problems, `set ${secretName} (${idName} is set without it)`];
  if (secret !== undefined) return [...problems, `set ${idName} (${secretName} is set without it)`];
  if (securityToken !== undefined) {
    return [...problems, `set ${idName} and ${secretName} (ALIBABA_CLOUD_SECURITY_TOKEN is set without them)`];
  }
  const disabled = values.ALIBABA_CLOUD_CLI_PROFILE_DISABLED?.toLowerCase() ?? "false";
  if (disabled !== "true" && disabled !== "false") return ["ALIBABA_CLOUD_CLI_PROFILE_DISABLED must be true or false"];
  return (disabled === "true" ? undefined : fromProfile(values.ALIBABA_CLOUD_PROFILE)) ?? [missing];
}

interface Source {
  readonly credentials: CredentialSource;
  /** Stable for as long as the vendor account is the same one, and no secret. */
  readonly account: string;
}

const missing = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET (or run aliyun configure)";

/** `undefined` where there is no such file. */
function fromProfile(wanted: string | undefined): Source | readonly string[] | undefined {
  const path = join(homedir(), ".aliyun", "config.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const absent = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
    return absent ? undefined : [`~/.aliyun/config.json cannot be read; ${missing}`];
  }
  const profile = readProfile(text, wanted);
  if (typeof profile === "string") return [`~/.aliyun/config.json ${profile}; ${missing}`];
  const { name, keys } = profile;
  const account = keys.securityToken === undefined ? accountOf(keys.id) : `profile-${name}`;
  return { account, credentials: { kind: "file", path, profile: name } };
}

function accountOf(keyId: string): string {
  return createHash("sha256").update(keyId).digest("hex").slice(0, 12);
}

function isHost(value: string | undefined): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i.test(value ?? "") && URL.canParse(`https://${value}`);
}

function isHeaderMap(value: string | undefined): boolean {
  const map = z
    .record(z.string().regex(/^[\w-]+$/), z.array(z.string().regex(/^[^\r\n]*$/)).min(1))
    .refine((headers) => Object.keys(headers).length > 0);
  try {
    return map.safeParse(JSON.parse(value ?? "")).success;
  } catch {
    // Not JSON: the problem says what is wanted.
    return false;
  }
}
