/** The buttons. Cancelling asks first, because it cannot be undone. */

import type { TaskAnswer } from "../answers/task.ts";
import { isFinal, taskIdOf } from "../state/view-state.ts";
import { createCopy } from "./copy.ts";
import { button, el, setText } from "./element.ts";
import type { Model, Part, PartContext } from "./part.ts";

export function createToolbar({ words, format, actions }: PartContext): Part {
  let model: Model | undefined;
  let copied: TaskAnswer | undefined;
  const ask = button(words.actions.ask, actions.ask);
  const verify = button(words.actions.verify, actions.verify);
  const copy = button("", () => void copyFailed());
  const cancel = button(words.actions.cancel, () => confirm(true));
  const updated = el("p", { class: "updated" });
  const buttons = el("div", { class: "buttons", role: "group", "aria-label": words.actions.label }, ask, verify, copy, cancel);

  const question = el("span", { id: "cancel-question" });
  const yes = button(
    words.actions.cancelConfirm,
    () => {
      confirm(false);
      actions.cancel();
    },
    "button danger",
  );
  const keep = button(words.actions.cancelKeep, () => confirm(false));
  const confirmation = el("div", { class: "confirmation", role: "group", "aria-labelledby": "cancel-question" }, question, yes, keep);
  confirmation.hidden = true;

  const byHand = createCopy(words.actions);
  const node = el("div", { class: "toolbar" }, el("div", { class: "bar-of-buttons" }, buttons, updated), confirmation, byHand.node);

  const confirm = (isOpen: boolean): void => {
    const had = confirmation.contains(document.activeElement);
    confirmation.hidden = !isOpen;
    if (isOpen) keep.focus();
    else if (had) (cancel.hidden ? ask : cancel).focus();
  };
  confirmation.addEventListener("keydown", (event) => {
    if (event.key === "Escape") confirm(false);
  });

  const copyFailed = async (): Promise<void> => {
    const urls = await actions.failedUrls();
    if (!urls) return;
    if (!(await byHand.copy(urls.join("\n")))) return;
    copied = model?.state.task;
    if (model) update(model);
    actions.announce(words.actions.copied(format.count(urls.length)));
  };

  const update = (next: Model): void => {
    model = next;
    const offers = offersOf(next);
    ask.hidden = !offers.canAsk;
    verify.hidden = !offers.canVerify;
    copy.hidden = offers.failed === 0;
    cancel.hidden = offers.waiting === 0;
    if (cancel.hidden && !confirmation.hidden) confirm(false);
    for (const each of [ask, verify, copy, cancel, yes]) each.disabled = next.busy !== undefined;
    label(next, offers);
  };
  const label = ({ state, busy, updatedAt }: Model, { failed, waiting }: Offers): void => {
    setText(ask, busy === "ask" ? words.actions.asking : words.actions.ask);
    setText(verify, busy === "verify" ? words.actions.verifying : words.actions.verify);
    // The word that the copy worked stays until there is news.
    setText(copy, copied === state.task ? words.actions.copied(format.count(failed)) : words.actions.copy(format.count(failed)));
    setText(question, words.actions.cancelQuestion(format.count(waiting)));
    setText(updated, updatedAt === undefined ? "" : words.updated(format.clock(updatedAt)));
    node.hidden = updatedAt === undefined && [ask, verify, copy, cancel].every((each) => each.hidden);
  };
  return { node, update };
}

interface Offers {
  readonly canAsk: boolean;
  readonly canVerify: boolean;
  /** URLs that were not prefetched. */
  readonly failed: number;
  /** URLs that are not sent yet. */
  readonly waiting: number;
}

function offersOf({ state, canCallTools }: Model): Offers {
  const { task, input, verification } = state;
  const hasTask = canCallTools && taskIdOf(state) !== undefined;
  if (!task)
    return {
      canAsk: canCallTools && verification !== undefined && (hasTask || input.urls !== undefined),
      canVerify: false,
      failed: 0,
      waiting: 0,
    };
  const { succeeded, processing, failed, untracked, unknown, rejected, queued, deferred } = task.counts;
  const sent = succeeded + processing + failed + untracked + unknown;
  return {
    canAsk: hasTask,
    canVerify: hasTask && sent > 0,
    failed: failed + rejected,
    waiting: hasTask && !isFinal(task) ? queued + deferred : 0,
  };
}
