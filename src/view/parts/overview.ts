/** The head of the page: headline, progress, deferral, next step, and the error of the last call. */

import { type ItemState, itemStates, type TaskAnswer } from "../answers/task.ts";
import { warmths } from "../answers/verification.ts";
import type { ViewState } from "../state/view-state.ts";
import { visible } from "../words/visible.ts";
import { clamped } from "./clamped.ts";
import { el, rebuilder, setText } from "./element.ts";
import { headlineOf } from "./headline.ts";
import type { Model, Part, PartContext } from "./part.ts";

export function createOverview(context: PartContext): Part {
  const { words, format } = context;
  const sign = el("span", { class: "sign", "aria-hidden": "true" });
  const title = el("h1", { class: "headline" });
  const notice = el("p", { class: "notice" });
  const progress = createProgress(context);
  const wait = el("p", { class: "wait" });
  const failure = clamped(words.error, words, "failure");
  const next = clamped(words.nextStep, words, "next");
  const note = el("p", { class: "note" }, words.asItCame);
  const node = el(
    "div",
    { class: "overview" },
    el("div", { class: "head" }, sign, title, notice),
    progress.node,
    wait,
    failure.node,
    next.node,
    note,
  );

  const update = (model: Model): void => {
    const { state, now } = model;
    const { text, tone } = headlineOf(state, words, format);
    sign.className = `sign ${tone}`;
    setText(title, text);
    show(notice, state.notice === undefined ? undefined : visible(state.notice));
    progress.update(model);
    show(wait, state.task && waitText(state.task, now, { words, format }));
    failure.update(state.failure);
    next.update(state.task?.nextStep || state.verification?.nextStep);
    note.hidden = !model.isConnected || model.canCallTools || state.phase !== "shown";
  };
  return { node, update };
}

function show(element: HTMLElement, text: string | undefined): void {
  element.hidden = text === undefined;
  setText(element, text ?? "");
}

function waitText({ deferred, counts }: TaskAnswer, now: number, { words, format }: Pick<PartContext, "words" | "format">) {
  if (!deferred) return undefined;
  const count = format.count(counts.deferred);
  const [from, until] = [format.moment(deferred.from), format.moment(deferred.until)];
  return from === until ? words.quota.waits(count, from, format.distance(deferred.from, now)) : words.quota.waitsSpan(count, from, until);
}

interface Share {
  readonly name: string;
  readonly label: string;
  readonly count: number;
  /** The rows in this state can be filtered by it. */
  readonly state: ItemState | undefined;
}

/** The bar's text alternative is the list below it. Its entries filter the table. */
function createProgress({ words, format, actions }: PartContext) {
  const bar = el("div", { class: "bar", "aria-hidden": "true" });
  const legend = el("ul", { class: "legend" });
  const node = el("div", { class: "progress" }, bar, legend);
  const rebuildBar = rebuilder(bar);
  const rebuildLegend = rebuilder(legend);

  const entry = ({ name, label, count, state }: Share, filtered: ItemState | undefined): HTMLElement => {
    const content = [
      el("span", { class: `dot ${name}`, "aria-hidden": "true" }),
      el("span", {}, label),
      " ",
      el("b", {}, format.count(count)),
    ];
    if (state === undefined) return el("li", {}, ...content);
    const isPressed = state === filtered;
    const toggle = el("button", { type: "button", "aria-pressed": String(isPressed), "data-state": state }, ...content);
    toggle.addEventListener("click", () => actions.filter({ text: "", state: isPressed ? undefined : state }));
    return el("li", {}, toggle);
  };

  const update = ({ state, rows, filter }: Model): void => {
    const shares = sharesOf(state, words, rows.length > 0).filter(({ count }) => count > 0);
    const isSending = !state.task && !state.verification && state.failure === undefined && state.phase !== "cancelled";
    node.hidden = shares.length === 0 && !isSending;
    bar.classList.toggle("indeterminate", isSending);
    rebuildBar(shares, () =>
      shares.map(({ name, count }) => {
        const segment = el("span", { class: `segment ${name}` });
        segment.style.flexGrow = String(count);
        return segment;
      }),
    );
    const focused = legend.contains(document.activeElement) ? document.activeElement?.getAttribute("data-state") : undefined;
    rebuildLegend([shares, filter.state], () => shares.map((share) => entry(share, filter.state)));
    if (focused) legend.querySelector<HTMLElement>(`[data-state="${focused}"]`)?.focus();
  };
  return { node, update };
}

function sharesOf({ task, verification }: ViewState, words: PartContext["words"], hasRows: boolean): Share[] {
  if (task)
    return itemStates.map((name) => ({ name, label: words.states[name], count: task.counts[name], state: hasRows ? name : undefined }));
  if (!verification) return [];
  return warmths.map((name) => ({ name: `edge-${name}`, label: words.warmths[name], count: verification.counts[name], state: undefined }));
}
