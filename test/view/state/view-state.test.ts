/** The state of the view after each message. */

import { expect, it } from "vitest";
import { toolResult } from "../../../src/view/answers/tool-result.ts";
import {
  initialState,
  isFinal,
  taskIdOf,
  withAnswer,
  withCancelledCall,
  withFailure,
  withInput,
} from "../../../src/view/state/view-state.ts";

const result = (fields: object, more: object = {}) => toolResult({ content: [], structuredContent: fields, ...more });
const task = { task_id: "pf_1", state: "running", counts: { total: 1, queued: 1 }, next_step: "Wait." };
const checked = { counts: { cold: 1 }, results: [{ url: "https://a.example/1", state: "cold" }], next_step: "Read why." };

it("goes from waiting over sending to shown when the host tells input and result", () => {
  const sending = withInput(initialState, { urls: ["https://a.example/1", "https://a.example/2"] });
  expect(sending).toMatchObject({ phase: "sending", input: { entries: 2 } });
  const shown = withAnswer(sending, result({ ...task, notice: "Sandbox." }));
  expect(shown).toMatchObject({ phase: "shown", task: { taskId: "pf_1" }, notice: "Sandbox.", failure: undefined });
  expect(withInput(shown, { task_id: "pf_1" }).phase).toBe("shown");
});

it("counts assets as entries", () => {
  expect(withInput(initialState, { asset_ids: ["a", "b", "c"] }).input.entries).toBe(3);
  expect(withInput(initialState, { asset_id: "a" }).input.entries).toBe(1);
  expect(withInput(initialState, { task_id: "pf_1" }).input).toEqual({ entries: 0, taskId: "pf_1", urls: undefined });
});

it("is cancelled when the call ends without an answer, and stays shown when there was one", () => {
  expect(withCancelledCall(withInput(initialState, {})).phase).toBe("cancelled");
  expect(withCancelledCall(withAnswer(initialState, result(task))).phase).toBe("shown");
});

it("keeps the task beside an error, and drops the error with the next answer", () => {
  const shown = withAnswer(initialState, result(task));
  const failed = withAnswer(shown, toolResult({ isError: true, content: [{ type: "text", text: "not_found: gone" }] }));
  expect(failed).toMatchObject({ failure: "not_found: gone", task: { taskId: "pf_1" } });
  expect(withAnswer(failed, result(task)).failure).toBeUndefined();
  expect(withFailure(shown, "The host gave no answer.").failure).toBe("The host gave no answer.");
});

it("keeps the cost, the sources and the known URLs of the spending call when later answers lack them", () => {
  const streams = [{ url: "https://a.example/m.m3u8", kind: "hls", live: false, urls: 2 }];
  const spent = withAnswer(initialState, result({ ...task, cost: 2, streams, known: [{ task_id: "pf_0", state: "succeeded", count: 1 }] }));
  const later = withAnswer(spent, result(task));
  expect(later.task).toMatchObject({ cost: 2, sources: [{ urls: 2 }], known: [{ count: 1 }] });
  expect(withAnswer(spent, result({ ...task, task_id: "pf_2" })).task).toMatchObject({ cost: undefined, sources: [] });
});

it("shows a verification beside the task, and puts its next page behind it", () => {
  const shown = withAnswer(withAnswer(initialState, result(task)), result(checked));
  expect(shown).toMatchObject({ task: { taskId: "pf_1" }, verification: { checks: [{ state: "cold" }] } });
  expect(withAnswer(shown, result(checked), true).verification?.checks).toHaveLength(2);
  expect(withAnswer(shown, result(checked)).verification?.checks).toHaveLength(1);
});

it("takes an answer without known fields for an error", () => {
  expect(withAnswer(initialState, result({ other: 1 }, { content: [{ type: "text", text: "hm" }] }))).toMatchObject({
    phase: "shown",
    failure: "hm",
    task: undefined,
  });
});

it("knows the task from the answer, or from the arguments of the call", () => {
  expect(taskIdOf(withInput(initialState, { task_id: "pf_9" }))).toBe("pf_9");
  expect(taskIdOf(withInput(initialState, { task_id: "5199337c31c8e462", provider: "huawei-vod" }))).toBeUndefined();
  expect(taskIdOf(withAnswer(withInput(initialState, { task_id: "pf_9" }), result(task)))).toBe("pf_1");
});

it.each([
  ["queued", false],
  ["running", false],
  ["scheduled", false],
  ["planned", true],
  ["partial", true],
  ["cancelled", true],
] as const)("the state %s is final: %s", (state, final) => {
  expect(isFinal({ state })).toBe(final);
});
