/** Reads foreign JSON. A field of another type than expected counts as missing. */

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object without fields stands for everything that is none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function listOf<Entry>(value: unknown, read: (fields: Fields) => Entry): Entry[] {
  return Array.isArray(value) ? value.map((entry) => read(fieldsOf(entry))) : [];
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

/** Milliseconds since the epoch of an ISO 8601 time. */
export function momentOf(value: unknown): number | undefined {
  return typeof value === "string" ? numberOf(Date.parse(value)) : undefined;
}

/** The member of `words` that the value equals. */
export function wordOf<Word extends string>(words: readonly Word[], value: unknown): Word | undefined {
  return words.find((word) => word === value);
}
