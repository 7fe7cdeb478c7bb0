/** Where a page of a task's items ends, in a form that callers need not understand. */

import { PrefetchError } from "../errors.ts";

/** After the item with this index. */
export function writeCursor(index: number): string {
  return Buffer.from(`after ${index}`).toString("base64url");
}

/** Index of the item before the page; -1 for the first page. Throws `invalid_argument`. */
export function readCursor(cursor: string | undefined): number {
  if (cursor === undefined || cursor === "") return -1;
  const index = /^after (\d{1,9})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"))?.[1];
  if (index === undefined) {
    throw new PrefetchError("invalid_argument", "cursor: not a cursor of this tool", {
      hint: "Pass next_cursor of the previous answer, or leave it out to begin at the first row.",
    });
  }
  return Number(index);
}
