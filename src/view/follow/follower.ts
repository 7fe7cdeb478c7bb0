/** Asks about a task until its state is final, and reads its rows page by page. */

import { type TaskAnswer, taskAnswer } from "../answers/task.ts";
import type { ToolResult } from "../answers/tool-result.ts";
import type { ItemPages } from "../state/item-pages.ts";
import { isFinal } from "../state/view-state.ts";
import { delayOf } from "./pace.ts";

export interface FollowerDeps {
  readonly call: (tool: string, args: object) => Promise<ToolResult>;
  readonly pages: ItemPages;
  readonly task: () => TaskAnswer | undefined;
  readonly taskId: () => string | undefined;
  readonly isHidden: () => boolean;
  readonly onAnswer: (result: ToolResult) => void;
  /** The host could not make the call. */
  readonly onLost: (error: unknown) => void;
  readonly onRows: () => void;
}

export interface Follower {
  /** Asks now, and goes on until the state is final. `afresh` also reads every row again. */
  ask(afresh?: boolean): Promise<void>;
  /** Goes on, or rests, when the page is shown or hidden. */
  wake(): void;
  wantRows(most: number): void;
  stop(): void;
}

/** Rows that are read without a person asking for more. */
export const FIRST_ROWS = 500;
/** After this many failed calls in a row, a person has to ask. */
const MOST_FAILURES = 6;

export function createFollower(deps: FollowerDeps): Follower {
  const { call, pages, task, taskId, onAnswer, onLost, onRows } = deps;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let asking: Promise<void> | undefined;
  let isFilling = false;
  let most = FIRST_ROWS;
  let failures = 0;
  let unchanged = 0;
  /** Rows that were asked for before it changed are out of date. */
  let generation = 0;

  const schedule = (): void => {
    clearTimeout(timer);
    const now = task();
    if (stopped || deps.isHidden() || !now || isFinal(now) || failures >= MOST_FAILURES) return;
    timer = setTimeout(() => void ask(), delayOf({ state: now.state, unchanged, failures }));
  };

  const take = (result: ToolResult, afresh: boolean): void => {
    const before = task();
    onAnswer(result);
    const now = result.isError ? undefined : taskAnswer(result.fields);
    failures = now ? 0 : failures + 1;
    if (now) takeTask(now, hasNews(before, now), afresh);
  };

  const takeTask = (now: TaskAnswer, isNews: boolean, afresh: boolean): void => {
    unchanged = isNews ? 0 : unchanged + 1;
    // While a long task runs, only the end brings all of its pages up to date: that takes a call per page.
    const isDue = isNews && (isFinal(now) || pages.rows().length <= FIRST_ROWS);
    if (afresh || isDue) {
      generation += 1;
      pages.age();
    }
    if (now.items) pages.put(0, now.items, now.nextCursor);
    onRows();
    void fill();
  };

  const askOnce = async (afresh: boolean): Promise<void> => {
    clearTimeout(timer);
    const id = taskId();
    if (stopped || id === undefined) return;
    try {
      const result = await call("get_prefetch_status", { task_id: id, detail: "all" });
      if (!stopped) take(result, afresh);
    } catch (error) {
      failures += 1;
      if (!stopped) onLost(error);
    }
  };

  const ask = (afresh = false): Promise<void> => {
    asking ??= askOnce(afresh).finally(() => {
      asking = undefined;
      schedule();
    });
    return asking;
  };

  const readPage = async (): Promise<boolean> => {
    const page = pages.wanted(most);
    const id = taskId();
    if (stopped || deps.isHidden() || !page || id === undefined) return false;
    const begun = generation;
    const result = await call("get_prefetch_status", { task_id: id, detail: "all", cursor: page.cursor });
    if (begun !== generation) return true;
    if (result.isError) onAnswer(result);
    const answer = taskAnswer(result.fields);
    if (!answer?.items) return false;
    pages.put(page.index, answer.items, answer.nextCursor);
    onRows();
    return true;
  };

  const fill = async (): Promise<void> => {
    if (isFilling) return;
    isFilling = true;
    try {
      while (await readPage());
    } catch (error) {
      if (!stopped) onLost(error);
    } finally {
      isFilling = false;
    }
  };

  return {
    ask: async (afresh) => {
      failures = 0;
      await ask(afresh);
    },
    wake: () => {
      schedule();
      void fill();
    },
    wantRows: (wanted) => {
      if (wanted <= most) return;
      most = wanted;
      void fill();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function hasNews(before: TaskAnswer | undefined, now: TaskAnswer): boolean {
  return before?.taskId !== now.taskId || JSON.stringify(before?.counts) !== JSON.stringify(now.counts);
}
