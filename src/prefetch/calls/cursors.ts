/** Cursors: the place at which a page ends, as an opaque text that a caller hands back. */

import { PrefetchError } from "../../base/errors.ts";

/** The last item of a page or, for an asset that stands for several URLs, one of its URLs. */
export interface ItemPlace {
  readonly index: number;
  /** Number of the item's URLs that are on the page; `undefined` for all of them. */
  readonly urls?: number | undefined;
}

/** The last task of a page. */
export interface TaskPlace {
  readonly createdAt: number;
  readonly id: string;
}

export function writeItemCursor({ index, urls }: ItemPlace): string {
  return encode(urls === undefined ? `after ${index}` : `after ${index}:${urls}`);
}

/** Index -1 stands for the first page. Throws `invalid_argument`. */
export function readItemCursor(cursor: string | undefined): ItemPlace {
  if (cursor === undefined || cursor === "") return { index: -1 };
  const [, index, urls] = /^after (\d{1,9})(?::(\d{1,9}))?$/.exec(decode(cursor)) ?? [];
  if (index === undefined) throw foreignCursor("row");
  return { index: Number(index), urls: urls === undefined ? undefined : Number(urls) };
}

/** As `readItemCursor`, for pages that end at whole items only. */
export function readWholeItemCursor(cursor: string | undefined): number {
  const { index, urls } = readItemCursor(cursor);
  if (urls !== undefined) throw foreignCursor("row");
  return index;
}

export function writeTaskCursor({ createdAt, id }: TaskPlace): string {
  return encode(`before ${createdAt} ${id}`);
}

/** `undefined` stands for the first page. Throws `invalid_argument`. */
export function readTaskCursor(cursor: string | undefined): TaskPlace | undefined {
  if (cursor === undefined || cursor === "") return undefined;
  const [, createdAt, id] = /^before (\d{1,15}) (pf_[\w-]{1,60})$/.exec(decode(cursor)) ?? [];
  if (createdAt === undefined || id === undefined) throw foreignCursor("task");
  return { createdAt: Number(createdAt), id };
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function decode(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString("latin1");
}

function foreignCursor(first: "row" | "task"): PrefetchError {
  const start = first === "row" ? "begin at the first row" : "begin with the newest task";
  return new PrefetchError("invalid_argument", "cursor: not a cursor of this tool", {
    hint: `Pass next_cursor of the previous answer, or leave it out to ${start}.`,
  });
}
