/** Removes secrets from text, and shortens foreign text, before users, models, logs or files get it. */

import { createSecrets, type SecretHider } from "./secrets.ts";
import { MARK } from "./short-secrets.ts";
import { visibleText } from "./visible-text.ts";

/**
 * Places in which vendors echo credentials: headers and parameters, such as `X-Auth-Token: …` or `AccessKeyId=…`.
 * A value includes escaped characters such as `\"`: a log line is JSON, and stopping at `\"` would leave the rest of the value.
 */
const credentialPatterns: readonly RegExp[] = [
  /((?:x-security-token|x-auth-token|x-subject-token|x-acs-security-token)\s*[:=]\s*)(?:\\.|[^\s|,;"])+/gi,
  /((?:Access|Credential|Signature|AccessKeyId|SecurityToken)=)(?:\\.|[^\s|,;&"])+/gi,
  /(authorization\s*[:=]\s*)(?:\\.|[^|\n"])+/gi,
  /((?:\b(?:ak|sk|access[_ ]?key|secret[_ ]?key|password|token)\b)\s*[:=]\s*)(?:\\.|[^\s|,;"])+/gi,
];

/** Longer whitespace is collapsed: the patterns' time grows with the square of its length. */
const LONGEST_WHITESPACE_CHARACTERS = 20;

export type Redactor = (text: string) => string;

/** Removes known secrets, and what stands in the place of a credential, and all invisible characters. */
export function createRedactor(secrets: SecretHider | readonly string[]): Redactor {
  const { hideInMessage } = "hideInMessage" in secrets ? secrets : createSecrets(secrets);
  return (text) => hidePlaces(hideInMessage(visibleText(text)));
}

/** Removes what stands in the place of a credential, whatever its value. */
export function hidePlaces(text: string): string {
  const short = text.replace(/\s+/g, (space) => (space.length > LONGEST_WHITESPACE_CHARACTERS ? " " : space));
  return credentialPatterns.reduce((clean, pattern) => clean.replace(pattern, `$1${MARK}`), short);
}

/** A smaller value cuts off vendors' explanations; a larger one lets foreign text fill a result. */
const LONGEST_MESSAGE_CHARACTERS = 300;

/** A vendor's message on one line, redacted and shortened. */
export function tidyMessage(text: string, redact: Redactor): string {
  // Redacted before it is cut, so that no cut leaves half a secret.
  const line = redact(text).replace(/\s+/g, " ").trim();
  return line.length > LONGEST_MESSAGE_CHARACTERS ? `${line.slice(0, LONGEST_MESSAGE_CHARACTERS)}…` : line;
}
