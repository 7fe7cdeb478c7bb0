/** A smaller value cuts off file names; a larger one lets foreign text fill a result. */
const LONGEST_SHOWN_CHARACTERS = 200;

/** Foreign text, such as a URI, as an answer shows it. */
export function shortened(text: string, most = LONGEST_SHOWN_CHARACTERS): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
