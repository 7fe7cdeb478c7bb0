/**
 * Where access keys come from: the settings, or the profile that Alibaba Cloud's command line keeps in
 * `~/.aliyun/config.json`. Both are read anew for every request, because temporary keys are replaced while we run.
 * Source of the file's format: https://github.com/aliyun/aliyun-cli/blob/master/config/profile.go
 */

import { readFile } from "node:fs/promises";
import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { isHeaderSafe } from "../kit/checks.ts";

export interface AlibabaKeys {
  readonly id: string;
  readonly secret: string;
  readonly securityToken?: string | undefined;
}

export type CredentialSource =
  | ({ readonly kind: "keys" } & AlibabaKeys)
  /** One profile for as long as the server runs: the file's current one may become another account's. */
  | { readonly kind: "file"; readonly path: string; readonly profile: string };

const profileFile = z.object({
  current: z.string().optional(),
  profiles: z.array(z.looseObject({ name: z.string(), mode: z.string() })),
});
const keys = z.object({ access_key_id: z.string().min(1), access_key_secret: z.string().min(1), sts_token: z.string().nullish() });

export interface Profile {
  readonly name: string;
  readonly keys: AlibabaKeys;
}

/** A profile of the file, or what is wrong with the file in words that show none of its content. */
export function readProfile(text: string, wanted: string | undefined): Profile | string {
  let content: unknown;
  try {
    // Editors on Windows begin a file with a mark that JSON does not know.
    content = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    // The parser's own message quotes the file, secrets included.
    return "is not valid JSON";
  }
  const file = profileFile.safeParse(content);
  if (!file.success) return "does not have the form that aliyun configure writes";
  const name = wanted ?? file.data.current ?? "default";
  const profile = file.data.profiles.find((candidate) => candidate.name === name);
  if (!profile) return wanted === undefined ? "has no current profile" : "has no profile of the name in ALIBABA_CLOUD_PROFILE";
  const mode = profile.mode.toLowerCase();
  if (mode !== "ak" && mode !== "ststoken") return "has a profile whose mode is neither AK nor StsToken, the two that are supported";
  const read = keys.safeParse(profile);
  if (!read.success || (mode === "ststoken" && !read.data.sts_token)) return "has a profile without its keys";
  const { access_key_id: id, access_key_secret: secret, sts_token: token } = read.data;
  const securityToken = mode === "ststoken" ? (token ?? undefined) : undefined;
  const used = [id, secret, ...(securityToken === undefined ? [] : [securityToken])];
  if (!used.every(isHeaderSafe)) return "has keys with blanks, line breaks or other than ASCII characters";
  return { name, keys: { id, secret, ...(securityToken !== undefined && { securityToken }) } };
}

/** The keys as they are now. Throws `not_configured`. */
export async function currentKeys(source: CredentialSource): Promise<AlibabaKeys> {
  if (source.kind === "keys") return source;
  let text: string;
  try {
    text = await readFile(source.path, "utf8");
  } catch (error) {
    throw new PrefetchError("not_configured", "The file of aliyun configure cannot be read any more", {
      provider: "alibaba-vod",
      hint: "Run aliyun configure again, or set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.",
      cause: error,
    });
  }
  const found = readProfile(text, source.profile);
  if (typeof found !== "string") return found.keys;
  throw new PrefetchError("not_configured", `The file of aliyun configure ${found}`, {
    provider: "alibaba-vod",
    hint: "Correct it with aliyun configure, or set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.",
  });
}
