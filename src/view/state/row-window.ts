/** The rows of a long table that are in the document. */

export interface RowWindow {
  readonly from: number;
  /** The row behind the last one. */
  readonly to: number;
}

export interface Viewport {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
}

/** Rows above and below the visible ones. Fewer flash while scrolling; more cost layout. */
const OVERSCAN = 8;
/** A host may show the view in a very tall frame. */
const MOST_ROWS = 120;

export function rowWindow(count: number, { scrollTop, height, rowHeight }: Viewport): RowWindow {
  const visible = Math.min(MOST_ROWS, Math.ceil(height / rowHeight) + 2 * OVERSCAN);
  const last = Math.max(0, count - visible);
  const from = Math.min(last, Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN));
  return { from, to: Math.min(count, from + visible) };
}

/** The scroll position, changed as little as possible, at which the row is visible. */
export function scrollTo(index: number, { scrollTop, height, rowHeight }: Viewport): number {
  const top = index * rowHeight;
  return Math.max(top + rowHeight - height, Math.min(scrollTop, top));
}

/** The row that a key moves to; `undefined` for a key that moves nowhere. */
export function rowAfterKey(key: string, index: number, count: number, pageRows: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + pageRows,
    PageUp: index - pageRows,
    Home: 0,
    End: count - 1,
  };
  const target = steps[key];
  return target === undefined || count === 0 ? undefined : Math.max(0, Math.min(count - 1, target));
}
