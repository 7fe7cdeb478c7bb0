import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("the demo ends well", { timeout: 70_000 }, () => {
  const root = join(import.meta.dirname, "../../..");
  const result = spawnSync(process.execPath, ["scripts/demo.ts"], { cwd: root, encoding: "utf8", timeout: 60_000 });
  expect(result.stderr.replace(/.*Warning.*\n.*trace-warnings.*\n/, "")).toBe("");
  expect(result.status).toBe(0);
  expect(result.stdout).toMatch(/Everything ended as it should/);
});
