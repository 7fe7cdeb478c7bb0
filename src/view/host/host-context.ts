/** The facts that a host tells about the place where it shows the view. */

import { type Fields, fieldsOf, numberOf, textOf, wordOf } from "../answers/read.ts";

export interface HostContext {
  readonly theme: "light" | "dark" | undefined;
  readonly locale: string | undefined;
  readonly timeZone: string | undefined;
  readonly isFullscreen: boolean;
  /** The most pixels of height that the host has for the view. */
  readonly maxHeight: number | undefined;
  /** Custom properties of CSS, such as `--color-text-primary`. */
  readonly styles: ReadonlyMap<string, string>;
}

/** The spec names variables of these groups only. Any other name could change the view's own variables. */
const VARIABLE = /^--(?:color|font|border|shadow)-[a-z0-9-]+$/;

export function hostContext(fields: Fields): HostContext {
  const { theme, locale, timeZone, displayMode, containerDimensions, styles } = fields;
  const { height, maxHeight } = fieldsOf(containerDimensions);
  const variables = Object.entries(fieldsOf(fieldsOf(styles).variables));
  return {
    theme: wordOf(["light", "dark"], theme),
    locale: textOf(locale),
    timeZone: textOf(timeZone),
    isFullscreen: displayMode === "fullscreen",
    maxHeight: numberOf(height) ?? numberOf(maxHeight),
    styles: new Map(variables.flatMap(([name, value]) => (VARIABLE.test(name) && typeof value === "string" ? [[name, value]] : []))),
  };
}
