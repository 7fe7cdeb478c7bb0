import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** They start processes, and take longest. */
const long = ["reliability", "e2e", "http", "conformance"];
const longFiles = long.map((folder) => `test/${folder}/**/*.test.ts`);

/** Begun last, one of the long files would go on alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.some((folder) => moduleId.includes(`/test/${folder}/`));
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
      { extends: true, test: { name: "long", include: longFiles } },
      // A process of its own for each of so many small files would take longer than their tests.
      { extends: true, test: { name: "units", include: ["test/**/*.test.ts"], exclude: longFiles, isolate: false } },
    ],
  },
});
