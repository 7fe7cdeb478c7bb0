import { describe, expect, it } from "vitest";
import { inShellWords } from "../../src/cli/commands/shell-words.ts";

describe("inShellWords", () => {
  it.each([
    [
      "3 not sent yet. Call get_prefetch_status with task_id pf_01a-2 and wait_seconds 50 until the state is final.",
      "3 not sent yet. Run cdn-prefetch-mcp status pf_01a-2 --wait 60 until the state is final.",
    ],
    [
      "Where a prefetch can help, call prefetch_urls with force true and just those.",
      "Where a prefetch can help, run cdn-prefetch-mcp warm with --force and just those.",
    ],
    [
      'Call again with on_quota_exceeded "partial", or with expand "streams".',
      "Call again with --on-quota-exceeded partial, or with --expand streams.",
    ],
    ["Every URL is warm. The task has more URLs: call again with next_cursor.", "Every URL is warm."],
    ["Call list_prefetch_tasks first.", "Run cdn-prefetch-mcp status first."],
    ["Call again in a minute, or with wait_seconds 50, which asks every 5 seconds.", "Call again in a minute."],
    ["verify_prefetch with task_id pf_1 proves it.", "The MCP tool verify_prefetch with pf_1 proves it."],
    ["Call again, or cancel_prefetch to drop what waits.", "Call again, or the MCP tool cancel_prefetch to drop what waits."],
    ["Call again without dry_run to spend 3 units.", "Call again without --dry-run to spend 3 units."],
    ["A text without tools stays as it is.", "A text without tools stays as it is."],
  ])("turns %j into the words of a shell", (text, words) => {
    expect(inShellWords(text)).toBe(words);
  });
});
