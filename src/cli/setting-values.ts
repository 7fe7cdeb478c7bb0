/** Raw values of settings, before any check. */

import { type SettingValues, settingValue } from "../base/setting.ts";
import type { Flags } from "./flags.ts";
import { allSettings } from "./settings.ts";
import { isTyped } from "./typed-names.ts";

/** The value of every setting, by the name of its variable. A flag wins over its variable. */
export function readSettingValues(flags: Flags, env: NodeJS.ProcessEnv): SettingValues {
  return Object.fromEntries(
    allSettings.map(({ name, flag }) => {
      const fromFlag = flag === undefined ? undefined : flags[flag];
      return [name, settingValue(fromFlag === undefined ? env[name] : String(fromFlag))];
    }),
  );
}

/** The names of the settings that are set, by the place that they come from. */
export interface SettingSources {
  readonly flags: readonly string[];
  readonly variables: readonly string[];
}

export function settingSources(flags: Flags, env: NodeJS.ProcessEnv): SettingSources {
  const typed = allSettings.filter((setting) => isTyped(setting, flags));
  const variables = allSettings.filter((setting) => !typed.includes(setting) && settingValue(env[setting.name]) !== undefined);
  return { flags: typed.map(({ flag }) => `--${flag}`), variables: variables.map(({ name }) => name) };
}

/** Values that no log line and no error shows. A URL in an answer may hold them. */
export function keyIdValues(values: SettingValues): string[] {
  return allSettings.flatMap(({ name, keyId }) => (keyId ? [values[name] ?? []].flat() : []));
}

/** Values that no log line, no answer and no error may show. */
export function secretValues(values: SettingValues): string[] {
  return allSettings.flatMap(({ name, secret, secretsIn }) => {
    const value = values[name];
    if (value === undefined) return [];
    return [...(secret ? [value] : []), ...(secretsIn?.(value) ?? [])];
  });
}
