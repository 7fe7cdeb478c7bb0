/** Chooses the words and the locale of numbers and times for a host's BCP 47 locale. */

import { en } from "./en.ts";
import type { Words } from "./words.ts";
import { zh } from "./zh.ts";

export interface Language {
  readonly words: Words;
  /** The locale of numbers and times: that of the host where it fits the words. */
  readonly locale: string;
}

export function languageOf(locale: string | undefined): Language {
  const known = knownLocale(locale);
  if (known?.language === "zh") return { words: zh, locale: known.baseName };
  return { words: en, locale: known?.language === "en" ? known.baseName : "en" };
}

function knownLocale(locale: string | undefined): Intl.Locale | undefined {
  try {
    return locale === undefined ? undefined : new Intl.Locale(locale);
  } catch {
    // A host may send any text, such as "en_US.UTF-8".
    return locale === undefined ? undefined : new Intl.Locale(/^zh/i.test(locale) ? "zh-CN" : "en");
  }
}
