/**
 * Secrets that could also be ordinary words. Hiding `cdn` or `mobile` everywhere would make messages unreadable, so such a
 * value is hidden only behind a name that sounds like a credential: `x-my-pass: cdn`, `password=cdn`, `"token":"cdn"`.
 */

/** Stands for a secret. */
export const MARK = "[redacted]";
/** Fewer characters leave short keys in messages; more of them blank out words. */
const SHORTEST_ANYWHERE = 6;
/** Letters alone are a word more often than a key. */
const SHORTEST_LETTERS_ANYWHERE = 8;
const LONGEST_NAME = 60;
const credentialName =
  /(?:pass|pwd|pin|token|secret|key|auth|cookie|sign|cred|sess|\b[as]k)[\w-]*(\\*["'])?\s*[:=]\s*(?:(?:basic|bearer)\s+)?(\\*["'])?$/i;

export function isShort(secret: string): boolean {
  return secret.length < SHORTEST_ANYWHERE || (secret.length < SHORTEST_LETTERS_ANYWHERE && /^\p{L}*$/u.test(secret));
}

export interface ShortSecrets {
  add(secret: string): void;
  hide(text: string): string;
}

export function createShortSecrets(): ShortSecrets {
  const spellings = new Set<string>();
  let pattern: RegExp | undefined;
  return {
    add: (secret) => {
      for (const spelling of [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)])
        spellings.add(spelling);
      const longestFirst = [...spellings].sort((a, b) => b.length - a.length);
      pattern = new RegExp(longestFirst.map((spelling) => escapeForPattern(spelling)).join("|"), "gi");
    },
    hide: (text) =>
      pattern === undefined
        ? text
        : text.replace(pattern, (found, offset: number) => (isCredentialAt(text, offset, found.length) ? MARK : found)),
  };
}

/** Whether the found text is the whole value of such a name. Behind a quoted name only a quoted value: a JSON number stays. */
function isCredentialAt(text: string, offset: number, length: number): boolean {
  if (/^[\w-]/.test(text.slice(offset + length, offset + length + 1))) return false;
  const name = credentialName.exec(text.slice(Math.max(0, offset - LONGEST_NAME), offset));
  return name !== null && (name[1] === undefined || name[2] !== undefined);
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
