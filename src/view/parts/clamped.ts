/** A labelled text that shows its first lines, until a person asks for all. */

import { visible } from "../words/visible.ts";
import type { Words } from "../words/words.ts";
import { button, el, setText } from "./element.ts";

export interface Clamped {
  readonly node: HTMLElement;
  update(text: string | undefined): void;
}

export function clamped(label: string, words: Pick<Words, "showAll" | "showLess">, kind: string): Clamped {
  const id = `${kind}-text`;
  const body = el("span", { class: "clamped-text", id, dir: "auto" });
  const more = button(words.showAll, () => open(!node.classList.contains("open")), "link");
  more.setAttribute("aria-controls", id);
  const node = el("div", { class: `clamped ${kind}` }, el("strong", { class: "label" }, label), body, more);

  const open = (isOpen: boolean): void => {
    node.classList.toggle("open", isOpen);
    more.setAttribute("aria-expanded", String(isOpen));
    setText(more, isOpen ? words.showLess : words.showAll);
  };
  const showButton = (): void => {
    if (!node.classList.contains("open")) more.hidden = body.scrollHeight <= body.clientHeight + 1;
  };
  new ResizeObserver(showButton).observe(body);
  open(false);
  return {
    node,
    update: (text) => {
      node.hidden = text === undefined || text === "";
      setText(body, linesOf(text ?? ""));
      showButton();
    },
  };
}

/** Errors have lines. */
function linesOf(text: string): string {
  return text.split("\n").map(visible).join("\n");
}
