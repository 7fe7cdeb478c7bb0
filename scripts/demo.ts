/**
 * Shows the main job: the official MCP client drives the built server in sandbox mode over stdio.
 * Exits with 1 when a check fails.
 */

import { styleText } from "node:util";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import { quotaSchema, spendOutput, statusOutput } from "../src/mcp/result.ts";
import { verifyOutput } from "../src/mcp/tools/verify-prefetch.ts";

const taskSchema = z.object({ ...spendOutput, ...statusOutput });
type Task = z.infer<typeof taskSchema>;
const verifiedSchema = z.object(verifyOutput);

const out = (line = ""): boolean => process.stdout.write(`${line}\n`);
const heading = (text: string): boolean => out(`\n${styleText("bold", text)}`);
const failedChecks: string[] = [];
const check = (condition: boolean, expectation: string): void => {
  if (!condition) failedChecks.push(expectation);
};

const client = new Client({ name: "demo", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
await client.connect(new StdioClientTransport({ command: process.execPath, args: ["dist/main.js", "--sandbox"], stderr: "inherit" }));

async function call(name: string, args: Record<string, unknown>, onProgress?: (done: number, total: number) => void): Promise<unknown> {
  const result = await client.callTool(
    { name, arguments: args },
    onProgress && { onprogress: ({ progress, total = 0 }) => onProgress(progress, total) },
  );
  const [first] = result.content;
  if (result.isError) throw new Error(first?.type === "text" ? first.text : `${name} failed`);
  return result.structuredContent;
}

async function task(name: string, args: Record<string, unknown>): Promise<Task> {
  return taskSchema.parse(await call(name, args));
}

/** Asks the edge about URLs and prints the counts by state, a warm example and an example of each reason that URLs are not warm. */
async function verify(args: Record<string, unknown>): Promise<z.infer<typeof verifiedSchema>> {
  const found = verifiedSchema.parse(await call("verify_prefetch", args));
  const sums = Object.entries(found.counts).filter(([, count]) => count > 0);
  out(`  ${sums.map(([state, count]) => styleText(state === "warm" ? "green" : "yellow", `${count} ${state}`)).join(", ")}`);
  const [warm] = found.results.filter(({ state }) => state === "warm");
  if (warm) out(`    for example ${warm.url}: ${warm.evidence?.[0]}`);
  for (const { url, state, reason, obstacles } of found.results
    .filter((row) => row.state !== "warm" && row.like === undefined)
    .slice(0, 6)) {
    out(`    ${styleText("yellow", state)} ${url}: ${reason}${obstacles?.[0] ? ` ${obstacles[0].change}` : ""}`);
  }
  out(`  next: ${found.next_step}`);
  return found;
}

/** Prints the quotas and returns the used units by provider. */
async function showQuota(): Promise<Map<string, number>> {
  const { quotas } = z.object({ quotas: z.array(quotaSchema) }).parse(await call("get_prefetch_quota", {}));
  for (const quota of quotas) {
    const of =
      quota.limit === undefined ? "used; it has no limit" : `of ${quota.limit} used, ${quota.remaining} left until ${quota.resets_at}`;
    out(`  ${quota.provider}: ${quota.used} ${of} (${quota.source})`);
  }
  return new Map(quotas.map((quota) => [quota.provider, quota.used]));
}

/** Follows a task to its end with a progress bar, which a terminal redraws in place. */
async function follow({ task_id: taskId, counts }: Task): Promise<Task> {
  let drawn = "";
  const draw = (done: number, total: number): void => {
    const width = 32;
    const filled = total === 0 ? 0 : Math.round((done / total) * width);
    const line = `  ${"█".repeat(filled)}${"░".repeat(width - filled)} ${done}/${total}`;
    if (line === drawn) return;
    drawn = line;
    process.stdout.write(process.stdout.isTTY ? `\r${line}` : `${line}\n`);
  };
  draw(0, counts.total);
  const ended = taskSchema.parse(await call("get_prefetch_status", { task_id: taskId, wait_seconds: 30 }, draw));
  draw(counts.total - ended.counts.queued - ended.counts.processing, counts.total);
  if (process.stdout.isTTY) out();
  showTask(ended);
  return ended;
}

function showTask({ state, counts, batches, duplicates_removed: duplicates, problems, next_step: nextStep }: Task): void {
  const parts = Object.entries(counts).filter(([name, count]) => count > 0 && name !== "total");
  out(
    `  ${styleText(state === "succeeded" ? "green" : "yellow", state)}: ${parts.map(([name, count]) => `${count} ${name}`).join(", ")}; ${batches} batch(es), ${duplicates} duplicate(s) removed`,
  );
  for (const row of problems) out(`    ${styleText("red", row.state)} ${row.url ?? row.asset_id}: ${row.reason}`);
  out(`  next: ${nextStep}`);
}

heading(`Tools of ${client.getServerVersion()?.name} ${client.getServerVersion()?.version}`);
const { tools } = await client.listTools();
for (const tool of tools) out(`  ${tool.name.padEnd(20)} ${tool.title}`);
check(tools.length === 7, "seven tools are listed");

heading("Quota before");
const before = await showQuota();
check(before.size > 1 && [...before.values()].every((used) => used === 0), "the sandbox starts with unspent quotas");

heading("One published asset of Huawei Cloud VOD, by its id");
const asset = await follow(await task("prefetch_asset", { provider: "huawei-vod", asset_id: "f488337c31c8e4622f1590735b134c65" }));
check(asset.state === "succeeded", "the asset succeeds");

heading("Three URLs of the vendor's own sample");
const sample = "https://example.com/asset";
const samples = [
  `${sample}/9db42f5e08c15edecd99a98da241994a/313bfd52a75f95ff48e8bf02eca2ab20.flv`,
  `${sample}/9e455adb02295aa123809e8dc7ca51c1/68b1241af3bf58bcde9914626e07f5af.mp4`,
  `${sample}/9e455adb02295aa123809e8dc7ca51c1/play_video/68b1241af3bf58bcde9914626e07f5af_H.264_480X270_HEAACV1_300.mp4`,
];
const three = await follow(await task("prefetch_urls", { urls: samples }));
check(three.state === "succeeded" && three.counts.succeeded === 3, "the three sample URLs succeed");

heading("37 URLs, including duplicates and unusable ones");
const good = Array.from({ length: 31 }, (_, index) => `https://example.com/season 1/episode-${index + 1}.mp4`);
const duplicates = ["HTTPS://Example.com:443/season%201/episode-1.mp4", "https://example.com/season%201/episode-2.mp4#t=10", good[2]];
const bad = ["ftp://example.com/trailer.mp4", "https://user:secret@example.com/poster.jpg", "not a url"];
const list = [...good.slice(0, 15), ...bad, ...good.slice(15), ...duplicates];
const plan = await task("prefetch_urls", { urls: list, dry_run: true });
out(
  `  plan: ${plan.batches} batches, ${plan.cost} units of quota, ${plan.duplicates_removed} duplicates, ${plan.counts.rejected} unusable`,
);
check(list.length === 37 && plan.batches === 4 && plan.cost === 31, "the plan has four batches and costs 31");
const many = await follow(await task("prefetch_urls", { urls: list }));
check(many.state === "partial" && many.counts.succeeded === 31, "the 31 good URLs succeed");
check(many.counts.rejected === 3 && many.problems.length === 3, "the three unusable URLs are named");
check(many.duplicates_removed === 3, "the three duplicates are dropped");

heading("The same call again, as an agent repeats it after losing the answer");
const again = await task("prefetch_urls", { urls: list });
out(`  ${again.next_step}`);
check(again.task_id === many.task_id, "a repeated call returns the first task");

heading("One published asset of Alibaba Cloud VOD, by its id");
const media = await follow(await task("prefetch_asset", { provider: "alibaba-vod", asset_id: "93ab850b4f6f44eab54b6e91d24d81d4" }));
check(media.state === "succeeded", "the other vendor's asset succeeds");

heading("One list for both vendors; one vendor refuses two URLs without naming them");
const both = [
  ...Array.from({ length: 12 }, (_, index) => `https://example.com/both/${index + 1}.mp4`),
  ...Array.from({ length: 12 }, (_, index) => `https://vod.example.net/both/${index + 1}.mp4`),
  ...Array.from({ length: 12 }, (_, index) => `https://media.example.net/both/${index + 1}.mp4`),
  "https://vod.example.net/both/malformed.mp4",
  "https://media.example.net/both/malformed.mp4",
];
const mixed = await follow(await task("prefetch_urls", { urls: both }));
check(mixed.providers.join() === "huawei-vod,alibaba-vod", "the list goes to both vendors by its hosts");
check(mixed.counts.succeeded === 36 && mixed.counts.rejected === 2, "every good URL succeeds although the vendor refused its request");
check(mixed.problems.length === 2 && mixed.problems.every((row) => row.url?.includes("malformed")), "the two refused URLs are named");

heading("A stream on a CDN without a prefetch API, fetched through its edge");
const film = { urls: ["https://cloudflare.example.org/hls/film/master.m3u8"], expand: "streams" };
const whole = await task("prefetch_urls", { ...film, scope: "full", dry_run: true });
const start = await task("prefetch_urls", { ...film, dry_run: true });
out(`  the whole stream has ${whole.counts.total} URLs; playback starts with ${start.counts.total}`);
check(whole.counts.total === 409 && start.counts.total === 29, "the plan counts the URLs of the stream exactly");
check(whole.cost === 0, "a provider without a quota costs nothing");
const stream = await follow(await task("prefetch_urls", film));
out(`  ${stream.bytes?.toLocaleString("en")} bytes were fetched through the edge`);
check(stream.state === "succeeded" && stream.counts.succeeded === 29, "every URL of the start of the stream succeeds");
const proof = await verify({ task_id: stream.task_id });
check(proof.counts.warm === 29, "the edge holds every URL of it");

heading("A vendor's success, verified at the edge");
const edge = await verify({ task_id: mixed.task_id });
check(edge.counts.warm === 12 && edge.counts["warm-parent-only"] === 24, "one vendor fills the edge, the other vendor the tier behind it");

heading("Why URLs are not warm");
const stubborn = ["no-store", "cookie", "missing", "evicted"].map((name) => `https://cdn.example.org/${name}.mp4`);
const reasons = await verify({ urls: [...stubborn, "https://silent.example.org/film.mp4"] });
check(reasons.counts.uncacheable === 3 && (reasons.counts.warm ?? 0) === 0 && reasons.counts.unknown === 1, "each URL has a reason");

heading("Quota after");
const after = await showQuota();
check(after.get("huawei-vod") === 49, "Huawei Cloud spends 3 for the asset, 3 samples, 31 URLs and 12 URLs of the mixed list");
check(after.get("alibaba-vod") === 26, "Alibaba Cloud spends 2 for the asset and 24 URLs of the mixed list");
check(after.get("http") === 29, "HTTP spends 29 for the start of the stream");

await client.close();
if (failedChecks.length > 0) {
  heading("Failed checks");
  for (const expectation of failedChecks) out(`  not true: ${expectation}`);
  process.exit(1);
}
heading("Everything ended as it should. This was the sandbox: no real CDN was touched.");
