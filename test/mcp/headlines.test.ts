import { describe, expect, it } from "vitest";
import { listHeadline, verifyHeadline } from "../../src/mcp/headlines.ts";

describe("verifyHeadline", () => {
  it("counts the checks and names the states that occur", () => {
    expect(verifyHeadline({ counts: { warm: 1_020, "warm-parent-only": 0, cold: 2, uncacheable: 0, unknown: 0 } })).toBe(
      "1,022 checked: 1,020 warm, 2 cold.",
    );
  });

  it("says that nothing was checked when no state occurs", () => {
    expect(verifyHeadline({ counts: { warm: 0 } })).toBe("Nothing checked.");
  });
});

describe("listHeadline", () => {
  it("counts the tasks by state", () => {
    const tasks = ["succeeded", "running", "succeeded"].map((state) => ({ state }));
    expect(listHeadline({ tasks })).toBe("3 tasks: 2 succeeded, 1 running.");
    expect(listHeadline({ tasks: [{ state: "failed" }] })).toBe("1 task: 1 failed.");
  });

  it("says that the list goes on when it has another page", () => {
    expect(listHeadline({ tasks: [{ state: "failed" }], next_cursor: "x" })).toBe(
      "1 task: 1 failed on this page; next_cursor leads to more.",
    );
  });

  it("leaves an empty list to its next step", () => {
    expect(listHeadline({ tasks: [] })).toBeUndefined();
  });
});
