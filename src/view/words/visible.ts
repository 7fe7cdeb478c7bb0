/** Shows characters that change the order of the text around them, or that no one sees. A hostile URL may hold them. */

/** Control characters, marks and overrides of the writing direction, and characters without width. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Such as `https://a.example/\u202Egpj.exe`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}
