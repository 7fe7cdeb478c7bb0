/** The panel of details: cost, plan, requests, and where the URLs come from. */

import { wordOf } from "../answers/read.ts";
import type { KnownGroup, Source, TaskAnswer } from "../answers/task.ts";
import { itemStates } from "../answers/task.ts";
import { visible } from "../words/visible.ts";
import { el, rebuilder } from "./element.ts";
import type { Part, PartContext } from "./part.ts";
import { urlName } from "./url-name.ts";

type Texts = Pick<PartContext, "words" | "format">;

export function createDetailsPanel({ words, format }: PartContext): Part {
  const node = el("section", { class: "panel", tabindex: "0" });
  const rebuild = rebuilder(node);
  return {
    node,
    update: ({ state: { task } }) =>
      rebuild(task && { ...task, items: undefined, problems: undefined }, () => (task ? content(task, { words, format }) : [])),
  };
}

function content(task: TaskAnswer, texts: Texts): readonly (HTMLElement | undefined)[] {
  const { words } = texts;
  const facts = factsOf(task, texts).flatMap(([name, value]) =>
    value === undefined ? [] : [el("dt", {}, name), el("dd", {}, el("bdi", {}, value))],
  );
  return [
    el("dl", { class: "facts" }, ...facts),
    ...(task.sources.length > 0 ? [el("h2", {}, words.facts.sources), sources(task.sources, texts)] : []),
    ...(task.known.length > 0 ? [el("h2", {}, words.facts.known), known(task.known, texts)] : []),
  ];
}

function factsOf(task: TaskAnswer, { words, format }: Texts): readonly (readonly [name: string, value: string | undefined])[] {
  const positive = (count: number | undefined) => (count === undefined || count === 0 ? undefined : format.count(count));
  const fits = task.fitsToday === undefined ? undefined : task.fitsToday ? words.facts.fits : words.facts.fitsNot;
  const left = task.leftToday === undefined ? undefined : words.facts.leftAfter(format.count(task.leftToday));
  return [
    [words.facts.task, task.taskId],
    [words.facts.cost, task.cost === undefined ? undefined : format.count(task.cost)],
    [words.tabs.quota, [fits, left].filter((each) => each !== undefined).join(" · ") || undefined],
    [words.facts.batches, positive(task.batches)],
    [words.facts.bytes, task.bytes === undefined ? undefined : format.bytes(task.bytes)],
    [words.facts.duplicates, positive(task.duplicatesRemoved)],
    [words.facts.recent, positive(task.skippedRecent)],
  ];
}

function sources(found: readonly Source[], { words, format }: Texts): HTMLElement {
  return el(
    "ul",
    { class: "checks" },
    ...found.map(({ kind, url, urls, leftOut, isLive }) => {
      const facts = [visible(kind), ...(isLive ? [words.facts.live] : []), words.facts.source(format.count(urls))];
      if (leftOut > 0) facts.push(words.facts.leftOut(format.count(leftOut)));
      return el("li", { class: "check" }, urlName(url), el("p", { class: "muted" }, facts.join(" · ")));
    }),
  );
}

function known(groups: readonly KnownGroup[], { words, format }: Texts): HTMLElement {
  return el(
    "ul",
    { class: "plain" },
    ...groups.map(({ taskId, state, count }) => {
      const word = wordOf(itemStates, state);
      return el("li", {}, `${format.count(count)} · ${word ? words.states[word] : visible(state)} · `, el("bdi", {}, visible(taskId)));
    }),
  );
}
