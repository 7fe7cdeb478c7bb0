/** The view of a task, as hosts with MCP Apps show it. Everything starts here. */

import type { ToolResult } from "./answers/tool-result.ts";
import { failedUrls, isFailed } from "./follow/failed-urls.ts";
import { createFollower } from "./follow/follower.ts";
import { connect, type Host } from "./host/host.ts";
import { type HostContext, hostContext } from "./host/host-context.ts";
import { createPage, type Page } from "./parts/page.ts";
import type { Actions, Busy, Model } from "./parts/part.ts";
import { type Filter, noFilter } from "./state/filter.ts";
import { createItemPages } from "./state/item-pages.ts";
import { initialState, taskIdOf, type ViewState, withAnswer, withCancelledCall, withFailure, withInput } from "./state/view-state.ts";
import { applyContext, tellSizes } from "./surface.ts";
import { createFormat } from "./words/format.ts";
import { languageOf } from "./words/language.ts";

const pages = createItemPages();
let state: ViewState = initialState;
let host: Host | undefined;
let busy: Busy | undefined;
let filter: Filter = noFilter;
let updatedAt: number | undefined;
let language: { readonly locale: string | undefined; readonly timeZone: string | undefined } | undefined;
let page: Page | undefined;
let isDrawing = false;

function call(tool: string, args: object): Promise<ToolResult> {
  return host ? host.call(tool, args) : Promise.reject(new Error("The view is not connected to its host."));
}

/** Several changes of one frame are drawn together. */
function draw(): void {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    page?.update(model());
  });
}

function model(): Model {
  const { task } = state;
  const listed = pages.rows();
  const rows = listed.length > 0 ? listed : (task?.items ?? task?.problems ?? []);
  const hasAllRows = pages.isComplete() || (listed.length === 0 && rows.length >= (task?.total ?? 0));
  return {
    state,
    rows,
    filter,
    hasAllRows,
    canCallTools: host?.canCallTools ?? false,
    isConnected: host !== undefined,
    busy,
    updatedAt,
    now: Date.now(),
  };
}

function change(next: ViewState): void {
  state = next;
  draw();
}

function show(result: ToolResult, isNextPage = false): void {
  if (!result.isError) updatedAt = Date.now();
  change(withAnswer(state, result, isNextPage));
}

function lost(error: unknown): void {
  change(withFailure(state, error instanceof Error ? error.message : String(error)));
}

const follower = createFollower({
  call,
  pages,
  task: () => state.task,
  taskId: () => taskIdOf(state),
  isHidden: () => document.hidden,
  onAnswer: show,
  onLost: lost,
  onRows: draw,
});

/** One call of a person at a time. */
async function during(what: Busy, work: () => Promise<void>): Promise<void> {
  if (busy !== undefined) return;
  busy = what;
  draw();
  try {
    await work();
  } catch (error) {
    lost(error);
  } finally {
    busy = undefined;
    draw();
  }
}

/** Asks the edge about the task, or about the URLs of the call that the view belongs to. */
async function verify(cursor: string | undefined): Promise<void> {
  const id = taskIdOf(state);
  const target = id === undefined ? { urls: state.input.urls } : { task_id: id, ...(cursor !== undefined && { cursor }) };
  show(await call("verify_prefetch", target), cursor !== undefined);
  page?.selectTab("evidence");
}

const actions: Actions = {
  ask: () => void during("ask", () => (state.task || taskIdOf(state) !== undefined ? follower.ask(true) : verify(undefined))),
  verify: () => void during("verify", () => verify(undefined)),
  verifyMore: () => void during("verify", () => verify(state.verification?.nextCursor)),
  cancel: () =>
    void during("cancel", async () => {
      show(await call("cancel_prefetch", { task_id: taskIdOf(state) }));
      await follower.ask(true);
    }),
  failedUrls: async () => {
    const id = taskIdOf(state);
    if (pages.isComplete() || id === undefined || !host?.canCallTools)
      return model()
        .rows.filter(isFailed)
        .map(({ name }) => name);
    let urls: readonly string[] | undefined;
    await during("copy", async () => {
      urls = await failedUrls(call, id);
    });
    return urls;
  },
  filter: (next) => {
    filter = next;
    draw();
  },
  wantRows: (most) => {
    if (host?.canCallTools) follower.wantRows(most);
  },
  announce: (text) => page?.announce(text),
};

function speak({ locale, timeZone }: HostContext): void {
  if (page && language?.locale === locale && language?.timeZone === timeZone) return;
  language = { locale, timeZone };
  const { words, locale: spoken } = languageOf(locale ?? navigator.language);
  document.documentElement.lang = spoken;
  document.title = words.title;
  const next = createPage({ words, format: createFormat(spoken, timeZone, Date.now), actions });
  const tab = page?.selectedTab();
  if (page) page.node.replaceWith(next.node);
  else document.body.append(next.node);
  page = next;
  if (tab === "urls" || tab === "quota" || tab === "evidence" || tab === "details") next.selectTab(tab);
  next.update(model());
}

async function start(): Promise<void> {
  speak(hostContext({}));
  if (window.parent === window) return change({ ...state, phase: "alone" });
  host = await connect(window, {
    onContext: (context) => {
      applyContext(document.documentElement, context);
      speak(context);
    },
    onToolInput: (args) => change(withInput(state, args)),
    onToolResult: (result) => {
      show(result);
      if (!state.task) page?.selectTab("evidence");
      else if (state.task.state === "planned") page?.selectTab("details");
      else if (host?.canCallTools && taskIdOf(state) !== undefined) void follower.ask();
    },
    onToolCancelled: () => change(withCancelledCall(state)),
    onTeardown: follower.stop,
  });
  tellSizes(host, () => page?.node);
  document.addEventListener("visibilitychange", () => follower.wake());
  draw();
}

start().catch(lost);
