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
    ...vendorNameWarnings(env),
  ];
}

/** The user may have both names set for two programs, so only a setting that is missing counts. */
function foreignNameWarning({ name, foreignNames = [] }: Setting, env: NodeJS.ProcessEnv): string[] {
  const foreign = env[name] ? undefined : foreignNames.find((each) => env[each]);
  return foreign === undefined ? [] : [`${foreign} is set, but this server reads ${name}, which is not set.`];
}

/**
 * Misspelt variables of vendors, such as ALIBABA_CLOUD_ACCES_KEY_ID. Only those near a setting that is missing count: vendors' programs
 * read many variables that this server does not know.
 */
function vendorNameWarnings(env: NodeJS.ProcessEnv): string[] {
  const settings = allSettings.filter(({ name }) => vendorOf(name) !== "PREFETCH");
  const byName = new Map(settings.flatMap((setting) => [setting.name, ...(setting.foreignNames ?? [])].map((name) => [name, setting])));
  const vendors = new Set([...byName.keys()].map(vendorOf));
  const unknown = Object.keys(env).filter((name) => env[name] && !byName.has(name) && vendors.has(vendorOf(name)));
  return unknown.flatMap((name) => {
    const setting = byName.get(nearestName(name, byName.keys()) ?? "");
    if (setting === undefined || [setting.name, ...(setting.foreignNames ?? [])].some((each) => env[each])) return [];
    return [`${name} is set, but there is no such setting. Did you mean ${setting.name}?`];
  });
}

/** The first word of a variable's name, such as ALIYUN. */
function vendorOf(name: string): string {
  return name.slice(0, name.indexOf("_")).toUpperCase();
}
