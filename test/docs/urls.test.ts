/** docs/urls.md says what `parseUrl` does: the rows of its tables are the cases. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hostAllowed, parseUrl } from "../../src/prefetch/model/url.ts";
import { limits as alibabaLimits } from "../../src/providers/alibaba/limits.ts";
import { limits as huaweiLimits } from "../../src/providers/huawei/limits.ts";
import { startService } from "../prefetch/calls/service-harness.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/urls.md"), "utf8");

/** The cells of the table below a heading, without its head. A URL's cell is the URL. */
function rowsBelow(heading: string): [string, string][] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const lines = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => {
    const [first = "", second = ""] = line
      .split("|")
      .slice(1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, "$1"));
    return [first, second];
  });
}

function parsed(url: string) {
  const result = parseUrl(url, { maxLength: 10_240 });
  if (!result.ok) throw new Error(`${url} ${result.reason}`);
  return result;
}

describe("docs/urls.md", () => {
  const changing = rowsBelow("Spellings that change");
  const different = rowsBelow("Spellings that stay two URLs");
  const refused = rowsBelow("Refused");

  it("has rows for each rule", () => {
    expect(changing.length).toBeGreaterThanOrEqual(12);
    expect(different.length).toBeGreaterThanOrEqual(12);
    expect(refused.length).toBeGreaterThanOrEqual(5);
  });

  it.each(changing)("says that %s is sent as %s", (given, url) => {
    expect(parsed(given)).toMatchObject({ url, given });
    expect(parsed(url)).toMatchObject({ url, given: undefined });
  });

  it.each(different)("says that %s and %s are two URLs, and that both are sent as they are", (one, another) => {
    expect([parsed(one), parsed(another)].map(({ url, given }) => [url, given])).toEqual([
      [one, undefined],
      [another, undefined],
    ]);
    expect(one).not.toBe(another);
  });

  it("says which spellings a task counts as duplicates", async () => {
    const { urls, sent } = await startService({ script: { limits: { urlsPerDay: 1_000 } } });
    const pairs = [...changing, ...different].flat();
    const distinct = new Set([...changing.map(([, url]) => url), ...different.flat()]);
    expect(await urls(pairs)).toMatchObject({ duplicatesRemoved: pairs.length - distinct.size });
    expect(new Set(sent())).toEqual(distinct);
  });

  it("says that a list of hosts does not cover a host with a dot after it", () => {
    expect(["example.com", "example.com."].map((host) => hostAllowed(host, ["example.com"]))).toEqual([true, false]);
  });

  it.each(refused)("says that %s is refused: it %s", (entry, reason) => {
    const text = entry.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
    expect(parseUrl(text, { maxLength: 10_240 })).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
  });
});

it("names the length of a URL that each provider takes", () => {
  const [huawei, alibaba] = [huaweiLimits, alibabaLimits].map(({ urlLength }) => urlLength.toLocaleString("en"));
  expect(page).toContain(`${huawei} characters at \`huawei-vod\`, ${alibaba} at \`alibaba-vod\`, 8,192 at \`http\``);
});

it("removes blanks around a URL without another spelling to show", () => {
  expect(parsed("  https://media.example.com/a ")).toMatchObject({ url: "https://media.example.com/a", given: undefined });
});
