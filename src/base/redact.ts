/** Removes secrets from text, and shortens foreign text, before users, models, logs or files get it. */

const MARK = "[redacted]";
/** A smaller value blanks out ordinary words; a larger one lets short secrets through. */
const SHORTEST_SECRET_CHARACTERS = 6;

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

/** Reads `secrets` at every call, so that the caller may add to them. */
export function createRedactor(secrets: Iterable<string | undefined>): Redactor {
  return (text) => {
    let clean = text;
    for (const secret of longestFirst(secrets)) clean = clean.replaceAll(secret, MARK);
    clean = clean.replace(/\s+/g, (space) => (space.length > LONGEST_WHITESPACE_CHARACTERS ? " " : space));
    for (const pattern of credentialPatterns) clean = clean.replace(pattern, `$1${MARK}`);
    return clean;
  };
}

/** When one secret begins with another, redacting the shorter one first would leave the rest of the longer one. */
function longestFirst(secrets: Iterable<string | undefined>): string[] {
  return [...secrets]
    .filter((secret) => secret !== undefined && secret.length >= SHORTEST_SECRET_CHARACTERS)
    .map(String)
    .sort((a, b) => b.length - a.length);
}

/** A smaller value cuts off vendors' explanations; a larger one lets foreign text fill a result. */
const LONGEST_MESSAGE_CHARACTERS = 300;

/** A vendor's message on one line, redacted and shortened. */
export function tidyMessage(text: string, redact: Redactor): string {
  // Redacted before it is cut, so that no cut leaves half a secret.
  const line = redact(text).replace(/\s+/g, " ").trim();
  return line.length > LONGEST_MESSAGE_CHARACTERS ? `${line.slice(0, LONGEST_MESSAGE_CHARACTERS)}…` : line;
}
