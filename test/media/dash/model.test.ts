import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDash } from "../../../src/media/dash/mpd.ts";
import { runs } from "../../fakes/runs.ts";
import { NOW } from "../read-harness.ts";
import { playable, recordings } from "./model-harness.ts";
import { startShaka } from "./shaka-harness.ts";

const FOLDER = "https://media.example.com/film/";
const sorted = (files: Iterable<string>): string[] => [...new Set(files)].toSorted();
/** The loop of a longer run: `RUNS=10000 npx vitest run --project units test/media/dash/model.test.ts`. */
const numRuns = runs(200);

function read(xml: string): string[] {
  try {
    return readDash(xml, `${FOLDER}main.mpd`, { now: NOW }).urls.map(({ url }) => url.replace(FOLDER, ""));
  } catch (error) {
    if (error instanceof Error && error.message.includes("no segment within its Period")) return [];
    throw error;
  }
}

describe("readDash on generated recordings", () => {
  it("lists exactly the files of the model, however its values are spread over the levels", () => {
    fc.assert(
      fc.property(recordings, ({ xml, files }) => {
        expect(sorted(read(xml))).toEqual(sorted(files));
      }),
      { numRuns },
    );
  }, 120_000);

  it("lists what shaka-player fetches", async () => {
    const shaka = startShaka(NOW);
    await fc.assert(
      fc.asyncProperty(playable, async ({ xml }) => {
        const answer = await shaka(xml, `${FOLDER}main.mpd`);
        const theirs = "urls" in answer ? answer.urls.map((url) => url.replace(FOLDER, "")) : [answer.problem];
        expect(sorted(read(xml))).toEqual(sorted(theirs));
      }),
      { numRuns: Math.ceil(numRuns / 4) },
    );
  }, 120_000);
});
