/** The source of access keys: settings, or a profile of `~/.aliyun/config.json`. */

import { homedir } from "node:os";
import { join } from "node:path";
import type { SettingValues } from "../../base/setting.ts";
import { type KeyAccount, type KeyProblem, type KeySource, keyAccount, keysOfSettings, textOfKeyFile } from "../kit/access-keys.ts";
import { readProfile } from "./profile-file.ts";

const names = {
  id: "ALIBABA_CLOUD_ACCESS_KEY_ID",
  secret: "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
  securityToken: "ALIBABA_CLOUD_SECURITY_TOKEN",
};
const missing = `set ${names.id} and ${names.secret} (or run aliyun configure)`;

/** Keys of the settings, else the profile file. */
export function readCredentials(values: SettingValues): KeyAccount | KeyProblem {
  const keys = keysOfSettings(values, names);
  if (keys) return "problem" in keys ? keys : keyAccount({ kind: "keys", ...keys }, keys);
  const disabled = values.ALIBABA_CLOUD_CLI_PROFILE_DISABLED?.toLowerCase() ?? "false";
  if (disabled === "true") return { problem: missing };
  if (disabled !== "false") return { problem: "ALIBABA_CLOUD_CLI_PROFILE_DISABLED must be true or false" };
  return readProfileFile(values.ALIBABA_CLOUD_PROFILE);
}

function readProfileFile(wanted: string | undefined): KeyAccount | KeyProblem {
  const path = join(homedir(), ".aliyun", "config.json");
  const file = textOfKeyFile(path);
  if (file === "absent") return { problem: missing };
  if (file === "unreadable") return { problem: `~/.aliyun/config.json cannot be read; ${missing}` };
  const profile = readProfile(file.text, wanted);
  if (typeof profile === "string") return { problem: `~/.aliyun/config.json ${profile}; ${missing}` };
  return keyAccount(profileKeys(path, profile.name), profile.keys, `profile-${profile.name}`);
}

/** The profile stays the same while the server runs. Another current profile may belong to another vendor account. */
export function profileKeys(path: string, profile: string): KeySource {
  const read = (text: string) => {
    const found = readProfile(text, profile);
    return typeof found === "string" ? found : found.keys;
  };
  const hint = `Correct it with aliyun configure, or set ${names.id} and ${names.secret}.`;
  return { kind: "file", path, name: "The file of aliyun configure", read, hint };
}
