/** Copies a text. Where the clipboard is closed to the view, a person copies it by hand from a field. */

import { visible } from "../words/visible.ts";
import type { Words } from "../words/words.ts";
import { button, el } from "./element.ts";

export interface Copy {
  readonly node: HTMLElement;
  /** Whether the text is in the clipboard now. Otherwise it stands selected in a field. */
  copy(text: string): Promise<boolean>;
}

export function createCopy({ copyByHand, close }: Pick<Words["actions"], "copyByHand" | "close">): Copy {
  const field = el("textarea", { readonly: "", rows: "4", "aria-label": copyByHand, spellcheck: "false", dir: "ltr" });
  const hide = (): void => {
    node.hidden = true;
  };
  const node = el("div", { class: "manual-copy" }, el("p", {}, copyByHand), field, button(close, hide, "link"));
  hide();
  return {
    node,
    copy: async (text) => {
      const shown = text.split("\n").map(visible).join("\n");
      const before = document.activeElement;
      field.value = shown;
      node.hidden = false;
      field.focus();
      field.select();
      if (!copySelection() && !(await writeClipboard(shown))) return false;
      hide();
      if (before instanceof HTMLElement) before.focus();
      return true;
    },
  };
}

/** Deprecated, but the only way that needs no permission of the host: it needs a click alone. */
function copySelection(): boolean {
  return document.execCommand("copy");
}

async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Most hosts give a view no right to the clipboard.
    return false;
  }
}
