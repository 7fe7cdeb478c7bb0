/** A URL on one line: its end stays readable when it is long, and its full text is the tooltip. */

import { visible } from "../words/visible.ts";
import { el } from "./element.ts";

/** The name of a file mostly fits. A longer end leaves less room for the host. */
const END = 18;
/** Browsers lay out longer lines slowly. The row's details have all of it. */
const LONGEST = 400;

export function urlName(url: string): HTMLElement {
  const shown = visible(url);
  const short = shown.length > LONGEST ? `${shown.slice(0, LONGEST / 2)}…${shown.slice(-LONGEST / 2)}` : shown;
  const cut = Math.max(0, short.length - END);
  return el(
    "bdi",
    { class: "url", dir: "ltr", title: shown },
    el("span", { class: "url-start" }, short.slice(0, cut)),
    el("span", { class: "url-end" }, short.slice(cut)),
  );
}
