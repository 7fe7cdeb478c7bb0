/** Describes one setting of the server: an environment variable, sometimes with a command-line flag. */

export interface Setting {
  /** Environment variable. */
  readonly name: string;
  /** Command-line flag. Secrets have none: other users of the machine can read a process's command line. */
  readonly flag?: string;
  readonly kind?: "boolean";
  readonly about: string;
  /** The default in words, such as "30 days". */
  readonly fallback?: string;
  /** Variables from which programs of the vendor and of this trade read the same value. The server warns about them. */
  readonly foreignNames?: readonly string[];
  /** The whole value is a secret. */
  readonly secret?: boolean;
  /** An access key id: an identifier, which every signed URL shows. Messages and the log hide it. */
  readonly keyId?: boolean;
  /** The secrets inside a value that is none as a whole, such as a header's value. Empty for a value that cannot be read. */
  readonly secretsIn?: (value: string) => readonly string[];
}

export type SettingValues = Readonly<Record<string, string | undefined>>;

/** The trimmed value, or `undefined` when it is empty or a placeholder such as `${user_config.key}` that a host left unfilled. */
export function settingValue(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === undefined || text === "" || /^\$\{[^}]*\}$/.test(text) ? undefined : text;
}
