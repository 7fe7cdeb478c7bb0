/** The rows of a task, which come in pages. A row keeps its place, so a page that is read again replaces itself. */

import type { ItemRow } from "../answers/task.ts";

interface Page {
  readonly rows: readonly ItemRow[];
  readonly next: string | undefined;
  readonly isStale: boolean;
}

export interface WantedPage {
  readonly index: number;
  readonly cursor: string;
}

export interface ItemPages {
  rows(): readonly ItemRow[];
  /** Every row is here, and each is as new as the first page. */
  isComplete(): boolean;
  /** Puts a page in its place. Pages behind it are dropped when they would begin elsewhere now. */
  put(index: number, rows: readonly ItemRow[], next: string | undefined): void;
  /** Marks every page as older than the task. */
  age(): void;
  /** The first page that is stale or missing, until there are `most` rows. The first page has no cursor, so it is never wanted. */
  wanted(most: number): WantedPage | undefined;
}

export function createItemPages(): ItemPages {
  let pages: Page[] = [];
  let all: readonly ItemRow[] | undefined;

  const cursorOf = (index: number) => pages[index - 1]?.next;
  return {
    rows: () => {
      all ??= pages.flatMap((page) => page.rows);
      return all;
    },
    isComplete: () => pages.length > 0 && pages.at(-1)?.next === undefined && pages.every((page) => !page.isStale),
    put: (index, rows, next) => {
      if (index > pages.length) return;
      const kept = pages[index]?.next === next ? pages.slice(index + 1) : [];
      pages = [...pages.slice(0, index), { rows, next, isStale: false }, ...kept];
      all = undefined;
    },
    age: () => {
      pages = pages.map((page) => ({ ...page, isStale: true }));
    },
    wanted: (most) => {
      const stale = pages.findIndex((page, index) => index > 0 && page.isStale);
      const held = pages.reduce((sum, page) => sum + page.rows.length, 0);
      const index = stale > 0 ? stale : pages.length;
      const cursor = cursorOf(index);
      return cursor === undefined || (stale < 0 && held >= most) ? undefined : { index, cursor };
    },
  };
}
