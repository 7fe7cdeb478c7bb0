import { createForeignText, type ForeignText } from "../../src/base/foreign-text.ts";
import { createSecrets } from "../../src/base/secrets.ts";

/** The text filter of a server that knows these secrets. */
export function fakeForeignText(...secrets: readonly string[]): ForeignText {
  return createForeignText(createSecrets(secrets));
}
