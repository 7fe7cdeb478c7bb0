/** When the view asks about a task, and which pages it reads. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TaskAnswer, taskAnswer } from "../../../src/view/answers/task.ts";
import { type ToolResult, toolResult } from "../../../src/view/answers/tool-result.ts";
import { failedUrls } from "../../../src/view/follow/failed-urls.ts";
import { createFollower } from "../../../src/view/follow/follower.ts";
import { delayOf } from "../../../src/view/follow/pace.ts";
import { createItemPages } from "../../../src/view/state/item-pages.ts";

type Args = Readonly<Record<string, unknown>>;

const answer = (state: string, more: object = {}) =>
  toolResult({ content: [], structuredContent: { task_id: "pf_1", state, counts: { total: 250, succeeded: 1 }, next_step: "", ...more } });
const page = (from: number, count: number, next?: string) => ({
  items: Array.from({ length: count }, (_, nth) => ({ url: `https://a.example/${from + nth}`, state: "succeeded" })),
  ...(next !== undefined && { next_cursor: next }),
});

function follow(reply: (args: Args, nth: number) => ToolResult | Error) {
  const calls: Args[] = [];
  const lost: unknown[] = [];
  const pages = createItemPages();
  let task: TaskAnswer | undefined;
  let hidden = false;
  const follower = createFollower({
    call: async (_, args) => {
      calls.push({ ...args });
      const result = reply({ ...args }, calls.length);
      if (result instanceof Error) throw result;
      return result;
    },
    pages,
    task: () => task,
    taskId: () => "pf_1",
    isHidden: () => hidden,
    onAnswer: ({ fields }) => {
      task = taskAnswer(fields) ?? task;
    },
    onLost: (error) => lost.push(error),
    onRows: () => undefined,
  });
  const hide = (isHidden: boolean): void => {
    hidden = isHidden;
    follower.wake();
  };
  return { follower, calls, lost, pages, hide };
}

describe("the follower", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks again until the state is final, and not after that", async () => {
    const { follower, calls } = follow((_, nth) => answer(nth < 3 ? "running" : "succeeded", page(0, 1)));
    await follower.ask();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("reads the pages of a task in order, and all of them again when the counts changed", async () => {
    const reply = ({ cursor }: Args, nth: number) => {
      const state = nth > 3 ? "succeeded" : "running";
      const counts = { counts: { total: 250, succeeded: nth > 3 ? 250 : 1 } };
      if (cursor === undefined) return answer(state, { ...counts, ...page(0, 100, "c1") });
      return answer(state, cursor === "c1" ? { ...counts, ...page(100, 100, "c2") } : { ...counts, ...page(200, 50) });
    };
    const { follower, calls, pages } = follow(reply);
    await follower.ask();
    await vi.advanceTimersByTimeAsync(0);
    expect(calls.map(({ cursor }) => cursor)).toEqual([undefined, "c1", "c2"]);
    expect([pages.rows().length, pages.isComplete()]).toEqual([250, true]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.map(({ cursor }) => cursor)).toEqual([undefined, "c1", "c2", undefined, "c1", "c2"]);
  });

  it("reads 500 rows on its own, and more when a person wants them", async () => {
    const { follower, calls, pages } = follow(({ cursor }) =>
      answer("succeeded", page(Number(cursor ?? 0), 100, String(Number(cursor ?? 0) + 100))),
    );
    await follower.ask();
    await vi.advanceTimersByTimeAsync(0);
    expect([pages.rows().length, calls.length]).toEqual([500, 5]);
    follower.wantRows(700);
    await vi.advanceTimersByTimeAsync(0);
    expect(pages.rows()).toHaveLength(700);
  });

  it("backs off while calls fail, gives up after six, and begins again when a person asks", async () => {
    const { follower, calls, lost } = follow((_, nth) => (nth === 1 ? answer("running") : new Error("offline")));
    await follower.ask();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([calls.length, lost.length]).toEqual([7, 6]);
    await follower.ask();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(calls).toHaveLength(13);
  });

  it("rests while the view is hidden, and goes on when it is shown", async () => {
    const { follower, calls, hide } = follow(() => answer("running"));
    await follower.ask();
    hide(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(1);
    hide(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(calls).toHaveLength(2);
    follower.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    await follower.ask();
    expect(calls).toHaveLength(2);
  });
});

describe("delayOf", () => {
  it.each([
    [{ state: "running", unchanged: 0, failures: 0 }, 2_000],
    [{ state: "running", unchanged: 2, failures: 0 }, 4_500],
    [{ state: "running", unchanged: 50, failures: 0 }, 10_000],
    [{ state: "scheduled", unchanged: 0, failures: 0 }, 60_000],
    [{ state: "running", unchanged: 0, failures: 2 }, 8_000],
    [{ state: "running", unchanged: 0, failures: 20 }, 60_000],
  ] as const)("waits as long as %j needs: %i ms", (pace, ms) => {
    expect(delayOf(pace)).toBe(ms);
  });
});

describe("failedUrls", () => {
  const problem = (url: string, state: string) => ({ url, state });

  it("reads the failed and rejected URLs of every page, but none with an unknown outcome", async () => {
    const pages = [{ items: [problem("a", "failed"), problem("b", "unknown")], next_cursor: "c1" }, { items: [problem("c", "rejected")] }];
    const seen: unknown[] = [];
    const urls = await failedUrls(async (tool, args) => {
      seen.push([tool, args]);
      return answer("partial", pages[seen.length - 1]);
    }, "pf_1");
    expect(urls).toEqual(["a", "c"]);
    expect(seen).toEqual([
      ["get_prefetch_status", { task_id: "pf_1", detail: "problems" }],
      ["get_prefetch_status", { task_id: "pf_1", detail: "problems", cursor: "c1" }],
    ]);
  });

  it("fails with the server's text when a page is refused", async () => {
    const refused = toolResult({ isError: true, content: [{ type: "text", text: "not_found: gone" }] });
    await expect(failedUrls(async () => refused, "pf_1")).rejects.toThrow("not_found: gone");
  });
});
