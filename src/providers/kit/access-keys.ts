/**
 * Access keys: from settings, or from the file of a vendor's command line. `currentKeys` runs for every request, because the
 * command line replaces temporary keys in that file while the server runs.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { PrefetchError } from "../../base/errors.ts";
import type { Secrets } from "../../base/secrets.ts";
import type { SettingValues } from "../../base/setting.ts";

export interface AccessKeys {
  readonly id: string;
  readonly secret: string;
  /** Token of temporary keys. */
  readonly securityToken?: string | undefined;
}

export interface KeyFile {
  readonly path: string;
  /** Begins messages, such as "The file of aliyun configure". */
  readonly name: string;
  /** The keys in the file's text, or a problem that follows the name, such as "is not valid JSON". It shows none of the content. */
  readonly read: (text: string) => AccessKeys | string;
  /** What corrects a file without usable keys: a sentence. */
  readonly hint: string;
}

export type KeySource = ({ readonly kind: "keys" } & AccessKeys) | ({ readonly kind: "file" } & KeyFile);

export interface KeyAccount {
  readonly credentials: KeySource;
  /** Names the vendor account in the quota ledger. Stays the same while the account does, and holds no secret. */
  readonly account: string;
  /** Every value that no output may show. */
  readonly secrets: readonly string[];
  readonly keyIds: readonly string[];
}

export interface KeyProblem {
  readonly problem: string;
}

/** The settings of one pair of keys, by their names. */
export interface KeyNames {
  readonly id: string;
  readonly secret: string;
  readonly securityToken?: string;
}

/** The keys of the settings; `undefined` where none is set. Half a pair is a problem: another source would hide the mistake. */
export function keysOfSettings(values: SettingValues, names: KeyNames): AccessKeys | KeyProblem | undefined {
  const { id, secret } = { id: values[names.id], secret: values[names.secret] };
  const securityToken = names.securityToken === undefined ? undefined : values[names.securityToken];
  if (id !== undefined && secret !== undefined) return { id, secret, securityToken };
  if (id !== undefined) return { problem: `set ${names.secret} (${names.id} is set without it)` };
  if (secret !== undefined) return { problem: `set ${names.id} (${names.secret} is set without it)` };
  if (securityToken === undefined) return undefined;
  return { problem: `set ${names.id} and ${names.secret} (${names.securityToken} is set without them)` };
}

/** `temporary` names the account of temporary keys: they have a new id each time, so it cannot. */
export function keyAccount(credentials: KeySource, keys: AccessKeys, temporary = "temporary"): KeyAccount {
  const account = keys.securityToken === undefined ? createHash("sha256").update(keys.id).digest("hex").slice(0, 12) : temporary;
  return { credentials, account, secrets: secretsOf(keys), keyIds: [keys.id] };
}

/** The text of a file that need not exist. */
export function textOfKeyFile(path: string): { readonly text: string } | "absent" | "unreadable" {
  try {
    return { text: readFileSync(path, "utf8") };
  } catch (error) {
    return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR") ? "absent" : "unreadable";
  }
}

/** The parsed JSON, or `undefined`. The parser's message would quote the file, secrets included. */
export function parseKeyFile(text: string): unknown {
  try {
    // Editors on Windows start files with a byte order mark, which JSON does not allow.
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}

function secretsOf({ secret, securityToken }: AccessKeys): string[] {
  return [secret, securityToken].filter((value) => value !== undefined);
}

/** Has the keys hidden where they must not show. */
export function rememberKeys({ add, addKeyId }: Pick<Secrets, "add" | "addKeyId">, keys: AccessKeys): void {
  for (const secret of secretsOf(keys)) add(secret);
  addKeyId(keys.id);
}

/** The keys of the settings, or those that the file holds now. Throws `not_configured`. */
export async function currentKeys(source: KeySource, provider: string): Promise<AccessKeys> {
  if (source.kind === "keys") return source;
  const { path, name, read, hint } = source;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new PrefetchError("not_configured", `${name} can no longer be read`, { provider, hint, cause: error });
  }
  const found = read(text);
  if (typeof found === "string") throw new PrefetchError("not_configured", `${name} ${found}`, { provider, hint });
  return found;
}
