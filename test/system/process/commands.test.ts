/**
 * The commands for shells and pipelines. A shell runs them where the process itself matters: its input, output and exit code, and a
 * store that outlives it. The other tests run the command in their own process.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { command, type Ended, newFolder, shell } from "../harness/shell-harness.ts";

const event = z.looseObject({ event: z.string() });
const eventsOf = ({ stdout }: Ended) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => event.parse(JSON.parse(line)));

describe("warm", () => {
  it("warms the URLs of its operands, files and standard input, and proves it", async () => {
    const file = join(newFolder(), "films.txt");
    writeFileSync(file, "# films\nhttps://cloudflare.example.org/2.mp4\n");
    const args = ["warm", "--sandbox", "https://cloudflare.example.org/1.mp4", file, "-", "--verify", "--json"];
    const ended = await shell(args, { input: "https://cloudflare.example.org/3.mp4\n" });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(eventsOf(ended)).toMatchObject([
      { event: "task", state: "succeeded", counts: { total: 3, succeeded: 3 } },
      { event: "verified", counts: { warm: 3 } },
      { event: "verified_total", counts: { warm: 3 } },
    ]);
  });

  it("proves a list of several pages with one sum at the end, and names each URL that the edge does not hold", async () => {
    const urls = Array.from({ length: 60 }, (_, nth) => `https://cloudflare.example.org/page/${nth}.mp4`);
    const { code, stdout } = await command(["warm", "--sandbox", "-", "--verify"], {
      input: [...urls, "https://cloudflare.example.org/page/evicted.mp4"].join("\n"),
    });
    expect(code).toBe(2);
    expect(stdout.match(/^verified: .*$/gm)).toEqual(["verified: 60 warm, 1 cold"]);
    expect(stdout).toMatch(/^ {2}cold https:\/\/cloudflare\.example\.org\/page\/evicted\.mp4: /m);
    expect(stdout).not.toMatch(/next_cursor|get_prefetch_status|prefetch_urls/);
  });

  it("refuses --verify with --dry-run, and a negative wait, each in its own words", async () => {
    const both = await command(["warm", "--sandbox", "https://example.com/1.mp4", "--dry-run", "--verify"]);
    expect(both).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/--verify asks the edge about warmed URLs, and --dry-run warms none/),
    });
    const negative = await command(["warm", "--sandbox", "https://example.com/1.mp4", "--wait", "-5"]);
    expect(negative).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/--wait must be a number of minutes, such as 30; it is "-5"/),
    });
  });

  it("names commands instead of tools in its next step and hints", async () => {
    const { stdout } = await command(["warm", "--sandbox", "https://example.com/1.mp4", "--wait", "0"]);
    expect(stdout).toMatch(/Run cdn-prefetch-mcp status pf_[\w-]+ --wait 60 until the state is final/);
    const { stderr } = await shell(["status", "pf_none", "--sandbox"]);
    expect(stderr).toMatch(/Run cdn-prefetch-mcp status, which lists the newest tasks, before you send anything again/);
  });

  it("prints the outcome, each problem and the next step for people, without colours in a pipe", async () => {
    const { code, stdout } = await shell(["warm", "--sandbox", "https://example.com/1.mp4", "ftp://example.com/2.mp4"]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^partial: 1 succeeded, 1 rejected/);
    expect(stdout).toContain("rejected ftp://example.com/2.mp4: ");
    expect(stdout).toContain("Sandbox: ");
    expect(stdout).not.toContain("\u001b");
  });

  it("ends with 2 when the edge does not hold a URL that was fetched", async () => {
    const ended = await command(["warm", "--sandbox", "https://cloudflare.example.org/evicted.mp4", "--verify", "--json"]);
    expect(ended.code).toBe(2);
  });

  it("sends a list that is longer than one call in several calls", async () => {
    const urls = Array.from({ length: 5 }, (_, nth) => `https://example.com/${nth}.mp4`);
    const ended = await command(["warm", "--sandbox", "--max-urls-per-call", "2", "--json", "-"], { input: urls.join("\n") });
    expect(ended.code).toBe(0);
    expect(eventsOf(ended).map(({ counts }) => counts)).toMatchObject([{ total: 2 }, { total: 2 }, { total: 1 }]);
  });

  it("warms what a sitemap names, counts it in a dry run, and has nothing to do when nothing changed", async () => {
    const args = ["warm", "--sandbox", "https://cloudflare.example.org/robots.txt", "--expand", "sitemap", "--json"];
    const [planned, warmed, unchanged] = await Promise.all([
      command([...args, "--dry-run"]),
      command(args),
      command([...args, "--since", "2099-01-01", "--time-zone", "Asia/Shanghai"]),
    ]);
    expect([planned.code, warmed.code, unchanged.code]).toEqual([0, 0, 0]);
    expect(eventsOf(planned)).toMatchObject([{ counts: { planned: 36 }, sitemaps: [{ kind: "robots", urls: 36 }] }]);
    expect(eventsOf(warmed)).toMatchObject([{ state: "succeeded", counts: { succeeded: 36 } }]);
    expect(eventsOf(unchanged)).toMatchObject([{ state: "succeeded", counts: { total: 0 }, sitemaps: [{ unchanged_documents: 2 }] }]);
  });

  it("keeps what the first answer alone knows when the outcome comes later", async () => {
    const host = "https://media.example.net";
    const [site, refused] = await Promise.all([
      command(["warm", "--sandbox", `${host}/sitemap.xml`, "--expand", "sitemap", "--since", "2026-11-27"]),
      command(["warm", "--sandbox", "--refresh-first", "--json", `${host}/fail-1.jpg`, `${host}/2.jpg`]),
    ]);
    expect(site.stdout).toMatch(
      /\n {2}sitemap-index https:\/\/media\.example\.net\/sitemap\.xml: \d+ URLs of 36 entries; left out: \d+ unchanged, 6 undated\n/,
    );
    // A copy that the vendor cannot drop costs no prefetch.
    expect(eventsOf(refused)).toMatchObject([{ state: "partial", cost: 1, refresh_cost: 2, counts: { succeeded: 1, rejected: 1 } }]);
  });

  it("spends nothing in a dry run", async () => {
    const ended = await command(["warm", "--sandbox", "https://example.com/1.mp4", "--dry-run", "--json"]);
    expect(eventsOf(ended)).toMatchObject([{ event: "task", cost: 1, dry_run: true }]);
    expect(eventsOf(ended)[0]).not.toHaveProperty("task_id");
  });

  it.each([
    [["warm", "--sandbox"], "nothing to warm was named"],
    [["warm", "--sandbox", "-"], "the list has no URL"],
    [["warm", "--sandbox", "films.txt"], "neither a URL nor a file"],
    [["warm", "--sandbox", "https://example.com/1", "--asset", "x"], "--asset and URLs were both given"],
    [["warm", "--sandbox", "https://example.com/1", "--wait", "soon"], "--wait must be a number of minutes"],
    [["warm", "--sandbox", "https://example.com/1", "--expand", "all"], 'expand: must be "none", "streams" or "sitemap"'],
    [["warm", "--sandbox", "https://example.com/1", "--since", "2026-11-28"], "since: goes with --expand sitemap"],
    [["warm", "--sandbox", "https://cloudflare.example.org/a.bin", "--expand", "sitemap"], "It is neither a sitemap"],
    [["warm", "--sandbox", "https://example.com/1", "--provider", "cloudfront"], "cloudfront"],
    [["status", "--sandbox", "pf_1"], "there is no task pf_1"],
    [["status", "--sandbox", "pf_1", "pf_2"], "several task ids were given"],
    [["quota", "--sandbox", "http"], '"http" is an operand'],
  ])("%j ends with 1 and says what is wrong", async (args, words) => {
    const { code, stdout, stderr } = await command(args);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(words);
  });

  it("prints an error as JSON on standard output when asked for JSON", async () => {
    const ended = await shell(["warm", "--sandbox", "films.txt", "--json"]);
    expect(ended).toMatchObject({ code: 1, stderr: "" });
    expect(eventsOf(ended)).toMatchObject([{ event: "error", code: "invalid_argument" }]);
  });
});

describe("status and quota", () => {
  it("tell of a task that an earlier command stored", async () => {
    const env = { PREFETCH_SANDBOX: "1", PREFETCH_STORE: `sqlite:${join(newFolder(), "store.sqlite")}` };
    const warmed = await shell(["warm", "ftp://example.org/a", "https://bunny.example.org/a", "--json"], { env });
    expect(warmed.code).toBe(2);
    const [task] = eventsOf(warmed);
    const id = String(task?.task_id);
    const told = await shell(["status", id, "--json"], { env });
    expect(told.code).toBe(0);
    expect(eventsOf(told)).toMatchObject([{ event: "task", task_id: id, counts: { total: 2 } }]);
    expect((await command(["status"], { env })).stdout).toContain(id);
    const asked = await command(["quota", "--provider", "http", "--json"], { env });
    expect(eventsOf(asked)).toMatchObject([{ event: "quota", quotas: [{ provider: "http" }] }]);
  });
});
