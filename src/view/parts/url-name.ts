/** A URL on one line: its end stays readable when it is long, and its full text is the tooltip. */

import { visible } from "../words/visible.ts";
import { el } from "./element.ts";

/** The name of a file mostly fits. A longer end leaves less room for the host. */
const END = 18;
/** A shorter URL fits into the narrowest column, so it stays in one piece. */
const SHORT = 32;
/** Browsers lay out longer lines slowly. The row's details have all of it. */
const LONGEST = 400;

export function urlName(url: string): HTMLElement {
  const shown = visible(url);
  const short = shown.length > LONGEST ? `${shown.slice(0, LONGEST / 2)}…${shown.slice(-LONGEST / 2)}` : shown;
  const name = el("bdi", { class: "url", dir: "ltr", title: shown });
  if (short.length <= SHORT) name.append(short);
  else name.append(el("span", { class: "url-start" }, short.slice(0, -END)), short.slice(-END));
  return name;
}
