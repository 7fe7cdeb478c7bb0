/**
 * The ASCII text, such as a URL, in memory of its own. A text that is cut out of a document keeps the whole slice of the document in
 * memory, and so does a normal URL that is parsed from it.
 */
export function ownText(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
