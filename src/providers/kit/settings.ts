/** Settings of a provider, each with the rule that its value must keep. */

import type { Setting, SettingValues } from "../../base/setting.ts";
import type { ProviderConfiguration } from "../definition.ts";

/** The rule that a value breaks, as it follows the variable's name: "must be true or false". `undefined` for a good value. */
export type SettingCheck = (value: string) => string | undefined;

export interface CheckedSetting extends Setting {
  readonly check?: SettingCheck;
}

/** One sentence part for each set value that breaks its rule, such as "PREFETCH_X_L2 must be true or false". Shows no values. */
export function settingProblems(settings: readonly CheckedSetting[], values: SettingValues): string[] {
  return settings.flatMap(({ name, check }) => {
    const value = values[name];
    const problem = value === undefined ? undefined : check?.(value);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
}

/** The configuration of a provider whose settings have these problems. */
export function misconfigured(providerId: string, problems: readonly string[]): ProviderConfiguration {
  return { ok: false, problem: `${providerId}: ${problems.join("; ")}.` };
}

/**
 * One vendor's keys open several products, so one setting says which of them to use. Without it, only `first` is used: a key that
 * has served one product must not configure others, between which calls would have to choose.
 */
export function productsSetting(name: string, vendor: string, products: readonly [first: string, ...more: string[]]): CheckedSetting {
  const [first] = products;
  const listed = (value: string): boolean => value !== "" && value.split(",").every((word) => products.includes(word.trim()));
  return {
    name,
    about: `Products of ${vendor} to use, separated by commas: ${products.join(", ")}.`,
    fallback: first,
    check: must(`be words out of ${products.join(", ")}, separated by commas`, listed),
  };
}

/** Why a product is not in use, or `undefined`. It is `off` unless one of its own settings, which begin with `prefix`, is set. */
export function leftOut(
  { name, fallback = "", check }: CheckedSetting,
  { id, product, prefix }: { readonly id: string; readonly product: string; readonly prefix: string },
  values: SettingValues,
): ProviderConfiguration | undefined {
  const chosen = values[name] ?? fallback;
  const mistake = check?.(chosen);
  // A misspelt product must not leave all of them out silently.
  if (mistake !== undefined) return misconfigured(id, [`${name} ${mistake}`]);
  const used = chosen.split(",").map((word) => word.trim());
  if (used.includes(product)) return undefined;
  const isBegun = Object.keys(values).some((own) => own.startsWith(prefix) && values[own] !== undefined);
  return { ok: false, problem: `${id}: add ${product} to ${name}.`, ...(!isBegun && { off: true }) };
}

/** Builds a check: `must("be 0 or 1", isBit)`. */
export function must(rule: string, keeps: (value: string) => boolean): SettingCheck {
  return (value) => (keeps(value) ? undefined : `must ${rule}`);
}

export function mustMatch(pattern: RegExp, form: string): SettingCheck {
  return must(`be ${form}`, (value) => pattern.test(value));
}

export function mustBeOneOf(...words: readonly string[]): SettingCheck {
  return must(`be ${words.join(" or ")}`, (value) => words.includes(value));
}

/** Both vendors name regions alike, and the region becomes a part of the endpoint's host: `cn-north-4`, `cn-shanghai`. */
export function mustBeRegion(example: string): SettingCheck {
  return mustMatch(/^[a-z]{2,}(-[a-z0-9]+)+$/, `a region id such as ${example}`);
}

/** Accepts scheme, host and port: `https://vod.example.com:8443`. Plain HTTP is for loopback hosts only. */
export function mustBeEndpoint(example: string): SettingCheck {
  return (value) => {
    const url = URL.parse(value);
    if (url === null) return `must be a full URL such as ${example}`;
    if (url.username || url.password || url.search || url.hash || url.pathname !== "/") return "must be scheme and host only";
    const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
    if (url.protocol === "https:" || (url.protocol === "http:" && loopback)) return undefined;
    return "must begin with https:// (http:// is for loopback addresses only)";
  };
}

/** True for visible ASCII. A secret with other characters was not copied cleanly, and HTTP headers cannot carry it. */
export function isHeaderSafe(value: string): boolean {
  return /^[\x21-\x7e]+$/.test(value);
}

export const mustBeHeaderSafe = must("not contain blanks, line breaks or non-ASCII characters", isHeaderSafe);
