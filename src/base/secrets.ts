/** The secret values that this process knows. Finds them in foreign text, in every usual encoding, and hides them. */

import { layersOf } from "./byte-layers.ts";
import { createNeedleIndex, type NeedleIndex, type Range } from "./needle-index.ts";
import { type Needle, needlesOf } from "./needles.ts";
import { createShortSecrets, isShort, MARK, type ShortSecrets } from "./short-secrets.ts";

/** Checks and hides, without adding. */
export interface SecretHider {
  /** The text with each secret replaced. Takes time in proportion to the text, however many secrets there are. */
  hide(text: string): string;
  /** The same for vendors' messages and the log, where access key ids are hidden, too. */
  hideInMessage(text: string): string;
  /** Whether the text holds a secret. A short one counts only as the value of a name such as `password`. */
  isIn(text: string): boolean;
}

export interface Secrets extends SecretHider {
  /** Adds a secret of this server, such as a token that it has fetched. */
  add(secret: string): void;
  /** Adds a caller's token. */
  addCallers(secret: string): void;
  /** Adds an access key id. It allows nothing by itself and is a part of every signed URL, so only messages hide it. */
  addKeyId(id: string): void;
}

/**
 * The oldest goes when more are added: temporary keys and callers' tokens come by the hour. More cost memory, about ten times
 * the length of each; with fewer, a token may be forgotten while a request with it is on the way.
 */
const MOST_KEPT = 1_000;

/** `secrets` and `keyIds` as `add` and `addKeyId` take them. */
export function createSecrets(secrets: Iterable<string | undefined> = [], keyIds: Iterable<string | undefined> = []): Secrets {
  const secret = createFinder();
  const keyId = createFinder();
  const own = createKept(secret, { inPieces: true });
  const ownKeyIds = createKept(keyId, { inPieces: true });
  for (const each of secrets) if (each !== undefined && each !== "") own(each);
  for (const each of keyIds) if (each !== undefined && each !== "") ownKeyIds(each);
  return {
    add: own,
    // No vendor knows a caller's token, so none can echo a piece of it. Tokens of one issuer begin alike.
    addCallers: createKept(secret, { inPieces: false }),
    addKeyId: ownKeyIds,
    hide: (text) => replaceRanges(secret.shorts.hide(text), [secret.index]),
    hideInMessage: (text) => replaceRanges(keyId.shorts.hide(secret.shorts.hide(text)), [secret.index, keyId.index]),
    isIn: (text) => secret.shorts.hide(text) !== text || rangesIn(text, [secret.index]).length > 0,
  };
}

interface Finder {
  readonly index: NeedleIndex;
  readonly shorts: ShortSecrets;
}

function createFinder(): Finder {
  return { index: createNeedleIndex(), shorts: createShortSecrets() };
}

/** A list of its own for callers, so that many callers do not push out the server's secrets. */
function createKept({ index, shorts }: Finder, { inPieces }: { readonly inPieces: boolean }): (secret: string) => void {
  const kept = new Map<string, readonly Needle[]>();
  const addNew = (secret: string): void => {
    const needles = isShort(secret) ? [] : needlesOf(secret, inPieces);
    if (needles.length === 0) {
      shorts.add(secret);
      return;
    }
    index.add(needles);
    kept.set(secret, needles);
    const [oldest] = kept;
    if (kept.size <= MOST_KEPT || !oldest) return;
    kept.delete(oldest[0]);
    index.remove(oldest[1]);
  };
  return (secret) => {
    const needles = kept.get(secret);
    if (!needles) addNew(secret);
    // The one that was used last goes last.
    else if (kept.delete(secret)) kept.set(secret, needles);
  };
}

function rangesIn(text: string, indexes: readonly NeedleIndex[]): Range[] {
  const filled = indexes.filter(({ size }) => size > 0);
  if (filled.length === 0) return [];
  const ranges: Range[] = [];
  for (const layer of layersOf(text)) for (const index of filled) ranges.push(...index.find(layer));
  return ranges;
}

function replaceRanges(text: string, indexes: readonly NeedleIndex[]): string {
  const ranges = rangesIn(text, indexes);
  if (ranges.length === 0) return text;
  const sorted = ranges.map((range) => widened(text, range)).sort((a, b) => a.start - b.start || b.end - a.end);
  let clean = "";
  let end = 0;
  for (const range of sorted) {
    // Ranges overlap when a secret is found in two ways; the one that begins first has the mark.
    if (range.start >= end) clean += text.slice(end, range.start) + range.mark;
    end = Math.max(end, range.end);
  }
  return clean + text.slice(end);
}

interface Replacement extends Range {
  readonly mark: string;
}

/** The range with the whole escape that it begins in, or the whole number: a line of JSON must stay JSON. */
function widened(text: string, { start, end }: Range): Replacement {
  const [opening = ""] = /\\(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?$/i.exec(text.slice(Math.max(0, start - 5), start)) ?? [];
  const begin = start - (isEscaping(text, start - opening.length) ? opening.length : 0);
  if (/\D/.test(text.slice(start, end))) return { start: begin, end, mark: MARK };
  const [before = ""] = /[:,[][\d.eE+-]*$/.exec(text.slice(Math.max(0, start - 40), start)) ?? [];
  const [after = ""] = /^[\d.eE+-]*[,}\]]/.exec(text.slice(end, end + 40)) ?? [];
  if (before === "" || after === "") return { start: begin, end, mark: MARK };
  return { start: start - before.length + 1, end: end + after.length - 1, mark: `"${MARK}"` };
}

/** Whether the backslash at `index` begins an escape: an even number of backslashes goes before it. */
function isEscaping(text: string, index: number): boolean {
  if (text[index] !== "\\") return false;
  let first = index;
  while (first > 0 && text[first - 1] === "\\") first -= 1;
  return (index - first) % 2 === 0;
}
