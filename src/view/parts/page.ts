/** The whole page in one language. A change of the language makes a new one. */

import type { ItemState } from "../answers/task.ts";
import { taskIdOf } from "../state/view-state.ts";
import { createDetailsPanel } from "./details-panel.ts";
import { el, setText } from "./element.ts";
import { createEvidencePanel } from "./evidence-panel.ts";
import { headlineOf } from "./headline.ts";
import { createOverview } from "./overview.ts";
import type { Model, PartContext } from "./part.ts";
import { createQuotaPanel } from "./quota-panel.ts";
import { createTabs } from "./tabs.ts";
import { createToolbar } from "./toolbar.ts";
import { createUrlsPanel } from "./urls-panel.ts";

export interface Page {
  readonly node: HTMLElement;
  update(model: Model): void;
  selectTab(id: "urls" | "quota" | "evidence" | "details"): void;
  selectedTab(): string;
  announce(text: string): void;
}

export function createPage(context: PartContext): Page {
  const { words, format } = context;
  const overview = createOverview(context);
  const toolbar = createToolbar(context);
  const panels = {
    urls: createUrlsPanel(context),
    quota: createQuotaPanel(context),
    evidence: createEvidencePanel(context),
    details: createDetailsPanel(context),
  };
  const tabs = createTabs(words.tabs.label, [
    { id: "urls", label: words.tabs.urls, panel: panels.urls.node },
    { id: "quota", label: words.tabs.quota, panel: panels.quota.node },
    { id: "evidence", label: words.tabs.evidence, panel: panels.evidence.node },
    { id: "details", label: words.tabs.details, panel: panels.details.node },
  ]);
  const content = el("div", { class: "content" }, tabs.node, ...Object.values(panels).map(({ node }) => node));
  const status = el("div", { class: "sr-only", role: "status" });
  const node = el("main", { class: "app", "aria-label": words.title }, overview.node, toolbar.node, content, status);
  let announced: string | undefined;
  let filtered: ItemState | undefined;

  const updateTabs = ({ state, filter, canCallTools }: Model): void => {
    // A state that was chosen at the head of the page is to be seen.
    if (filter.state !== undefined && filter.state !== filtered) tabs.select("urls");
    filtered = filter.state;
    content.hidden = !state.task && !state.verification;
    tabs.node.hidden = !state.task;
    tabs.offer("evidence", state.verification !== undefined || (canCallTools && taskIdOf(state) !== undefined));
    tabs.count("urls", state.task && format.count(state.task.total));
    tabs.count("evidence", state.verification && format.count(state.verification.checks.length));
  };
  /** Only a new state or error is read out. The counts of a running task would interrupt all the time. */
  const announceNews = ({ state }: Model): void => {
    const key = JSON.stringify([state.phase, state.task?.state, state.failure, state.verification?.counts]);
    if (key === announced) return;
    announced = key;
    const { text } = headlineOf(state, words, format);
    setText(status, state.failure === undefined ? text : `${text}. ${state.failure}`);
  };
  const update = (model: Model): void => {
    updateTabs(model);
    overview.update(model);
    toolbar.update(model);
    for (const panel of Object.values(panels)) panel.update(model);
    announceNews(model);
  };
  return { node, update, selectTab: tabs.select, selectedTab: tabs.selected, announce: (text) => setText(status, text) };
}
