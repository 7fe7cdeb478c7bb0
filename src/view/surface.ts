/** The page as a surface in its host: colours, fonts and size. */

import type { Host } from "./host/host.ts";
import type { HostContext } from "./host/host-context.ts";

/** Directories of hosts ask inline views to stay below it; the rest scrolls inside. */
const INLINE_HEIGHT = 500;

export function applyContext(root: HTMLElement, { theme, styles, isFullscreen, maxHeight }: HostContext): void {
  root.style.colorScheme = theme ?? "";
  for (const [name, value] of styles) root.style.setProperty(name, value);
  root.classList.toggle("fullscreen", isFullscreen);
  root.style.setProperty("--most-height", `${Math.min(INLINE_HEIGHT, maxHeight ?? INLINE_HEIGHT)}px`);
}

/** Tells the host each new size of the element, which a new language replaces. */
export function tellSizes(host: Host, current: () => HTMLElement | undefined): void {
  let told = "";
  const tell = (): void => {
    const element = current();
    if (!element) return;
    const { width, height } = element.getBoundingClientRect();
    const size = [Math.ceil(width), Math.ceil(height)] as const;
    if (told === size.join()) return;
    told = size.join();
    host.tellSize(...size);
  };
  const observer = new ResizeObserver(tell);
  const observe = (): void => {
    observer.disconnect();
    const element = current();
    if (element) observer.observe(element);
  };
  new MutationObserver(observe).observe(document.body, { childList: true });
  observe();
}
