/** Warns about variables that the user set for the server and that it does not read. */

import { settingValue } from "../base/setting.ts";
import { allSettings } from "./settings.ts";
import { nearestName, nearestSpelling } from "./spelling.ts";

const isOwn = (name: string): boolean => name.startsWith("PREFETCH_");

/** One warning per variable, such as PREFETCH_STOER, or per setting, such as for ALIYUN_ACCESS_KEY_ID. */
export function unknownNameWarnings(env: NodeJS.ProcessEnv): string[] {
  const names = allSettings.map((setting) => setting.name);
  const known = new Set(names);
  const unknown = Object.keys(env).filter((name) => !known.has(name));
  return [
    ...unknown.filter(isOwn).map((name) => {
      const nearest = nearestName(name, names);
      const advice = nearest === undefined ? "Check its spelling" : `Did you mean ${nearest}?`;
      return `${name} is set, but there is no such setting. ${advice}${nearest === undefined ? ";" : ""} --help lists all settings.`;
    }),
    ...foreignNameWarnings(
      env,
      unknown.filter((name) => !isOwn(name) && env[name]),
    ),
  ];
}

/** The user may have both names set for two programs, so only a setting that is missing counts. */
function foreignNameWarnings(env: NodeJS.ProcessEnv, unknown: readonly string[]): string[] {
  const meanings = new Map(allSettings.flatMap(({ name, foreignNames = [] }) => [name, ...foreignNames].map((each) => [each, name])));
  const found = new Map<string, string>();
  for (const variable of unknown) {
    const meant = meanings.get(variable) ?? meanings.get(nearestSpelling(variable, meanings.keys()) ?? "");
    if (meant !== undefined && settingValue(env[meant]) === undefined && !found.has(meant)) found.set(meant, variable);
  }
  return [...found].map(([own, foreign]) => `${foreign} is set, but this server reads ${own}, which is not set.`);
}
