/** The head of the view when there is no task to show. */

import { expect, it } from "vitest";
import { headlineOf } from "../../../src/view/parts/headline.ts";
import { initialState, type ViewState, withFailure } from "../../../src/view/state/view-state.ts";
import { createFormat } from "../../../src/view/words/format.ts";
import { languageOf } from "../../../src/view/words/language.ts";

const headlineIn = (locale: string, state: ViewState) => {
  const { words, locale: spoken } = languageOf(locale);
  return headlineOf(
    state,
    words,
    createFormat(spoken, "UTC", () => 0),
  );
};

it.each(["confirmation_required: The call needs the user's word.", "declined: The user declined."])(
  "says that nothing was sent, and not that the call failed, when the answer is %j",
  (failure) => {
    expect(headlineIn("en", withFailure(initialState, failure))).toEqual({
      text: "Nothing was sent: the call needs your word",
      tone: "calm",
    });
  },
);

it("says that the call failed when it did", () => {
  expect(headlineIn("en", withFailure(initialState, "not_found: gone"))).toEqual({ text: "The call failed", tone: "bad" });
});

it("says where the page belongs when it is open in no app", () => {
  const alone: ViewState = { ...initialState, phase: "alone" };
  expect(headlineIn("en", alone)).toEqual({ text: "This page shows a task inside a chat app with MCP Apps", tone: "calm" });
  expect(headlineIn("zh-CN", alone).text).toContain("MCP Apps");
});
