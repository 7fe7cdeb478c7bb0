/**
 * The state of the view, from the host's messages and the answers to the view's own calls. Pure.
 *
 * | phase       | meaning                                  | goes on as                       |
 * | ----------- | ---------------------------------------- | -------------------------------- |
 * | `alone`     | the page is open in no app               |                                  |
 * | `waiting`   | the host has told nothing                | `sending`, `shown`, `cancelled`  |
 * | `sending`   | the call is under way                    | `shown`, `cancelled`             |
 * | `shown`     | there is an answer or an error           | `shown`                          |
 * | `cancelled` | the call was cancelled before its answer | `shown`                          |
 */

import { type Fields, textOf } from "../answers/read.ts";
import { type TaskAnswer, taskAnswer } from "../answers/task.ts";
import type { ToolResult } from "../answers/tool-result.ts";
import { joined, type Verification, verification } from "../answers/verification.ts";

/** The arguments of the call that the view belongs to, as far as the view uses them. */
export interface CallInput {
  readonly entries: number;
  readonly taskId: string | undefined;
  readonly urls: readonly unknown[] | undefined;
}

export interface ViewState {
  readonly phase: "alone" | "waiting" | "sending" | "shown" | "cancelled";
  readonly input: CallInput;
  readonly task: TaskAnswer | undefined;
  readonly verification: Verification | undefined;
  /** The text of the last call that failed, until a later call succeeds. */
  readonly failure: string | undefined;
  readonly notice: string | undefined;
}

export const initialState: ViewState = {
  phase: "waiting",
  input: { entries: 0, taskId: undefined, urls: undefined },
  task: undefined,
  verification: undefined,
  failure: undefined,
  notice: undefined,
};

export function withInput(state: ViewState, args: Fields): ViewState {
  const urls = Array.isArray(args.urls) ? args.urls : undefined;
  const assets = Array.isArray(args.asset_ids) ? args.asset_ids.length : args.asset_id === undefined ? 0 : 1;
  const input = { entries: urls?.length ?? assets, taskId: textOf(args.task_id), urls };
  return { ...state, input, phase: state.phase === "waiting" ? "sending" : state.phase };
}

export function withCancelledCall(state: ViewState): ViewState {
  return state.phase === "shown" ? state : { ...state, phase: "cancelled" };
}

/** `isNextPage`: the answer continues the verification that is shown. */
export function withAnswer(state: ViewState, { isError, text, fields }: ToolResult, isNextPage = false): ViewState {
  const shown: ViewState = { ...state, phase: "shown" };
  const task = taskAnswer(fields);
  const checked = verification(fields);
  if (isError || (!task && !checked)) return { ...shown, failure: text };
  const notice = textOf(fields.notice) ?? state.notice;
  if (checked) {
    const all = isNextPage && state.verification ? joined(state.verification, checked) : checked;
    return { ...shown, verification: all, notice, failure: undefined };
  }
  return { ...shown, task: task && keepingFacts(state.task, task), notice, failure: undefined };
}

/** The spending call tells sources, known URLs and cost; later answers about the task do not repeat them. */
function keepingFacts(before: TaskAnswer | undefined, now: TaskAnswer): TaskAnswer {
  if (!before || before.taskId !== now.taskId) return now;
  return {
    ...now,
    sources: now.sources.length > 0 ? now.sources : before.sources,
    known: now.known.length > 0 ? now.known : before.known,
    cost: now.cost ?? before.cost,
  };
}

export function withFailure(state: ViewState, failure: string): ViewState {
  return { ...state, failure };
}

/** No more news will come without a new call. */
export function isFinal({ state }: Pick<TaskAnswer, "state">): boolean {
  return !["queued", "running", "scheduled"].includes(state);
}

/** The task that the view's calls are about. A vendor's own task has neither rows nor anything to cancel. */
export function taskIdOf({ task, input }: Pick<ViewState, "task" | "input">): string | undefined {
  const id = task?.taskId ?? input.taskId;
  return id?.startsWith("pf_") ? id : undefined;
}
