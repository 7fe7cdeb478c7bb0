/** The official conformance suite runs against the built server, without the scenarios that need fixtures. */

import { describe, expect, it } from "vitest";
import { startServer } from "../harness/http-server-harness.ts";
import { excluded, required } from "./scenarios.ts";
import { type Checks, complaintsOf, listScenarios, RUN_MS, revisions, runSuite } from "./suite.ts";

const excludedNames: readonly string[] = Object.values(excluded).flat();
const isAsked = (check: string): boolean => !excludedNames.includes(check);

describe.each(revisions)("the server as shipped, %s", (revision) => {
  it(
    "passes every scenario that needs no fixtures",
    async () => {
      const { url } = await startServer();
      const { scenarios, output } = await runSuite(url, ["--suite", "all", "--spec-version", revision]);
      const verdicts = required[revision].map((name) => {
        const checks: Checks = (scenarios.get(name) ?? []).filter(({ id }) => isAsked(`${name}:${id}`));
        return { name, passes: checks.some(({ status }) => status === "SUCCESS"), complaints: complaintsOf(name, checks) };
      });
      expect(verdicts, output).toEqual(required[revision].map((name) => ({ name, passes: true, complaints: [] })));
    },
    RUN_MS,
  );
});

describe("the suite", () => {
  it("has no scenario but those that are required or excluded", async () => {
    const listed = (await listScenarios()).map(({ name }) => name);
    const considered = [...Object.values(required).flat(), ...excludedNames].map((name) => name.replace(/:.*/, ""));
    expect([...new Set(considered)].sort()).toEqual(listed.sort());
  });
});
