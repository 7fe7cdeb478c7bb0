/** `warm`: the spending tools, their outcome, and on request the proof from the edge. */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Command, type CommandContext, follow, minutesFrom, runTaskTool, runTool, type TaskResult, taskLines } from "./command.ts";
import { exitCodes } from "./definitions.ts";
import { inShellWords } from "./shell-words.ts";
import { readUrls } from "./url-list.ts";

const WAIT_MINUTES = 60;

export const warm: Command = async (context) => {
  const { options, terminal, paint } = context;
  if (options.verify && options["dry-run"]) {
    throw new PrefetchError("invalid_argument", "warm: --verify asks the edge about warmed URLs, and --dry-run warms none", {
      hint: "Nothing was sent. Leave one of the two out.",
    });
  }
  const minutes = minutesFrom(options, WAIT_MINUTES);
  const codes: number[] = [];
  for (const [tool, args] of await callsOf(context)) {
    const started = await runTaskTool(context, tool, args);
    const latest = await follow(context, started, minutes);
    const kept = keptFields(tool, started, latest);
    const ended = { ...latest, ...kept, ...(options.verify && { next_step: withoutProof(latest.next_step) }) };
    terminal.result("task", { ...ended.all, ...kept }, () => [
      ...taskLines(ended, paint),
      ...(latest === started ? [] : expansionLines(started)),
    ]);
    codes.push(codeOf(ended));
    if (options.verify && ended.task_id !== undefined) codes.push(await verify(context, ended.task_id));
  }
  return worst(codes);
};

/** The command itself asks the edge with --verify, so the way to do so would only be read twice. */
function withoutProof(nextStep: string): string {
  return nextStep.replace(/ ?The MCP tool verify_prefetch with pf_[\w-]+ proves what the edge holds\./, "");
}

/** What only the answer of the call that spends has. A URL that was refused since then has given its unit back. */
function keptFields(tool: string, started: TaskResult, latest: TaskResult) {
  const { cost, refresh_cost: refreshCost, all } = started;
  const refused = (latest.counts.rejected ?? 0) - (started.counts.rejected ?? 0);
  const expanded = Object.fromEntries(["streams", "sitemaps"].flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
  return {
    ...(cost !== undefined && { cost: tool === "prefetch_urls" ? Math.max(0, cost - refused) : cost }),
    ...(refreshCost !== undefined && { refresh_cost: refreshCost }),
    ...expanded,
  };
}

const expansion = z.object({
  url: z.string(),
  kind: z.string(),
  urls: z.number(),
  read: z.number().optional(),
  left_out: z.record(z.string(), z.number()).optional(),
});
const expansions = z.object({ streams: z.array(expansion).default([]), sitemaps: z.array(expansion).default([]) });

/** What streams and sitemaps stand for, which a status answer does not repeat. */
function expansionLines({ all }: TaskResult): string[] {
  const { streams, sitemaps } = expansions.parse(all);
  return [...streams, ...sitemaps].map(({ url, kind, urls, read, left_out: leftOut = {} }) => {
    const rest = Object.entries(leftOut).filter(([, count]) => count > 0);
    const left = rest.length > 0 ? `; left out: ${rest.map(([reason, count]) => `${count} ${reason}`).join(", ")}` : "";
    return `  ${kind} ${url}: ${urls} URLs${read === undefined ? "" : ` of ${read} entries`}${left}`;
  });
}

type Call = readonly [tool: string, args: Readonly<Record<string, unknown>>];

/** One call per list that a tool takes. */
async function callsOf({ operands, options, stdin, mostUrls }: CommandContext): Promise<Call[]> {
  const shared = {
    provider: options.provider,
    expand: options.expand,
    scope: options.scope,
    since: options.since,
    time_zone: options["time-zone"],
    on_quota_exceeded: options["on-quota-exceeded"],
    force: options.force,
    refresh_first: options["refresh-first"],
    dry_run: options["dry-run"],
    // The command itself is the user's word.
    confirm: true,
  };
  const given = Object.fromEntries(Object.entries(shared).filter(([, value]) => value !== undefined));
  if (options.asset !== undefined) {
    if (operands.length > 0) throw usage("warm: --asset and URLs were both given");
    return [["prefetch_asset", { ...given, asset_ids: String(options.asset).split(/[,\n]/) }]];
  }
  if (operands.length === 0) throw usage("warm: nothing to warm was named");
  const urls = await readUrls(operands, stdin);
  if (urls.length === 0) throw usage("warm: the list has no URL");
  const lists = Array.from({ length: Math.ceil(urls.length / mostUrls) }, (_, nth) => urls.slice(nth * mostUrls, (nth + 1) * mostUrls));
  return lists.map((list) => ["prefetch_urls", { ...given, urls: list }]);
}

function usage(message: string): PrefetchError {
  return new PrefetchError("invalid_argument", message, {
    hint: "Nothing was sent. Pass URLs, a file with one URL in a line, or - for standard input; or --asset with an id.",
  });
}

function codeOf({ state, counts }: TaskResult): number {
  if (["queued", "running", "scheduled"].includes(state)) return exitCodes.unsettled;
  if (state === "succeeded") return exitCodes.done;
  return state === "planned" && (counts.rejected ?? 0) === 0 ? exitCodes.done : exitCodes.incomplete;
}

/** A URL that did not become warm outweighs one that is not settled. */
export function worst(codes: readonly number[]): number {
  return [exitCodes.incomplete, exitCodes.unsettled].find((code) => codes.includes(code)) ?? exitCodes.done;
}

const page = z.object({
  counts: z.record(z.string(), z.number()),
  results: z.array(
    z.object({
      url: z.string(),
      state: z.string(),
      reason: z.string().optional(),
      obstacles: z.array(z.object({ change: z.string() })).optional(),
    }),
  ),
  next_cursor: z.string().optional(),
  next_step: z.string(),
});

/** States of URLs that the edge, or the tier behind it, holds. */
const heldStates = ["warm", "warm-parent-only"];

/** Prints each URL that the CDN does not hold, page by page, and at the end one sum. */
async function verify(context: CommandContext, taskId: string): Promise<number> {
  const { terminal, paint } = context;
  const sum: Record<string, number> = {};
  let notice: unknown;
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const all = await runTool(context, "verify_prefetch", { task_id: taskId, ...(cursor && { cursor }) });
    const { counts, results, next_cursor: next, next_step: nextStep } = page.parse(all);
    const cold = results.filter((row) => !heldStates.includes(row.state));
    for (const [state, count] of Object.entries(counts)) sum[state] = (sum[state] ?? 0) + count;
    terminal.result("verified", all, () => [
      ...cold.map(({ state, url, reason, obstacles = [] }) => {
        const advice = [reason, ...obstacles.map(({ change }) => inShellWords(change))].filter((part) => part !== undefined).join(" ");
        return `  ${paint("yellow", state)} ${url}${advice === "" ? "" : `: ${advice}`}`;
      }),
      ...(cold.length > 0 ? [`  ${nextStep}`] : []),
    ]);
    notice = all.notice;
    cursor = next;
  }
  const found = Object.entries(sum).filter(([, count]) => count > 0);
  terminal.result("verified_total", { task_id: taskId, counts: sum, ...(notice !== undefined && { notice }) }, () => [
    `verified: ${found.map(([state, count]) => paint(heldStates.includes(state) ? "green" : "yellow", `${count} ${state}`)).join(", ")}`,
  ]);
  return found.every(([state]) => heldStates.includes(state)) ? exitCodes.done : exitCodes.incomplete;
}
