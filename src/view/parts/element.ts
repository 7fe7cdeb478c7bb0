/** Makes elements. Texts become text nodes, so no answer can bring markup into the page. */

export type Child = Node | string | undefined;

export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export function button(label: string, onClick: () => void, kind = "button"): HTMLButtonElement {
  const element = el("button", { type: "button", class: kind }, label);
  element.addEventListener("click", onClick);
  return element;
}

/** Writes a text only where it differs: a screen reader's cursor stays, and nothing is laid out again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Builds children again only when the facts behind them differ, so that open details and the focus stay. */
export function rebuilder(element: Element): (facts: unknown, build: () => readonly Child[]) => void {
  let shown: string | undefined;
  return (facts, build) => {
    const key = JSON.stringify(facts);
    if (key === shown) return;
    shown = key;
    element.replaceChildren(...build().filter((child) => child !== undefined));
  };
}
