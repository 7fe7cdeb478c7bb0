/** The official conformance suite runs against the built server, without the scenarios that need fixtures. */

import { describe, expect, it } from "vitest";
import { startServer } from "../harness/http-server-harness.ts";
import { excluded, required, requiredOfTasks } from "./scenarios.ts";
import { type Checks, complaintsOf, listScenarios, RUN_MS, type Run, revisions, runSuite } from "./suite.ts";

const excludedNames: readonly string[] = Object.values(excluded).flat();
const isAsked = (check: string): boolean => !excludedNames.includes(check);

function verdictOn(name: string, scenarios: Run["scenarios"]) {
  const checks: Checks = (scenarios.get(name) ?? []).filter(({ id }) => isAsked(`${name}:${id}`));
  return { name, passes: checks.some(({ status }) => status === "SUCCESS"), complaints: complaintsOf(name, checks) };
}

const passed = (name: string) => ({ name, passes: true, complaints: [] });

describe.each(revisions)("the server as shipped, %s", (revision) => {
  it(
    "passes every scenario that needs no fixtures",
    async () => {
      const { url } = await startServer();
      const { scenarios, output } = await runSuite(url, ["--suite", "all", "--spec-version", revision]);
      expect(
        required[revision].map((name) => verdictOn(name, scenarios)),
        output,
      ).toEqual(required[revision].map(passed));
    },
    RUN_MS,
  );
});

it(
  "the server as shipped passes what the scenarios of the Tasks extension check without fixtures",
  async () => {
    const { url } = await startServer();
    for (const name of requiredOfTasks) {
      const { scenarios, output } = await runSuite(url, ["--scenario", name]);
      expect(verdictOn(name, scenarios), output).toEqual(passed(name));
    }
  },
  RUN_MS,
);

describe("the suite", () => {
  it("has no scenario but those that are required or excluded", async () => {
    const listed = (await listScenarios()).map(({ name }) => name);
    const considered = [...Object.values(required).flat(), ...requiredOfTasks, ...excludedNames].map((name) => name.replace(/:.*/, ""));
    expect([...new Set(considered)].sort()).toEqual(listed.sort());
  });
});
