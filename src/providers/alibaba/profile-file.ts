/**
 * Reads access keys from `~/.aliyun/config.json`, the file of Alibaba Cloud's command line.
 * Format: https://github.com/aliyun/aliyun-cli/blob/master/config/profile.go
 */

import { z } from "zod";
import { type AccessKeys, parseKeyFile } from "../kit/access-keys.ts";
import { isHeaderSafe } from "../kit/settings.ts";

export interface Profile {
  readonly name: string;
  readonly keys: AccessKeys;
}

const profileFile = z.object({
  current: z.string().optional(),
  profiles: z.array(z.looseObject({ name: z.string(), mode: z.string() })),
});
const permanentKeys = z
  .object({ access_key_id: z.string().min(1), access_key_secret: z.string().min(1) })
  .transform(({ access_key_id: id, access_key_secret: secret }): AccessKeys => ({ id, secret }));
const temporaryKeys = z
  .object({ access_key_id: z.string().min(1), access_key_secret: z.string().min(1), sts_token: z.string().min(1) })
  .transform(({ access_key_id: id, access_key_secret: secret, sts_token: securityToken }): AccessKeys => ({ id, secret, securityToken }));

/** The command line accepts modes in any case. Its other modes run commands or call other services. */
const keysByMode = new Map([
  ["ak", permanentKeys],
  ["ststoken", temporaryKeys],
]);

/**
 * The profile called `wanted`, else the current one, else the one called "default". Returns a problem that follows the
 * file's name, such as "is not valid JSON". The problem shows none of the file's content.
 */
export function readProfile(text: string, wanted: string | undefined): Profile | string {
  const content = parseKeyFile(text);
  if (content === undefined) return "is not valid JSON";
  const file = profileFile.safeParse(content);
  if (!file.success) return "does not have the form that aliyun configure writes";
  const name = wanted ?? file.data.current ?? "default";
  const profile = file.data.profiles.find((candidate) => candidate.name === name);
  if (!profile) return wanted === undefined ? "has no current profile" : "has no profile of the name in ALIBABA_CLOUD_PROFILE";
  const keys = readKeys(profile);
  return typeof keys === "string" ? keys : { name, keys };
}

function readKeys(profile: { readonly mode: string }): AccessKeys | string {
  const form = keysByMode.get(profile.mode.toLowerCase());
  if (!form) return "has a profile whose mode is neither AK nor StsToken, the only supported modes";
  const { success, data } = form.safeParse(profile);
  if (!success) return "has a profile without its keys";
  return Object.values(data).every(isHeaderSafe) ? data : "has keys with blanks, line breaks or non-ASCII characters";
}
