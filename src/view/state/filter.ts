/** Which rows a filter lets through. */

import type { ItemRow, ItemState } from "../answers/task.ts";

export interface Filter {
  /** Part of the URL, the code or the reason, in any case. */
  readonly text: string;
  readonly state: ItemState | undefined;
}

export const noFilter: Filter = { text: "", state: undefined };

export function isFiltering({ text, state }: Filter): boolean {
  return text.trim() !== "" || state !== undefined;
}

/** Lower-case texts of the rows, because typing filters the same rows again and again. */
const searchable = new WeakMap<ItemRow, string>();

export function filterRows(rows: readonly ItemRow[], filter: Filter): readonly ItemRow[] {
  if (!isFiltering(filter)) return rows;
  const text = filter.text.trim().toLowerCase();
  return rows.filter((row) => (filter.state === undefined || row.state === filter.state) && (text === "" || textIn(row).includes(text)));
}

function textIn(row: ItemRow): string {
  const known = searchable.get(row);
  if (known !== undefined) return known;
  const text = [row.name, row.sentAs, row.provider, row.code, row.reason].join("\n").toLowerCase();
  searchable.set(row, text);
  return text;
}

/** A list of at most this length is reordered. In a longer one, rows would jump while its pages come in. */
const SORTED_ROWS = 500;

/** Rows that a person has to look at come first. */
export function problemsFirst(rows: readonly ItemRow[]): readonly ItemRow[] {
  if (rows.length > SORTED_ROWS) return rows;
  const isProblem = ({ state }: ItemRow) => state === "failed" || state === "rejected" || state === "unknown";
  return [...rows.filter(isProblem), ...rows.filter((row) => !isProblem(row))];
}
