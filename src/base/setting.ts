/** A setting that a person can make: an environment variable, sometimes with a command-line flag. */

export interface Setting {
  /** Environment variable. */
  readonly name: string;
  /** Command-line flag; secrets and credentials have none, because command lines are public. */
  readonly flag?: string;
  readonly kind?: "boolean";
  readonly about: string;
  /** What holds when it is not set, in words. */
  readonly fallback?: string;
  readonly secret?: boolean;
}

export type SettingValues = Readonly<Record<string, string | undefined>>;

/** Set and meant: not empty, and not a placeholder that a host left in because the user gave no value. */
export function settingValue(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === undefined || text === "" || /^\$\{[^}]*\}$/.test(text) ? undefined : text;
}
