/** The table of URLs. The document holds the rows in view only; the table tells screen readers the place of each row among all. */

import type { ItemRow } from "../answers/task.ts";
import { type RowWindow, rowAfterKey, rowWindow, scrollTo, type Viewport } from "../state/row-window.ts";
import { el } from "./element.ts";
import type { PartContext } from "./part.ts";
import { DETAILS_ID, rowDetails, tableRow } from "./row.ts";

export interface UrlTable {
  readonly node: HTMLElement;
  show(rows: readonly ItemRow[], isWhole: boolean): void;
}

const WIDE_ROW = 34;
/** Narrow rows have a second line. */
const NARROW_ROW = 52;
/** Rows below the view at which more are asked for. */
const NEAR_END = 50;

export function createUrlTable(context: Pick<PartContext, "words" | "format">, onNearEnd: () => void): UrlTable {
  const { words } = context;
  const narrow = matchMedia("(max-width: 559px)");
  const headers = [words.table.state, words.table.url, words.table.reason].map((name) =>
    el("th", { scope: "col", role: "columnheader" }, name),
  );
  const [above, below] = [spacer(), spacer()];
  const body = el("tbody", { role: "rowgroup" });
  const head = el("thead", { role: "rowgroup" }, el("tr", { role: "row", "aria-rowindex": "1" }, ...headers));
  // Narrow rows are grids, so the roles of a table are explicit.
  const table = el("table", { class: "urls", role: "table", "aria-label": words.table.label }, head, body);
  const scroller = el("div", { class: "scroller", tabindex: "-1" }, table);
  const details = el("section", { class: "row-details", id: DETAILS_ID, "aria-label": words.table.rowDetails });
  details.hidden = true;

  let rows: readonly ItemRow[] = [];
  let active = 0;
  let opened: ItemRow | undefined;
  let drawn = new Map<number, { readonly row: ItemRow; readonly element: HTMLTableRowElement }>();

  const viewport = (): Viewport => ({
    scrollTop: scroller.scrollTop,
    height: Math.max(scroller.clientHeight, WIDE_ROW),
    rowHeight: narrow.matches ? NARROW_ROW : WIDE_ROW,
  });
  const drawnRows = ({ from, to }: RowWindow): typeof drawn =>
    new Map(
      rows.slice(from, to).map((row, nth) => {
        const known = drawn.get(from + nth);
        return [from + nth, { row, element: known?.row === row ? known.element : tableRow(row, from + nth, context) }];
      }),
    );

  const draw = (): void => {
    const view = viewport();
    table.style.setProperty("--row", `${view.rowHeight}px`);
    const { from, to } = rowWindow(rows.length, view);
    const focused = body.contains(document.activeElement);
    drawn = drawnRows({ from, to });
    above.style.height = `${from * view.rowHeight}px`;
    below.style.height = `${(rows.length - to) * view.rowHeight}px`;
    place(body, [above, ...[...drawn.values()].map(({ element }) => element), below]);
    const stop = drawn.has(active) ? active : from;
    for (const [index, { row, element }] of drawn) mark(element, { isStop: index === stop, isOpen: row === opened });
    // A row that left the document cannot keep the focus.
    if (focused && !body.contains(document.activeElement)) (nameIn(drawn.get(active)?.element) ?? scroller).focus({ preventScroll: true });
    if (to >= rows.length - NEAR_END) onNearEnd();
  };

  const open = (row: ItemRow | undefined): void => {
    opened = row === opened ? undefined : row;
    details.hidden = opened === undefined;
    details.replaceChildren(...(opened ? [rowDetails(opened, context, () => close())] : []));
    draw();
  };
  const close = (): void => {
    open(undefined);
    (nameIn(drawn.get(active)?.element) ?? scroller).focus({ preventScroll: true });
  };
  const moveTo = (index: number): void => {
    active = index;
    scroller.scrollTop = scrollTo(index, { ...viewport(), height: scroller.clientHeight - (table.tHead?.offsetHeight ?? 0) });
    draw();
    nameIn(drawn.get(index)?.element)?.focus({ preventScroll: true });
  };

  body.addEventListener("click", (event) => {
    const index = event.target instanceof Element ? Number(event.target.closest("tr")?.getAttribute("aria-rowindex")) - 2 : -1;
    if (!rows[index]) return;
    active = index;
    open(rows[index]);
  });
  scroller.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opened) return close();
    const { height, rowHeight } = viewport();
    const target = rowAfterKey(event.key, active, rows.length, Math.max(1, Math.floor(height / rowHeight) - 1));
    if (target === undefined) return;
    event.preventDefault();
    moveTo(target);
  });
  scroller.addEventListener("scroll", draw, { passive: true });
  narrow.addEventListener("change", draw);
  new ResizeObserver(draw).observe(scroller);

  return {
    node: el("div", { class: "table" }, scroller, details),
    show: (shown, isWhole) => {
      rows = shown;
      active = Math.min(active, Math.max(0, rows.length - 1));
      table.classList.toggle("bare", !rows.some(({ reason, notBefore }) => reason !== undefined || notBefore !== undefined));
      if (opened) opened = sameRow(rows, opened);
      if (!opened) details.hidden = true;
      // -1: more rows are to come.
      table.setAttribute("aria-rowcount", isWhole ? String(rows.length + 1) : "-1");
      draw();
    },
  };
}

function spacer(): HTMLTableRowElement {
  return el("tr", { class: "spacer", "aria-hidden": "true" }, el("td", { colspan: "2" }));
}

function nameIn(row: HTMLElement | undefined): HTMLElement | null {
  return row?.querySelector<HTMLElement>(".row-name") ?? null;
}

function mark(row: HTMLElement, { isStop, isOpen }: { readonly isStop: boolean; readonly isOpen: boolean }): void {
  const name = nameIn(row);
  if (name) name.tabIndex = isStop ? 0 : -1;
  name?.setAttribute("aria-expanded", String(isOpen));
  row.classList.toggle("open", isOpen);
}

/** The opened row in a newer list: an answer brings new objects. */
function sameRow(rows: readonly ItemRow[], { name, state }: ItemRow): ItemRow | undefined {
  return rows.find((row) => row.name === name && row.state === state);
}

/** Brings the children into this order, and touches only those that are elsewhere: moving an element takes its focus. */
function place(parent: Element, children: readonly Element[]): void {
  const kept = new Set<Element>(children);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let before: ChildNode | null = parent.firstChild;
  for (const child of children) {
    if (child === before) before = before.nextSibling;
    else parent.insertBefore(child, before);
  }
}
