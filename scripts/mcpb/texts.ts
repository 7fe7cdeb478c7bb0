/** Languages that the bundle speaks. A host shows the language of its own settings. */

export const locales = ["en-US", "zh-CN"] as const;

export type Locale = (typeof locales)[number];
export type Texts = Readonly<Record<Locale, string>>;
