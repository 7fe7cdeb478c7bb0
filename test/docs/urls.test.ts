/** docs/urls.md, row by row: what the page says about spellings is what the server does. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hostAllowed, parseUrl } from "../../src/prefetch/model/url.ts";
import { startService } from "../prefetch/calls/service-harness.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/urls.md"), "utf8");

/** The cells of the table below a heading, without the quotes of code. */
function rowsBelow(heading: string): string[][] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const lines = section.split("\n## ")[0]?.split("\n") ?? [];
  const rows = lines.filter((line) => line.startsWith("| `"));
  return rows.map((row) => {
    const cells = row.split("|").slice(1, -1);
    return cells.map((cell) => cell.trim().replace(/^`(.*)`$/, "$1"));
  });
}

const sentFor = (given: string): string => {
  const parsed = parseUrl(given, { maxLength: 1_000 });
  return parsed.ok ? parsed.url : `(rejected: ${parsed.reason})`;
};

describe("docs/urls.md", () => {
  const same = rowsBelow("One URL");
  const different = rowsBelow("Two URLs");
  const rejected = rowsBelow("Rejected");

  it("has rows in each of its tables", () => {
    expect([same, different, rejected].map((rows) => rows.length >= 7)).toEqual([true, true, true]);
  });

  it.each(same)("says that %s is sent as %s", (given, sent) => {
    expect([sentFor(given), sentFor(sent), sentFor(`  ${given} `)]).toEqual([sent, sent, sent]);
  });

  it.each(different)("says that %s and %s are two URLs, which are sent as they are", (one, another) => {
    expect([sentFor(one), sentFor(another)]).toEqual([one, another]);
  });

  it.each(rejected)("says that %s is rejected, because it %s", (given, reason) => {
    expect(sentFor(given)).toContain(reason);
  });

  it("says which spellings a task counts as duplicates", async () => {
    const { urls, sent } = await startService({ script: { limits: { urlsPerDay: 1_000 } } });
    const pairs = [...same, ...different].flatMap((row) => row.slice(0, 2));
    const distinct = new Set([...same.map(([, url]) => url), ...different.flatMap((row) => row.slice(0, 2))]);
    expect(await urls(pairs)).toMatchObject({ duplicatesRemoved: pairs.length - distinct.size });
    expect(new Set(sent())).toEqual(distinct);
  });

  it("says that an item has the given spelling as url and the result as sent_as", async () => {
    const { urls, status } = await startService({ script: { limits: { urlsPerDay: 1_000 } } });
    // Several spellings of one URL would leave only the first.
    const rows = same.filter(([, sent], nth) => same.findIndex((each) => each[1] === sent) === nth);
    const { taskId } = await urls(rows.map(([given]) => given));
    const { items = [] } = await status(taskId, "all");
    expect(items.map(({ url, sentAs }) => [url, sentAs])).toEqual(rows.map(([given, sent]) => [given, sent]));
  });

  it("says that a list of hosts does not cover a host with a dot after it", () => {
    expect(["example.com", "example.com."].map((host) => hostAllowed(host, ["example.com"]))).toEqual([true, false]);
  });
});
