/**
 * The emulated calls of the CDN.
 * Sources: https://www.volcengine.com/docs/6454/70436 (prefetch), …/70438 (refresh), …/70437 (task list), …/70439 (quota), …/75269
 * (domains), and the models of https://github.com/volcengine/volc-sdk-golang.
 */

import { z } from "zod";
import type { DailyQuota } from "../limits.ts";
import { isMalformedInSandbox } from "../outcomes.ts";
import type { UrlTask, UrlTasks } from "../url-tasks.ts";
import { type Reply, VolcError } from "./answer.ts";

export type TaskType = "preload" | "refresh_file";

export interface CallOptions {
  readonly now: () => number;
  readonly tasks: UrlTasks<TaskType>;
  readonly quotas: Readonly<Record<TaskType, DailyQuota>>;
  /** The domains of the account, and whether each one is in service. */
  readonly domains: ReadonlyMap<string, boolean>;
  readonly listDelayMs: number;
  /** HTTP status of the product's own refusals. */
  readonly refusalStatus: 200 | 400;
  readonly quotaCode: string;
  /** Whether the vendor takes a URL of a task that it accepts. It counts those that it took, and names none. */
  readonly takes: (url: string) => boolean;
}

export type Action = (body: unknown) => Reply;

const MOST_URLS = 100;
const KEPT_MS = 7 * 86_400_000;
const words = { waiting: "running", begun: "running", done: "complete", failed: "failed" } as const;
const urls = { Urls: z.string().optional(), UrlList: z.array(z.string()).optional() };
const orders = {
  preload: z.object({ ...urls, Area: z.enum(["chinese_mainland", "outside_chinese_mainland", "global"]).optional() }),
  // The real call takes directories and patterns, too.
  refresh_file: z.object({ ...urls, Type: z.literal("file").optional() }),
};
const unixSeconds = z.number().int().nonnegative();
const query = z.object({
  TaskType: z.enum(["preload", "refresh_file", "refresh_dir", "refresh_regex"]),
  TaskID: z.string().optional(),
  Url: z.string().optional(),
  UrlList: z.array(z.string()).optional(),
  DomainName: z.string().optional(),
  Status: z.enum(["complete", "running", "failed"]).optional(),
  StartTime: unixSeconds.optional(),
  EndTime: unixSeconds.optional(),
  PageNum: z.number().int().positive().default(1),
  PageSize: z.number().int().positive().max(1_000).default(20),
});
const pages = z.object({ PageNum: query.shape.PageNum, PageSize: query.shape.PageSize });

export function createCalls(options: CallOptions): ReadonlyMap<string, Action> {
  const { now, tasks, quotas, domains, listDelayMs, refusalStatus, quotaCode, takes } = options;
  const refuse = (code: string, message: string) => new VolcError(refusalStatus, code, message);
  const parsed = <Value>(schema: z.ZodType<Value>, body: unknown): Value => {
    const { success, data, error } = schema.safeParse(body);
    if (!success) throw refuse("InvalidParameter", `The specified parameter ${error.issues[0]?.path.join(".")} is not valid.`);
    return data;
  };

  const submit =
    (type: TaskType): Action =>
    (body) => {
      const wanted = urlsOf(parsed(orders[type], body));
      if (wanted.length === 0 || wanted.length > MOST_URLS || !wanted.every(isWellFormed)) {
        throw refuse("InvalidParameter", "The specified parameter UrlList is not valid.");
      }
      if (!wanted.every((url) => domains.get(new URL(url).hostname))) throw refuse("ResourceNotFound", "resource is not found");
      const taken = wanted.filter(takes);
      if (!quotas[type].take(taken.length)) throw refuse(quotaCode, "The quota of the day has been exhausted.");
      return { result: { TaskID: tasks.start(taken, type), CommitNum: taken.length }, accepted: taken };
    };

  return new Map<string, Action>([
    ["SubmitPreloadTask", submit("preload")],
    ["SubmitRefreshTask", submit("refresh_file")],
    [
      "DescribeContentTasks",
      (body) => {
        const wanted = parsed(query, body);
        if ((wanted.StartTime === undefined) !== (wanted.EndTime === undefined)) {
          throw refuse("InvalidParameter", "The specified parameter EndTime is not valid.");
        }
        const listed = tasks.rows.filter(({ at }) => now() >= at + listDelayMs && now() - at <= KEPT_MS);
        const found = listed.filter((task) => matches(task, words[tasks.stateOf(task)], wanted));
        return paged(
          found.map((task) => rowOf(task, tasks)),
          wanted,
        );
      },
    ],
    ["DescribeContentQuota", () => ({ result: { ...quotaOf("Preload", quotas.preload), ...quotaOf("Refresh", quotas.refresh_file) } })],
    [
      "ListCdnDomains",
      (body) =>
        paged(
          [...domains].map(([Domain, isOnline]) => ({ Domain, Status: isOnline ? "online" : "offline", ServiceRegion: "global" })),
          parsed(pages, body),
        ),
    ],
  ]);
}

/** A list wins over the text. */
function urlsOf({ Urls = "", UrlList }: z.infer<z.ZodObject<typeof urls>>): string[] {
  return UrlList ?? Urls.split("\n").filter(Boolean);
}

function isWellFormed(url: string): boolean {
  return /^https?:\/\/\S+$/.test(url) && URL.canParse(url) && !isMalformedInSandbox(url);
}

function matches({ type, taskId, url, at }: UrlTask<TaskType>, word: string, wanted: z.infer<typeof query>): boolean {
  const { TaskType, TaskID = taskId, DomainName, Status = word, StartTime = 0, EndTime = Number.POSITIVE_INFINITY } = wanted;
  const only = urlsOf({ Urls: wanted.Url, UrlList: wanted.UrlList });
  const createdAt = Math.floor(at / 1_000);
  if (type !== TaskType || taskId !== TaskID || word !== Status || createdAt < StartTime || createdAt > EndTime) return false;
  return (DomainName === undefined || new URL(url).hostname === DomainName) && (only.length === 0 || only.includes(url));
}

function rowOf(task: UrlTask<TaskType>, { stateOf }: UrlTasks<TaskType>): Readonly<Record<string, unknown>> {
  const { taskId, type, url, at } = task;
  const state = stateOf(task);
  const percent = { waiting: 0, begun: 50, done: 100, failed: 100 }[state];
  const row = { TaskID: taskId, TaskType: type, Url: url, Status: words[state], Process: `${percent}%`, Remark: "", Area: "global" };
  return { ...row, CreateTime: Math.floor(at / 1_000) };
}

function paged(rows: readonly object[], { PageNum, PageSize }: z.infer<typeof pages>): Reply {
  const from = (PageNum - 1) * PageSize;
  return { result: { Data: rows.slice(from, from + PageSize), Total: rows.length, PageNum, PageSize } };
}

function quotaOf(kind: "Preload" | "Refresh", { limit, left }: DailyQuota): Readonly<Record<string, number>> {
  // The vendor's own spelling.
  const most = kind === "Refresh" ? "RefreshQuotaLimit" : "PreloadLimit";
  return { [`${kind}Quota`]: limit, [most]: MOST_URLS, [`${kind}Remain`]: left };
}
