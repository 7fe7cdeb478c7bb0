/** Lists that a vendor gives in pages, such as the rows of its tasks. */

import type { StatusRow } from "../../prefetch/model/provider.ts";

export interface TaskRow extends StatusRow {
  readonly taskId: string;
  /** The moments of creation that the vendor's text can mean, in milliseconds: several where it names no time zone. */
  readonly createdAt?: readonly number[];
}

export interface TaskRows {
  readonly rows: readonly TaskRow[];
  /** False when the vendor has more rows than these, or does not tell. */
  readonly complete: boolean;
  /** Milliseconds by which the vendor's clock is ahead of this machine's. `undefined` when the last answer has no date. */
  readonly clockOffset: number | undefined;
}

export interface Page {
  /** Absent where the answer has no list. */
  readonly rows: readonly TaskRow[] | undefined;
  /** The vendor's count over all pages, where it tells. */
  readonly total: number | undefined;
  readonly clockOffset: number | undefined;
}

/** Larger: a wrong total costs more requests. Smaller: busy domains cannot be reconciled. */
const MOST_PAGES = 100;

/** Reads pages from number 1 on. A page of `pageRows` rows without a total means that there are more. */
export async function readPages(pageRows: number, readPage: (number: number) => Promise<Page>): Promise<TaskRows> {
  const rows: TaskRow[] = [];
  for (let number = 1; ; number += 1) {
    const page = await readPage(number);
    const found = page.rows ?? [];
    rows.push(...found);
    const complete = rows.length >= totalOf(page, rows.length, pageRows);
    if (complete || found.length === 0 || number >= MOST_PAGES) return { rows, complete, clockOffset: page.clockOffset };
  }
}

/** Without a total and without a list, it is unknown what the vendor has. */
function totalOf({ rows, total }: Page, rowsSoFar: number, pageRows: number): number {
  if (total !== undefined) return total;
  if (!rows) return Number.POSITIVE_INFINITY;
  return rows.length >= pageRows ? rowsSoFar + 1 : rowsSoFar;
}
