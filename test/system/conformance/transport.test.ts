/** Our HTTP transport, asked by the official conformance suite for everything, with the fixtures that it wants to find. */

import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startFixtureServer } from "./fixture-server.ts";
import { complaintsOf, listScenarios, RUN_MS, runSuite } from "./suite.ts";

async function startServer(): Promise<string> {
  const service = await startFixtureServer();
  onTestFinished(() => service.close());
  return service.url;
}

it(
  "serves all of 2026-07-28, and tasks",
  async () => {
    const listed = await listScenarios();
    const { scenarios, exitCode, output } = await runSuite(await startServer(), ["--requirements", "2026-07-28"]);
    // A requirement set is frozen; what has been added to the suite since has to be run as well.
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

it(
  "serves all of 2025-11-25 that needs no sessions",
  async () => {
    const baseline = join(import.meta.dirname, "baseline-2025-11-25.yml");
    const args = ["--suite", "all", "--spec-version", "2025-11-25", "--expected-failures", baseline];
    const { scenarios, exitCode, output } = await runSuite(await startServer(), args);
    const complaints = [...scenarios].flatMap(([name, checks]) => complaintsOf(name, checks));
    expect(exitCode, [output, ...complaints].join("\n")).toBe(0);
  },
  RUN_MS,
);
