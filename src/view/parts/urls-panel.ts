/** The panel of URLs: filters above the table. */

import { wordOf } from "../answers/read.ts";
import { itemStates } from "../answers/task.ts";
import { FIRST_ROWS } from "../follow/follower.ts";
import { filterRows, isFiltering, problemsFirst } from "../state/filter.ts";
import { el, rebuilder, setText } from "./element.ts";
import type { Model, Part, PartContext } from "./part.ts";
import { createUrlTable } from "./url-table.ts";

type Texts = Pick<PartContext, "words" | "format">;

export function createUrlsPanel(context: PartContext): Part {
  const { words, format, actions } = context;
  let model: Model | undefined;
  const text = el("input", {
    type: "search",
    class: "filter",
    placeholder: words.table.filterHint,
    "aria-label": words.table.filter,
    autocomplete: "off",
    spellcheck: "false",
  });
  const state = el("select", { class: "filter-state", "aria-label": words.table.stateFilter });
  const rebuildStates = rebuilder(state);
  const shown = el("span", { class: "shown" });
  const empty = el("p", { class: "empty" });
  const table = createUrlTable(context, () => {
    if (model && !model.hasAllRows) actions.wantRows(model.rows.length + FIRST_ROWS);
  });
  const filters = el("div", { class: "filters" }, text, state, shown);
  const node = el("section", { class: "panel urls-panel" }, filters, table.node, empty);
  const change = (): void => actions.filter({ text: text.value, state: wordOf(itemStates, state.value) });
  text.addEventListener("input", change);
  state.addEventListener("change", change);

  const update = (next: Model): void => {
    model = next;
    const {
      rows,
      hasAllRows,
      filter,
      state: { task },
    } = next;
    const present = itemStates.filter((name) => (task?.counts[name] ?? 0) > 0 || name === filter.state);
    rebuildStates([present, task?.counts], () => [
      el("option", { value: "" }, words.table.everyState),
      ...present.map((name) => el("option", { value: name }, `${words.states[name]} (${format.count(task?.counts[name] ?? 0)})`)),
    ]);
    state.value = filter.state ?? "";
    if (text.value !== filter.text) text.value = filter.text;
    filters.hidden = rows.length === 0;
    const found = filterRows(hasAllRows ? problemsFirst(rows) : rows, filter);
    if (isFiltering(filter) && !hasAllRows) actions.wantRows(Number.POSITIVE_INFINITY);
    table.node.hidden = found.length === 0;
    table.show(found, hasAllRows);
    setText(shown, shownText(context, next, isFiltering(filter) ? found.length : undefined));
    empty.hidden = found.length > 0;
    setText(empty, emptyText(context, next));
  };
  return { node, update };
}

/** How much of the task the rows are; empty where they are all of it. */
function shownText(
  { words, format }: Texts,
  { rows, hasAllRows, state: { task }, canCallTools }: Model,
  found: number | undefined,
): string {
  if (task?.taskId === undefined) return "";
  if (hasAllRows) return found === undefined ? "" : words.table.shown(format.count(found), format.count(rows.length));
  if (!canCallTools) return rows.length < task.total ? words.table.problemsOnly : "";
  return found === undefined ? "" : words.table.loading(format.count(rows.length), format.count(task.total));
}

function emptyText({ words, format }: Texts, { rows, hasAllRows, state: { task }, canCallTools }: Model): string {
  if (rows.length > 0) return words.table.noMatch;
  const isComing = canCallTools && !hasAllRows && task?.taskId !== undefined;
  return isComing ? words.table.loading(format.count(0), format.count(task.total)) : words.table.none;
}
