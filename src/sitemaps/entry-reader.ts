/** A reader of one document's entries. It gets the text in slices and emits each entry as it ends. */

/** An entry as a document writes it. */
export interface FoundEntry {
  /** Empty when the entry has none. */
  readonly address: string;
  readonly date: string | undefined;
  /** The base that the document gives for relative addresses. */
  readonly base: string | undefined;
}

export type EmitEntry = (entry: FoundEntry) => void;

export interface EntryReader {
  write(slice: string): void;
  /** Throws when the document is not complete. */
  close(): void;
}
