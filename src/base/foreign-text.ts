/** Makes text from outside fit to be shown and stored: without known secrets and without invisible characters. */

import { PrefetchError } from "./errors.ts";
import type { SecretHider } from "./secrets.ts";
import { visibleText } from "./visible-text.ts";

export interface ForeignText {
  /** Every text in a plain value, however deep; keys stay. Returns the value itself if nothing changes. */
  clean<Value>(value: Value): Value;
  /** The error with a clean message, hint, code and request id. Any other error stays as it is: only the log shows its text. */
  cleanError<Thrown>(error: Thrown): Thrown;
  holdsSecret(text: string): boolean;
}

export function createForeignText({ hide, isIn }: SecretHider): ForeignText {
  const cleanText = (text: string): string => hide(visibleText(text));

  const cleaned = (value: unknown): unknown => {
    if (typeof value === "string") return cleanText(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      const list = value.map(cleaned);
      return list.every((each, index) => each === value[index]) ? value : list;
    }
    const entries = Object.entries(value);
    const changed = entries.map(([key, each]) => [key, cleaned(each)] as const);
    return changed.every(([, each], index) => each === entries[index]?.[1]) ? value : Object.fromEntries(changed);
  };

  return {
    holdsSecret: isIn,
    // A cleaned value has the type of the value: only texts differ.
    clean: <Value>(value: Value): Value => cleaned(value) as Value,
    cleanError: <Thrown>(error: Thrown): Thrown => {
      if (!(error instanceof PrefetchError)) return error;
      const { message, hint, vendorCode, requestId, code, retryable, retryAfterMs, delivery, divisible, provider } = error;
      const shown = { message, hint, vendorCode, requestId };
      const clean = cleaned(shown) as typeof shown;
      if (clean === shown) return error;
      const facts = { retryable, retryAfterMs, delivery, divisible, provider, cause: error };
      return new PrefetchError(code, clean.message, { ...facts, ...clean }) as typeof error;
    },
  };
}
