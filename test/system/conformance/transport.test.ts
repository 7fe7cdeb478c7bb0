/** The official conformance suite runs in full against the HTTP transport, with the fixtures that the suite needs. */

import { join } from "node:path";
import { it, type TestContext } from "vitest";
import { startFixtureServer } from "./fixture-server.ts";
import { complaintsOf, listScenarios, RUN_MS, runSuite } from "./suite.ts";

async function startServer({ onTestFinished }: TestContext): Promise<string> {
  const service = await startFixtureServer();
  onTestFinished(() => service.close());
  return service.url;
}

it.concurrent(
  "the transport passes all of 2026-07-28, and tasks",
  async (test) => {
    const { expect } = test;
    const listed = await listScenarios();
    const { scenarios, exitCode, output } = await runSuite(await startServer(test), ["--requirements", "2026-07-28"]);
    // A requirement set is frozen, so the test also demands the scenarios that the suite has added since.
    const wanted = listed.filter(({ name, versions }) => versions.includes("2026-07-28") || name.startsWith("tasks-"));
    expect([...scenarios.keys()].sort(), output).toEqual(wanted.map(({ name }) => name).sort());
    expect(
      [...scenarios].flatMap(([name, checks]) => complaintsOf(name, checks)),
      output,
    ).toEqual([]);
    expect(exitCode, output).toBe(0);
  },
  RUN_MS,
);

it.concurrent(
  "the transport passes all of 2025-11-25 that needs no sessions",
  async (test) => {
    const { expect } = test;
    const baseline = join(import.meta.dirname, "baseline-2025-11-25.yml");
    const args = ["--suite", "all", "--spec-version", "2025-11-25", "--expected-failures", baseline];
    const { scenarios, exitCode, output } = await runSuite(await startServer(test), args);
    const complaints = [...scenarios].flatMap(([name, checks]) => complaintsOf(name, checks));
    expect(exitCode, [output, ...complaints].join("\n")).toBe(0);
  },
  RUN_MS,
);
