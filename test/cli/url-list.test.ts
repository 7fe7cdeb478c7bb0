import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readUrls, urlsIn } from "../../src/cli/commands/url-list.ts";
import { runs } from "../fakes/runs.ts";

describe("urlsIn", () => {
  it("takes one URL in a line, and no blank line or comment", () => {
    expect(urlsIn("\ufeff# films\r\nhttps://a.example/1\r\n\n  https://a.example/2 \rhttps://a.example/3#t=1")).toEqual([
      "https://a.example/1",
      "https://a.example/2",
      "https://a.example/3#t=1",
    ]);
  });

  it("returns every line that a list was joined from", () => {
    const lines = fc.array(fc.webUrl(), { maxLength: 5 });
    const ends = fc.constantFrom("\n", "\r\n", "\r");
    fc.assert(
      fc.property(lines, ends, (urls, end) => {
        expect(urlsIn(urls.join(end))).toEqual(urls);
      }),
      { numRuns: runs(50) },
    );
  });
});

describe("readUrls", () => {
  it("takes URLs of any scheme as they are, so that the server names what is wrong with them", async () => {
    expect(await readUrls(["https://a.example/1", "ftp://a.example/2"], Readable.from([]))).toEqual([
      "https://a.example/1",
      "ftp://a.example/2",
    ]);
  });

  it("reads standard input in the place of -", async () => {
    const stdin = Readable.from(["https://a.example/1\nhttps://a.ex", "ample/2\n"]);
    expect(await readUrls(["-", "https://a.example/3"], stdin)).toEqual([
      "https://a.example/1",
      "https://a.example/2",
      "https://a.example/3",
    ]);
  });

  it("says so when an operand is neither a URL nor a file", async () => {
    await expect(readUrls(["films.txt"], Readable.from([]))).rejects.toThrow(
      "films.txt is neither a URL nor a file that can be read (ENOENT)",
    );
  });
});
