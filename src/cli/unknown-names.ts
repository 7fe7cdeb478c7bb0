/** Warns about variables that the user set for the server and that it does not read. */

import type { Setting } from "../base/setting.ts";
import { allSettings } from "./settings.ts";
import { nearestName } from "./spelling.ts";

/** One warning per variable, such as PREFETCH_STOER or ALIYUN_ACCESS_KEY_ID. */
export function unknownNameWarnings(env: NodeJS.ProcessEnv): string[] {
  const names = allSettings.map((setting) => setting.name);
  const known = new Set(names);
  const misspelt = Object.keys(env).filter((name) => name.startsWith("PREFETCH_") && !known.has(name));
  return [
    ...misspelt.map((name) => {
      const nearest = nearestName(name, names);
      const advice = nearest === undefined ? "Check its spelling" : `Did you mean ${nearest}?`;
      return `${name} is set, but there is no such setting. ${advice}${nearest === undefined ? ";" : ""} --help lists all settings.`;
    }),
    ...allSettings.flatMap((setting) => foreignNameWarning(setting, env)),
  ];
}

/** The user may have both names set for two programs, so only a setting that is missing counts. */
function foreignNameWarning({ name, foreignNames = [] }: Setting, env: NodeJS.ProcessEnv): string[] {
  const foreign = env[name] ? undefined : foreignNames.find((each) => env[each]);
  return foreign === undefined ? [] : [`${foreign} is set, but this server reads ${name}, which is not set.`];
}
