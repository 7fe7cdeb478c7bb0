import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** System tests start processes and take longest. */
const systemTests = "test/system/**/*.test.ts";

/** The files that take the longest, by measured time. Such a file that starts last would run alone on one core while the other core idles. */
const longest = [
  "faults/faults",
  "crash/signals",
  "redaction/redaction",
  "crash/processes",
  "http/hostile-streams",
  "storage-files/memory",
  "crash/crash",
  "process/doctor",
  "crash/mixed",
  "model/model",
  "demo",
  "process/http-provider",
  "process/story",
  "process/commands",
  "process/process",
  "process/refresh-first",
  "process/cancel",
  "conformance/transport",
  "http/sitemaps",
  "http/slow-clients",
  "http/oauth",
  "process/host-reads-nothing",
  "storage-files/versions",
  "storage-files/damage",
  "storage-files/full",
  "storage-files/size",
  "packaging/tarball",
  "packaging/bundle",
  "view/task",
  "view/page",
];

/** Runs the longest files first, then the other system tests, then the unit tests. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const rank = longest.findIndex((name) => moduleId.endsWith(`/test/system/${name}.test.ts`));
      if (rank >= 0) return rank;
      return moduleId.includes("/test/system/") ? longest.length : longest.length + 1;
    };
    return files.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

// Workers, and the threads in them, start from compiled code.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "node_modules/.cache/compiled-tests");

export default defineConfig({
  test: {
    // System tests often wait, so three files keep two cores busy. More files slow each other down until deadlines pass.
    maxWorkers: 3,
    // A worker runs many files. A process for each file would spend half a second of the processor on the modules that all import.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    globalSetup: "test/storage/postgres/global-setup.ts",
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A poll ends with its condition. Its timeout only ends a failed test, so it is long enough for a busy machine.
    expect: { requireAssertions: true, poll: { timeout: 15_000 } },
    projects: [
      // Calls wait for 50 s at most. A shorter timeout fails the test of a server that does not end such a wait early.
      { extends: true, test: { name: "system", include: [systemTests], testTimeout: 40_000, hookTimeout: 40_000 } },
      { extends: true, test: { name: "units", include: ["test/**/*.test.ts"], exclude: [systemTests] } },
    ],
  },
});
