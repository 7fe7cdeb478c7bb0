/** Keeps secrets and unbounded foreign text out of everything that people, models and files get to see. */

const MARK = "[redacted]";
/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 6;

/** Header-like and parameter-like places in which upstream messages echo credentials. */
const patterns: readonly RegExp[] = [
  /((?:x-security-token|x-auth-token|x-subject-token|x-acs-security-token)\s*[:=]\s*)[^\s|,;"]+/gi,
  /((?:Access|Credential|Signature|AccessKeyId|SecurityToken)=)[^\s|,;&"]+/gi,
  /(authorization\s*[:=]\s*)[^|\n"]+/gi,
  /((?:\b(?:ak|sk|access[_ ]?key|secret[_ ]?key|password|token)\b)\s*[:=]\s*)[^\s|,;"]+/gi,
];

export type Redactor = (text: string) => string;

export function createRedactor(secrets: readonly (string | undefined)[]): Redactor {
  const known = secrets.filter((secret) => secret !== undefined && secret.length >= SHORTEST_SECRET);
  return (text) => {
    let clean = text;
    for (const secret of known) clean = clean.replaceAll(secret ?? MARK, MARK);
    for (const pattern of patterns) clean = clean.replace(pattern, `$1${MARK}`);
    return clean;
  };
}

const LONGEST_MESSAGE = 300;

/** An upstream message fit to be shown: one line, redacted, bounded. */
export function tidyMessage(text: string, redact: Redactor): string {
  const line = redact(text).replace(/\s+/g, " ").trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}
