/** Keeps secrets and unbounded foreign text out of everything that people, models and files get to see. */

const MARK = "[redacted]";
/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 6;

/**
 * Header-like and parameter-like places in which upstream messages echo credentials. What a backslash escapes goes with it:
 * half an escape would let a value out of its quotes, and a line of the log is JSON.
 */
const patterns: readonly RegExp[] = [
  /((?:x-security-token|x-auth-token|x-subject-token|x-acs-security-token)\s*[:=]\s*)(?:\\.|[^\s|,;"])+/gi,
  /((?:Access|Credential|Signature|AccessKeyId|SecurityToken)=)(?:\\.|[^\s|,;&"])+/gi,
  /(authorization\s*[:=]\s*)(?:\\.|[^|\n"])+/gi,
  /((?:\b(?:ak|sk|access[_ ]?key|secret[_ ]?key|password|token)\b)\s*[:=]\s*)(?:\\.|[^\s|,;"])+/gi,
];

/** Longer runs of blanks carry nothing, and would make the patterns' work grow with their square. */
const LONGEST_BLANK = 20;

export type Redactor = (text: string) => string;

/** `secrets` is read at every call, so that it may grow. */
export function createRedactor(secrets: Iterable<string | undefined>): Redactor {
  return (text) => {
    let clean = text;
    for (const secret of longestFirst(secrets)) clean = clean.replaceAll(secret, MARK);
    clean = clean.replace(/\s+/g, (blank) => (blank.length > LONGEST_BLANK ? " " : blank));
    for (const pattern of patterns) clean = clean.replace(pattern, `$1${MARK}`);
    return clean;
  };
}

/** A secret can begin with another one, whose removal would leave its rest. */
function longestFirst(secrets: Iterable<string | undefined>): string[] {
  return [...secrets]
    .filter((secret) => secret !== undefined && secret.length >= SHORTEST_SECRET)
    .map(String)
    .sort((a, b) => b.length - a.length);
}

const LONGEST_MESSAGE = 300;

/** An upstream message fit to be shown: one line, redacted, bounded. */
export function tidyMessage(text: string, redact: Redactor): string {
  const line = redact(text).replace(/\s+/g, " ").trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}
