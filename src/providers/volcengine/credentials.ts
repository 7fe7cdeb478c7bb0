/** The source of access keys for each site: settings by the names of the vendor's clients, or their files. */

import { homedir } from "node:os";
import { join } from "node:path";
import type { SettingValues } from "../../base/setting.ts";
import {
  type AccessKeys,
  type KeyAccount,
  type KeyNames,
  type KeyProblem,
  keyAccount,
  keysOfSettings,
  textOfKeyFile,
} from "../kit/access-keys.ts";
import { readFlatFile, readProfileFile } from "./key-files.ts";
import type { SiteId } from "./sites.ts";

interface FoundKeys {
  /** Reads the same keys of the file again. */
  readonly read: (content: string) => AccessKeys | string;
  readonly keys: AccessKeys;
  /** Names the account while its keys are temporary. */
  readonly temporary?: string;
}

interface ClientFile {
  readonly path: readonly string[];
  readonly find: (content: string, values: SettingValues) => FoundKeys | string;
}

interface KeyPlaces {
  readonly names: readonly [KeyNames, ...KeyNames[]];
  readonly files: readonly ClientFile[];
}

const flat = (folder: string): ClientFile => ({
  path: [folder, "config"],
  find: (content) => {
    const keys = readFlatFile(content);
    return typeof keys === "string" ? keys : { keys, read: readFlatFile };
  },
});

const profiles: ClientFile = {
  path: [".volcengine", "config.json"],
  find: (content, { VOLCENGINE_PROFILE: wanted }) => {
    const found = readProfileFile(content, wanted);
    if (typeof found === "string") return found;
    // The profile stays the same while the server runs. Another current profile may belong to another vendor account.
    const read = (later: string) => {
      const again = readProfileFile(later, found.name);
      return typeof again === "string" ? again : again.keys;
    };
    return { keys: found.keys, read, temporary: `profile-${found.name}` };
  },
};

const places: Readonly<Record<SiteId, KeyPlaces>> = {
  volcengine: {
    names: [
      { id: "VOLCENGINE_ACCESS_KEY", secret: "VOLCENGINE_SECRET_KEY", securityToken: "VOLCENGINE_SESSION_TOKEN" },
      { id: "VOLC_ACCESSKEY", secret: "VOLC_SECRETKEY" },
    ],
    files: [profiles, flat(".volc")],
  },
  byteplus: {
    names: [{ id: "BYTEPLUS_ACCESSKEY", secret: "BYTEPLUS_SECRETKEY" }],
    files: [flat(".byteplus")],
  },
};

/** Keys of the settings, else of the first file that exists. */
export function readCredentials(values: SettingValues, site: SiteId): KeyAccount | KeyProblem {
  const { names, files } = places[site];
  const missing = `set ${names[0].id} and ${names[0].secret}`;
  for (const pair of names) {
    const keys = keysOfSettings(values, pair);
    if (keys) return "problem" in keys ? keys : keyAccount({ kind: "keys", ...keys }, keys);
  }
  for (const file of files) {
    const found = readClientFile(file, values, missing);
    if (found) return found;
  }
  return { problem: `${missing} (or write ${files.map(shownPath).join(" or ")})` };
}

function readClientFile(client: ClientFile, values: SettingValues, missing: string): KeyAccount | KeyProblem | undefined {
  const [path, shown] = [join(homedir(), ...client.path), shownPath(client)];
  const file = textOfKeyFile(path);
  if (file === "absent") return undefined;
  const found = file === "unreadable" ? "cannot be read" : client.find(file.text, values);
  if (typeof found === "string") return { problem: `${shown} ${found}; ${missing}` };
  const hint = `Correct ${shown}, or ${missing}.`;
  return keyAccount({ kind: "file", path, name: `The file ${shown}`, read: found.read, hint }, found.keys, found.temporary);
}

function shownPath({ path }: ClientFile): string {
  return `~/${path.join("/")}`;
}
