/** Looks for a secret in what a server shows. It knows how the secret was written, and shares no code with the server. */

/** A secret, and the text in which the vendor wrote it. */
export interface Planted {
  readonly secret: string;
  readonly written: string;
}

/** A text that a server has shown, and where. */
export interface Shown {
  readonly place: string;
  readonly text: string;
}

/** The first place that shows one of the secrets, as it is, as it was written, or in base64. */
export function leakIn(shown: readonly Shown[], planted: readonly Planted[]): string | undefined {
  for (const { place, text } of shown) {
    for (const each of textsIn(text)) {
      const holds = searchIn(each);
      const found = planted.find(holds);
      if (found) return `${place} shows ${JSON.stringify(found)}: ${each.slice(0, 2_000)}`;
    }
  }
  return undefined;
}

function searchIn(text: string): (planted: Planted) => boolean {
  const plain = squeezed(text);
  const decoded = decodings(text);
  return ({ secret, written }) =>
    plain.includes(squeezed(secret)) || plain.includes(squeezed(written)) || decoded.some((each) => each.includes(secret));
}

/** Answers join lines and drop blanks, so neither counts. */
function squeezed(text: string): string {
  return text.replace(/[\s\u200b]/g, "").toLowerCase();
}

/** The runs of base64 and of hexadecimal digits, decoded at each alignment. */
function decodings(text: string): string[] {
  const runs = text.replace(/\s/g, "").match(/[\w+/-]{10,}/g) ?? [];
  return runs.flatMap((run) => [
    ...[0, 1, 2, 3].map((offset) => Buffer.from(run.slice(offset), "base64").toString("latin1")),
    Buffer.from(run, "hex").toString("latin1"),
  ]);
}

/** The text and, for JSON, every text in it, at any depth of JSON in JSON. */
export function textsIn(text: string): string[] {
  const data = [...text.matchAll(/^data: (.*)$/gm)].map(([, line = ""]) => line);
  return [text, ...[text, ...data].flatMap((each) => stringsOf(parsed(each)))];
}

function stringsOf(value: unknown): string[] {
  if (typeof value === "string") return [value, ...stringsOf(/^[{[]/.test(value) ? parsed(value) : undefined)];
  if (typeof value !== "object" || value === null) return [];
  return [...Object.keys(value), ...Object.values(value).flatMap(stringsOf)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first text with a character that a reader does not see. Line breaks and tabs are fine. */
export function invisibleIn(shown: readonly Shown[]): string | undefined {
  for (const { place, text } of shown) {
    const found = stringsOf(parsed(text)).find((each) => /[^\P{C}\n\t\p{Cn}\p{Co}]|\u2028|\u2029/u.test(each));
    if (found !== undefined) return `${place} shows ${JSON.stringify(found)}`;
  }
  return undefined;
}
