/** Removes what a reader does not see, or sees in another order than a program reads it. */

/**
 * Control characters, line and paragraph separators, half surrogate pairs, and all characters that Unicode calls format or
 * ignorable: bidi controls, zero-width characters, variation selectors, and the tag characters that hide text from people
 * and show it to models. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const invisibles = new RegExp(invisible, "gu");
export const visibleRuns: RegExp = /[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+/gu;
const plain = /^[\x20-\x7e]*$/;
/** Terminal sequences as ECMA-48 has them: `ESC [ 31 m`, `ESC ] 0 ; title BEL`, and both with the one-byte introducers. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these sequences begin with a control character.
const terminalSequences = /(?:\x1b\[|\x9b)[\x20-\x3f]{0,64}[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]{0,256}(?:\x07|\x1b\\|\x9c)|\x1b[@-_]/g;

/** The text on its lines, without terminal sequences and invisible characters. Tabs and line breaks stay, as blanks or `\n`. */
export function visibleText(text: string): string {
  if (plain.test(text)) return text;
  return text
    .replace(terminalSequences, "")
    .replace(/\r\n?|[\u0085\u2028\u2029\v\f]/g, "\n")
    .replace(invisibles, (character) => (character === "\n" || character === "\t" ? character : ""));
}

/** The same text with each of these characters in the notation of JSON: `\u202e`. For a line that already is JSON. */
export function escapeInvisible(line: string): string {
  if (plain.test(line)) return line;
  return line.replace(invisibles, escaped);
}

function escaped(character: string): string {
  let text = "";
  for (let index = 0; index < character.length; index += 1) text += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  return text;
}
