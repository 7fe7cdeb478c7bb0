/**
 * The source of access keys: settings, or a profile of `~/.aliyun/config.json`. `currentKeys` runs for every request, because
 * the command line replaces temporary keys in that file while the server runs.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { PrefetchError } from "../../base/errors.ts";
import type { Secrets } from "../../base/secrets.ts";
import type { SettingValues } from "../../base/setting.ts";
import { type AlibabaKeys, readProfile } from "./profile-file.ts";

export type CredentialSource =
  | ({ readonly kind: "keys" } & AlibabaKeys)
  /** The profile stays the same while the server runs. Another current profile may belong to another vendor account. */
  | { readonly kind: "file"; readonly path: string; readonly profile: string };

export interface AccountCredentials {
  readonly credentials: CredentialSource;
  /** Names the vendor account in the quota ledger. Stays the same while the account does, and holds no secret. */
  readonly account: string;
  /** Every value that no output may show. */
  readonly secrets: readonly string[];
  readonly keyIds: readonly string[];
}

const idName = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const secretName = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const tokenName = "ALIBABA_CLOUD_SECURITY_TOKEN";
const missing = `set ${idName} and ${secretName} (or run aliyun configure)`;

/** Keys of the settings, else the profile file. Half a pair is a problem: the file would hide the mistake. */
export function readCredentials(values: SettingValues): AccountCredentials | { readonly problem: string } {
  const { [idName]: id, [secretName]: secret, [tokenName]: securityToken } = values;
  if (id !== undefined && secret !== undefined) {
    // Temporary keys have a new id each time, so it cannot name the account.
    const account = securityToken === undefined ? accountOf(id) : "temporary";
    const keys = { id, secret, securityToken };
    return { account, credentials: { kind: "keys", ...keys }, secrets: secretsOf(keys), keyIds: [keys.id] };
  }
  if (id !== undefined) return { problem: `set ${secretName} (${idName} is set without it)` };
  if (secret !== undefined) return { problem: `set ${idName} (${secretName} is set without it)` };
  if (securityToken !== undefined) return { problem: `set ${idName} and ${secretName} (${tokenName} is set without them)` };
  const disabled = values.ALIBABA_CLOUD_CLI_PROFILE_DISABLED?.toLowerCase() ?? "false";
  if (disabled === "true") return { problem: missing };
  if (disabled !== "false") return { problem: "ALIBABA_CLOUD_CLI_PROFILE_DISABLED must be true or false" };
  return readProfileFile(values.ALIBABA_CLOUD_PROFILE);
}

function readProfileFile(wanted: string | undefined): AccountCredentials | { readonly problem: string } {
  const path = join(homedir(), ".aliyun", "config.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const absent = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
    return { problem: absent ? missing : `~/.aliyun/config.json cannot be read; ${missing}` };
  }
  const profile = readProfile(text, wanted);
  if (typeof profile === "string") return { problem: `~/.aliyun/config.json ${profile}; ${missing}` };
  const { name, keys } = profile;
  const account = keys.securityToken === undefined ? accountOf(keys.id) : `profile-${name}`;
  return { account, credentials: { kind: "file", path, profile: name }, secrets: secretsOf(keys), keyIds: [keys.id] };
}

function secretsOf({ secret, securityToken }: AlibabaKeys): string[] {
  return [secret, securityToken].filter((value) => value !== undefined);
}

/** Has the keys hidden where they must not show. */
export function rememberKeys({ add, addKeyId }: Pick<Secrets, "add" | "addKeyId">, keys: AlibabaKeys): void {
  for (const secret of secretsOf(keys)) add(secret);
  addKeyId(keys.id);
}

function accountOf(keyId: string): string {
  return createHash("sha256").update(keyId).digest("hex").slice(0, 12);
}

/** The keys of the settings, or those that the file holds now. Throws `not_configured`. */
export async function currentKeys(source: CredentialSource, provider: string): Promise<AlibabaKeys> {
  if (source.kind === "keys") return source;
  let text: string;
  try {
    text = await readFile(source.path, "utf8");
  } catch (error) {
    throw new PrefetchError("not_configured", "The file of aliyun configure can no longer be read", {
      provider,
      hint: `Run aliyun configure again, or set ${idName} and ${secretName}.`,
      cause: error,
    });
  }
  const found = readProfile(text, source.profile);
  if (typeof found !== "string") return found.keys;
  throw new PrefetchError("not_configured", `The file of aliyun configure ${found}`, {
    provider,
    hint: `Correct it with aliyun configure, or set ${idName} and ${secretName}.`,
  });
}
