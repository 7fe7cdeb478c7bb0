import { describe, expect, it } from "vitest";
import { answerText } from "../../src/mcp/answer-text.ts";

describe("answerText", () => {
  it("puts the headline and the sentences first, and each of them once", () => {
    const answer = { state: "failed", next_step: "Correct the URL.", cost: 0, notice: "This is a test." };
    expect(answerText(answer, "failed: 1 failed.")).toBe(
      'failed: 1 failed. Correct the URL. This is a test.\n\n{"state":"failed","cost":0}',
    );
  });

  it("is JSON alone when the answer has no sentence", () => {
    expect(answerText({ tasks: [] }, undefined)).toBe('{"tasks":[]}');
  });
});
