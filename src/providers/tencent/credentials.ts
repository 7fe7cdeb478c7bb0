/**
 * The source of access keys: settings, or `~/.tencentcloud/credentials`, the file that the vendor's clients read:
 * https://github.com/TencentCloud/tencentcloud-sdk-nodejs/blob/master/src/common/credential.ts
 */

import { homedir } from "node:os";
import { join } from "node:path";
import type { SettingValues } from "../../base/setting.ts";
import {
  type AccessKeys,
  type KeyAccount,
  type KeyFile,
  type KeyProblem,
  keyAccount,
  keysOfSettings,
  textOfKeyFile,
} from "../kit/access-keys.ts";
import { isHeaderSafe } from "../kit/settings.ts";

const names = { id: "TENCENTCLOUD_SECRET_ID", secret: "TENCENTCLOUD_SECRET_KEY", securityToken: "TENCENTCLOUD_SESSION_TOKEN" };
const missing = `set ${names.id} and ${names.secret} (or write ~/.tencentcloud/credentials)`;

/** Keys of the settings, else those of the file. */
export function readCredentials(values: SettingValues): KeyAccount | KeyProblem {
  const keys = keysOfSettings(values, names);
  if (keys) return "problem" in keys ? keys : keyAccount({ kind: "keys", ...keys }, keys);
  const { TENCENTCLOUD_CREDENTIALS_FILE: named } = values;
  const source = keyFile(named ?? join(homedir(), ".tencentcloud", "credentials"));
  const file = textOfKeyFile(source.path);
  const shown = named === undefined ? "~/.tencentcloud/credentials" : "the file in TENCENTCLOUD_CREDENTIALS_FILE";
  if (file === "absent" && named === undefined) return { problem: missing };
  if (file === "absent" || file === "unreadable") return { problem: `${shown} cannot be read; ${missing}` };
  const found = readKeyFile(file.text);
  if (typeof found === "string") return { problem: `${shown} ${found}; ${missing}` };
  return keyAccount({ kind: "file", ...source }, found);
}

export function keyFile(path: string): KeyFile {
  return {
    path,
    name: "The credentials file of Tencent Cloud",
    read: readKeyFile,
    hint: `Correct it, or set ${names.id} and ${names.secret}.`,
  };
}

/**
 * The keys of the section `default`, or a problem that follows the file's name. The file is an INI file:
 * `[default]`, `secret_id = AKID…`, `secret_key = …`, and `token = …` with temporary keys.
 */
export function readKeyFile(text: string): AccessKeys | string {
  const entries = defaultSection(text.replace(/^\ufeff/, ""));
  if (!entries) return "has no section [default]";
  const [id, secret, token] = ["secret_id", "secret_key", "token"].map((name) => entries.get(name) || undefined);
  if (id === undefined || secret === undefined) return "has no secret_id and secret_key in [default]";
  const keys = { id, secret, ...(token !== undefined && { securityToken: token }) };
  return Object.values(keys).every(isHeaderSafe) ? keys : "has keys with blanks, line breaks or non-ASCII characters";
}

function defaultSection(text: string): Map<string, string> | undefined {
  let entries: Map<string, string> | undefined;
  let isInside = false;
  for (const line of text.split(/\r\n|\r|\n/).map((each) => each.trim())) {
    const [, section] = /^\[(.*)\]$/.exec(line) ?? [];
    if (section !== undefined) isInside = section.trim() === "default";
    if (isInside) entries ??= new Map();
    const [, name, value = ""] = /^([^;#=[\]]+?)\s*=\s*(.*)$/.exec(line) ?? [];
    if (isInside && name !== undefined) entries?.set(name, unquoted(value));
  }
  return entries;
}

function unquoted(value: string): string {
  return /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
}
