/** One row of the table of URLs, and the details of the row that a person opened. */

import type { ItemRow } from "../answers/task.ts";
import { visible } from "../words/visible.ts";
import { button, el } from "./element.ts";
import type { PartContext } from "./part.ts";
import { urlName } from "./url-name.ts";

type Texts = Pick<PartContext, "words" | "format">;

export const DETAILS_ID = "row-details";

/** `index` is the place among the rows that the filter lets through. */
export function tableRow(row: ItemRow, index: number, { words, format }: Texts): HTMLTableRowElement {
  const name = el(
    "button",
    { type: "button", class: "row-name", "aria-controls": DETAILS_ID, "data-index": String(index) },
    urlName(row.name),
  );
  // The parts of a long URL would be read out as two words.
  name.setAttribute("aria-label", visible(row.name));
  const reason = reasonOf(row, { words, format });
  return el(
    "tr",
    { class: "row", role: "row", "aria-rowindex": String(index + 2) },
    el("td", { class: "cell-state", role: "cell" }, stateOf(row, words)),
    el("td", { class: "cell-url", role: "cell" }, name),
    el("td", { class: "cell-reason", role: "cell", dir: "auto", ...(reason !== "" && { title: reason }) }, reason),
  );
}

function stateOf({ state }: Pick<ItemRow, "state">, words: PartContext["words"]): HTMLElement {
  return el("span", { class: "state" }, el("span", { class: `dot ${state}`, "aria-hidden": "true" }), words.states[state]);
}

function reasonOf({ reason, notBefore }: ItemRow, { words, format }: Texts): string {
  if (reason !== undefined) return visible(reason);
  return notBefore === undefined ? "" : words.table.due(format.moment(notBefore));
}

/** Everything that the answer says about the row. */
export function rowDetails(row: ItemRow, texts: Texts, onClose: () => void): HTMLElement {
  const { words, format } = texts;
  const facts: readonly (readonly [name: string, value: string | undefined, isUrl?: boolean])[] = [
    [words.table.url, row.name, true],
    [words.table.sentAs, row.sentAs, true],
    [words.table.provider, row.provider],
    [words.table.reason, reasonOf(row, texts) || undefined],
    [words.table.code, row.code],
    [words.quota.schedule, row.reason === undefined || row.notBefore === undefined ? undefined : format.moment(row.notBefore)],
  ];
  return el(
    "div",
    { class: "details-box" },
    el("div", { class: "details-head" }, stateOf(row, words), button(words.actions.close, onClose, "link")),
    el(
      "dl",
      { class: "facts" },
      ...facts.flatMap(([name, value, isUrl]) =>
        value === undefined ? [] : [el("dt", {}, name), el("dd", {}, el("bdi", { dir: isUrl ? "ltr" : "auto" }, visible(value)))],
      ),
    ),
  );
}
