import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** System tests start processes and take longest. */
const systemTests = "test/system/**/*.test.ts";

/** A long file that starts last would run alone on one core while the other idles. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => moduleId.includes("/test/system/");
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // On two cores, more than two files at once only slow each other down.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { requireAssertions: true },
    projects: [
      { extends: true, test: { name: "system", include: [systemTests] } },
      // One process for all small files: starting a process per file takes longer than their tests.
      { extends: true, test: { name: "units", include: ["test/**/*.test.ts"], exclude: [systemTests], isolate: false } },
    ],
  },
});
