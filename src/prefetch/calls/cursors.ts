/** Where a page of a task's items ends, in a form that callers need not understand. */

import { PrefetchError } from "../../base/errors.ts";

/** The last of a page: an item, or the first so many URLs of one that stands for several. */
export interface Place {
  readonly index: number;
  /** `undefined` for the whole item. */
  readonly urls?: number | undefined;
}

/** After the item with this index. */
export function writeCursor(index: number): string {
  return written(`after ${index}`);
}

/** Index of the item before the page; -1 for the first page. Throws `invalid_argument`. */
export function readCursor(cursor: string | undefined): number {
  const { index, urls } = readPlaceCursor(cursor);
  if (urls !== undefined) throw foreign();
  return index;
}

/** As `writeCursor`, also in the middle of an item. */
export function writePlaceCursor({ index, urls }: Place): string {
  return urls === undefined ? writeCursor(index) : written(`after ${index}:${urls}`);
}

/** As `readCursor`, for such a cursor. */
export function readPlaceCursor(cursor: string | undefined): Place {
  if (cursor === undefined || cursor === "") return { index: -1 };
  const [, index, urls] = /^after (\d{1,9})(?::(\d{1,9}))?$/.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  if (index === undefined) throw foreign();
  return { index: Number(index), urls: urls === undefined ? undefined : Number(urls) };
}

function written(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function foreign(): PrefetchError {
  return new PrefetchError("invalid_argument", "cursor: not a cursor of this tool", {
    hint: "Pass next_cursor of the previous answer, or leave it out to begin at the first row.",
  });
}
