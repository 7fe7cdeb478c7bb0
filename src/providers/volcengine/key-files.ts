/** The files from which the vendor's clients and its command line read access keys. */

import { z } from "zod";
import { type AccessKeys, parseKeyFile } from "../kit/access-keys.ts";
import { isHeaderSafe } from "../kit/settings.ts";

const text = z.string().min(1);
/** The Go and the Node client of one vendor spell the same keys differently. */
const flatFile = z.union([
  z.object({ ak: text, sk: text }).transform(({ ak, sk }): AccessKeys => ({ id: ak, secret: sk })),
  z.object({ VOLC_ACCESSKEY: text, VOLC_SECRETKEY: text }).transform((file): AccessKeys => {
    return { id: file.VOLC_ACCESSKEY, secret: file.VOLC_SECRETKEY };
  }),
]);
const profileFile = z.object({ current: z.string().optional(), profiles: z.record(z.string(), z.unknown()) });
const profileMode = z.object({ mode: z.string().nullish() });
const profileKeys = z
  .object({ "access-key": text, "secret-key": text, "session-token": z.string().nullish() })
  .transform((profile): AccessKeys => {
    return { id: profile["access-key"], secret: profile["secret-key"], securityToken: profile["session-token"] || undefined };
  });
/** Modes whose keys are in the file. The other ones log in or call other services. No mode means `ak`. */
const keyModes = ["", "ak", "ststoken", "console-login"];

/** `~/.volc/config` and `~/.byteplus/config`: `{"ak":"…","sk":"…"}`. Returns a problem that follows the file's name. */
export function readFlatFile(content: string): AccessKeys | string {
  const parsed = parseKeyFile(content);
  if (parsed === undefined) return "is not valid JSON";
  const { success, data } = flatFile.safeParse(parsed);
  return success ? clean(data) : "has no access key and secret key";
}

/**
 * `~/.volcengine/config.json`, which the command line `ve configure` writes: the profile called `wanted`, else the current one, else
 * the one called "default". Returns a problem that follows the file's name.
 */
export function readProfileFile(content: string, wanted: string | undefined): { name: string; keys: AccessKeys } | string {
  const parsed = parseKeyFile(content);
  if (parsed === undefined) return "is not valid JSON";
  const file = profileFile.safeParse(parsed);
  if (!file.success) return "does not have the form that ve configure writes";
  const name = wanted ?? (file.data.current || "default");
  const profile = Object.hasOwn(file.data.profiles, name) ? file.data.profiles[name] : undefined;
  if (profile === undefined) return wanted === undefined ? "has no current profile" : "has no profile of the name in VOLCENGINE_PROFILE";
  const mode = profileMode.safeParse(profile).data?.mode?.trim().toLowerCase() ?? "";
  if (!keyModes.includes(mode)) return "has a profile without keys in the file: its mode must be ak or StsToken";
  const { success, data } = profileKeys.safeParse(profile);
  if (!success) return "has a profile without its keys";
  const keys = clean(data);
  return typeof keys === "string" ? keys : { name, keys };
}

function clean(keys: AccessKeys): AccessKeys | string {
  const values = [keys.id, keys.secret, keys.securityToken ?? "-"];
  return values.every(isHeaderSafe) ? keys : "has keys with blanks, line breaks or non-ASCII characters";
}
