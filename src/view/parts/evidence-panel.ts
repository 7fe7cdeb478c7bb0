/** The panel of evidence: what the edge holds, how that is known, and what to change. */

import { type Check, type Verification, warmths } from "../answers/verification.ts";
import { visible } from "../words/visible.ts";
import { button, el, rebuilder, setText } from "./element.ts";
import type { Model, Part, PartContext } from "./part.ts";
import { urlName } from "./url-name.ts";

type Texts = Pick<PartContext, "words" | "format">;

export function createEvidencePanel({ words, format, actions }: PartContext): Part {
  const body = el("div", { class: "stack" });
  const rebuild = rebuilder(body);
  const more = button(words.actions.verifyMore, actions.verifyMore);
  const node = el("section", { class: "panel", tabindex: "0" }, body, more);
  const update = ({ state: { verification, task }, canCallTools, busy }: Model): void => {
    more.hidden = !canCallTools || verification?.nextCursor === undefined;
    more.disabled = busy !== undefined;
    setText(more, busy === "verify" ? words.actions.verifying : words.actions.verifyMore);
    rebuild([verification, task === undefined], () => {
      if (!verification) return [el("p", { class: "empty" }, words.evidence.noneYet)];
      if (verification.checks.length === 0) return [el("p", { class: "empty" }, words.evidence.none)];
      // With a task, the head of the page counts the task's URLs instead.
      const counts = task ? [warmthCounts(verification, { words, format })] : [];
      return [...counts, el("ul", { class: "checks" }, ...verification.checks.map((each) => check(each, { words, format })))];
    });
  };
  return { node, update };
}

function warmthCounts({ counts, nextStep }: Verification, { words, format }: Texts): HTMLElement {
  const shown = warmths.filter((state) => counts[state] > 0);
  const list = shown.map((state) =>
    el(
      "li",
      {},
      el("span", { class: `dot edge-${state}`, "aria-hidden": "true" }),
      el("span", {}, words.warmths[state]),
      " ",
      el("b", {}, format.count(counts[state])),
    ),
  );
  return el(
    "div",
    { class: "warmth" },
    el("ul", { class: "legend" }, ...list),
    el("p", { class: "muted", dir: "auto" }, visible(nextStep)),
  );
}

function check(row: Check, { words, format }: Texts): HTMLElement {
  const facts = [
    row.cdn,
    row.pop,
    row.status === undefined ? undefined : `${words.evidence.status} ${row.status}`,
    row.ageSeconds === undefined ? undefined : words.evidence.age(format.span(row.ageSeconds)),
    row.ttlSeconds === undefined ? undefined : words.evidence.lives(format.span(row.ttlSeconds)),
  ].filter((fact) => fact !== undefined);
  return el(
    "li",
    { class: "check" },
    el(
      "div",
      { class: "check-head" },
      el("span", { class: "state" }, el("span", { class: `dot edge-${row.state}`, "aria-hidden": "true" }), words.warmths[row.state]),
      urlName(row.url),
    ),
    row.reason === "" ? undefined : el("p", { dir: "auto" }, visible(row.reason)),
    ...row.obstacles.map(({ reason, change }) =>
      el("p", { class: "obstacle", dir: "auto" }, `${visible(reason)} `, el("strong", {}, `${words.evidence.change}: `), visible(change)),
    ),
    facts.length === 0 ? undefined : el("p", { class: "muted" }, facts.map(visible).join(" · ")),
    row.evidence.length === 0
      ? undefined
      : el("details", {}, el("summary", {}, words.evidence.show), el("pre", { dir: "ltr" }, row.evidence.map(visible).join("\n"))),
  );
}
