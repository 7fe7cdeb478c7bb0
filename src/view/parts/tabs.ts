/** Tabs with panels, by the pattern of WAI-ARIA: arrows move between tabs, and a tab that gets the focus shows its panel. */

import { el, setText } from "./element.ts";

export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly panel: HTMLElement;
}

export interface Tabs {
  readonly node: HTMLElement;
  readonly selected: () => string;
  select(id: string): void;
  offer(id: string, isOffered: boolean): void;
  /** Puts a number behind the label. */
  count(id: string, text: string | undefined): void;
}

export function createTabs(label: string, tabs: readonly Tab[]): Tabs {
  const list = el("div", { class: "tabs", role: "tablist", "aria-label": label });
  const counts = new Map<string, HTMLElement>();
  let current = tabs[0]?.id ?? "";

  const elements = tabs.map(({ id, label: name, panel }) => {
    const count = el("span", { class: "tab-count" });
    count.hidden = true;
    counts.set(id, count);
    const tab = el(
      "button",
      { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, class: "tab" },
      `${name} `,
      count,
    );
    tab.addEventListener("click", () => select(id));
    panel.id = `panel-${id}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    list.append(tab);
    return { id, tab, panel };
  });

  const select = (id: string): void => {
    current = id;
    for (const each of elements) {
      const isSelected = each.id === id;
      each.tab.setAttribute("aria-selected", String(isSelected));
      each.tab.tabIndex = isSelected ? 0 : -1;
      each.panel.hidden = !isSelected;
    }
  };
  list.addEventListener("keydown", (event) => {
    const offered = elements.filter(({ tab }) => !tab.hidden);
    const index = offered.findIndex(({ id }) => id === current);
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: index + 1,
      ArrowLeft: index - 1 + offered.length,
      Home: 0,
      End: offered.length - 1,
    };
    const target = offered[(steps[event.key] ?? -1) % offered.length];
    if (!target) return;
    event.preventDefault();
    select(target.id);
    target.tab.focus();
  });
  select(current);
  return {
    node: list,
    selected: () => current,
    select,
    offer: (id, isOffered) => {
      const found = elements.find((each) => each.id === id);
      if (found) found.tab.hidden = !isOffered;
    },
    count: (id, text) => {
      const count = counts.get(id);
      if (!count) return;
      count.hidden = text === undefined;
      setText(count, text ?? "");
    },
  };
}
