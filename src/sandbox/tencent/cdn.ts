/**
 * An emulator of Tencent Cloud CDN's API on loopback. It follows the vendor's documentation and limits and warms nothing.
 * Sources: https://www.tencentcloud.com/document/product/228/33600 and …/33603, and the models of the vendor's client for Node.
 */

import { z } from "zod";
import { CHINA_UTC_OFFSET_HOURS, createDailyQuota, type DailyQuota } from "../limits.ts";
import { isMalformedInSandbox } from "../outcomes.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { type Reply, TencentError } from "./answer.ts";
import { type Action, type Params, startTencent, type TencentEmulator, type TencentEmulatorOptions } from "./frame.ts";
import { createTaskStore, hostOf, type TaskRow, type TaskStore } from "./tasks.ts";

export interface TencentCdnEmulatorOptions extends TencentEmulatorOptions {
  readonly domains?: readonly string[];
  /** Codes with which the vendor refuses URLs of a domain, such as `ResourceUnavailable.CdnHostIsNotOnline`. */
  readonly domainCodes?: Readonly<Record<string, string>>;
  /** Whether answers have task ids as text, as documented, or as numbers. */
  readonly ids?: "strings" | "numbers";
  /** Of the times in requests and records. The vendor documents none. */
  readonly utcOffsetHours?: number;
}

export interface TencentCdnEmulator extends TencentEmulator {
  readonly rows: readonly TaskRow[];
}

const areas = ["mainland", "overseas"] as const;
const area = z.enum([...areas, "global"]);
const order = z.object({ Urls: z.array(z.string()).min(1), Area: area.optional() });
const time = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
const question = z.object({
  TaskId: z.string().optional(),
  StartTime: time.optional(),
  EndTime: time.optional(),
  Keyword: z.string().optional(),
  Area: area.optional(),
  Status: z.enum(["process", "done", "fail", "invalid"]).optional(),
  Offset: z.number().int().nonnegative().default(0),
  // The vendor does not document a largest page.
  Limit: z.number().int().positive().max(1_000).default(20),
});

/** The two kinds of tasks: the vendor's words, and the URLs that one request may have. */
const kinds = {
  prefetch: { word: "Push", most: 500, dayCode: "LimitExceeded.CdnPushExceedDayLimit" },
  purge: { word: "Purge", most: 1_000, dayCode: "LimitExceeded.CdnPurgeUrlExceedDayLimit" },
} as const;

/** Real ids have 19 digits, more than a number in JavaScript holds. */
const FIRST_ID = { strings: 1_633_944_109_143_463_800n, numbers: 7_620_240n } as const;

type Kind = keyof typeof kinds;
type AreaQuotas = Readonly<Record<(typeof areas)[number], DailyQuota>>;

export async function startTencentCdn(options: TencentCdnEmulatorOptions = {}): Promise<TencentCdnEmulator> {
  const { now = Date.now, firstMs = 1_500, eachMs = 5, dailyLimit = 1_000, refreshesPerDay = 10_000 } = options;
  const {
    domains = ["tencent-cdn.example.net"],
    domainCodes = {},
    ids = "strings",
    listDelayMs = 0,
    utcOffsetHours = CHINA_UTC_OFFSET_HOURS,
  } = options;
  const warmed = createWarmedUrls(now);
  const tasks = createTaskStore({ now, warmed, firstMs, eachMs, idOf: (count) => `${FIRST_ID[ids] + BigInt(count)}` });
  const quotaOf = (limit: number): AreaQuotas => ({
    mainland: createDailyQuota(limit, now, CHINA_UTC_OFFSET_HOURS),
    overseas: createDailyQuota(limit, now, CHINA_UTC_OFFSET_HOURS),
  });
  const quotas: Readonly<Record<Kind, AreaQuotas>> = { prefetch: quotaOf(dailyLimit), purge: quotaOf(refreshesPerDay) };

  const checkUrls = (urls: readonly string[], { word, most }: (typeof kinds)[Kind]): void => {
    if (urls.length > most) throw refusal(`LimitExceeded.Cdn${word}ExceedBatchLimit`);
    if (!urls.every(isWellFormed)) throw refusal("InvalidParameter.CdnParamError");
    const hosts = [...new Set(urls.map(hostOf))];
    if (hosts.some((host) => host.includes("*"))) throw refusal(`InvalidParameter.Cdn${word}WildcardNotAllowed`);
    const code = hosts.map((host) => (domains.includes(host) ? domainCodes[host] : "ResourceNotFound.CdnHostNotExists")).find(Boolean);
    if (code !== undefined) throw refusal(code);
  };

  const submit =
    (kind: Kind): Action =>
    (params) => {
      const { Urls: urls, Area = kind === "prefetch" ? "mainland" : "global" } = read(order, params);
      checkUrls(urls, kinds[kind]);
      // A global task spends from both areas, all or nothing.
      const spent = areas.filter((each) => Area === "global" || Area === each).map((each) => quotas[kind][each]);
      if (spent.some(({ left }) => left < urls.length)) throw refusal(kinds[kind].dayCode);
      for (const quota of spent) quota.take(urls.length);
      return { body: { TaskId: idIn(tasks.start(urls, kind, Area), ids) }, accepted: urls };
    };

  const quotaAction =
    (kind: Kind): Action =>
    () => ({
      body: {
        [`Url${kinds[kind].word}`]: areas.map((Area) => {
          const { limit, left } = quotas[kind][Area];
          return { Area, Batch: kinds[kind].most, Total: limit, Available: left };
        }),
        ...(kind === "purge" && { PathPurge: [] }),
      },
    });

  const emulator = await startTencent(options, {
    service: "cdn",
    version: "2018-06-06",
    actions: new Map<string, Action>([
      ["PushUrlsCache", submit("prefetch")],
      ["PurgeUrlsCache", submit("purge")],
      ["DescribePushTasks", (params) => listOf("prefetch", params, { now, tasks, ids, listDelayMs, utcOffsetHours })],
      ["DescribePurgeTasks", (params) => listOf("purge", params, { now, tasks, ids, listDelayMs, utcOffsetHours })],
      ["DescribePushQuota", quotaAction("prefetch")],
      ["DescribePurgeQuota", quotaAction("purge")],
      ["DescribeDomains", ({ Offset = 0, Limit = 100 }) => domainsOf(domains, domainCodes, Number(Offset), Number(Limit))],
    ]),
    warmed,
    quota: {
      get spent() {
        return areas.reduce((sum, each) => sum + quotas.prefetch[each].spent, 0);
      },
    },
  });
  return {
    ...emulator,
    get spentToday() {
      return emulator.spentToday;
    },
    rows: tasks.rows,
  };
}

interface ListOptions {
  readonly now: () => number;
  readonly tasks: TaskStore;
  readonly ids: "strings" | "numbers";
  readonly listDelayMs: number;
  readonly utcOffsetHours: number;
}

function listOf(kind: Kind, params: Params, { now, tasks, ids, listDelayMs, utcOffsetHours }: ListOptions): Reply {
  const writeTime = (at: number) => timeText(at, utcOffsetHours);
  const { TaskId, StartTime, EndTime, Keyword, Area, Status, Offset, Limit } = read(question, params);
  if (TaskId === undefined && (StartTime === undefined || EndTime === undefined)) throw refusal("InvalidParameter.CdnParamError");
  const found = tasks.rows.filter(
    (row) =>
      row.kind === kind &&
      now() >= row.at + listDelayMs &&
      (TaskId === undefined || row.taskId === TaskId) &&
      (StartTime === undefined || writeTime(row.at) >= StartTime) &&
      (EndTime === undefined || writeTime(row.at) <= EndTime) &&
      (Keyword === undefined || [hostOf(row.url), row.url].includes(Keyword)) &&
      (Area === undefined || row.place === Area) &&
      (Status === undefined || wordOf(row, tasks) === Status),
  );
  const rows = found.slice(Offset, Offset + Limit).map((row) => {
    const common = { TaskId: idIn(row.taskId, ids), Url: row.url, Status: wordOf(row, tasks), CreateTime: writeTime(row.at) };
    if (kind === "purge") return { ...common, PurgeType: "url", FlushType: "delete" };
    return { ...common, Percent: tasks.stateOf(row).percent, Area: row.place, UpdateTime: writeTime(Math.min(now(), row.doneAt)) };
  });
  // An empty list is null.
  return { body: { [`${kinds[kind].word}Logs`]: rows.length === 0 ? null : rows, TotalCount: found.length } };
}

function wordOf(row: TaskRow, { stateOf }: TaskStore): "process" | "done" | "fail" | "invalid" {
  const { state } = stateOf(row);
  if (state === "running") return "process";
  if (state === "done") return "done";
  return row.kind === "prefetch" ? "invalid" : "fail";
}

function domainsOf(domains: readonly string[], codes: Readonly<Record<string, string>>, offset: number, limit: number): Reply {
  const found = domains.slice(offset, offset + limit).map((Domain, index) => ({
    ResourceId: `cdn-${offset + index}`,
    Domain,
    Status: codes[Domain] === undefined ? "online" : "offline",
    Area: "global",
    Product: "cdn",
  }));
  return { body: { Domains: found, TotalNumber: domains.length } };
}

/** `2026-11-21 20:00:00`. */
function timeText(at: number, utcOffsetHours: number): string {
  return new Date(at + utcOffsetHours * 3_600_000).toISOString().slice(0, 19).replace("T", " ");
}

function idIn(id: string, form: "strings" | "numbers"): unknown {
  return form === "strings" ? id : Number(id);
}

function read<Value>(schema: z.ZodType<Value>, params: Params): Value {
  const { success, data } = schema.safeParse(params);
  if (!success) throw refusal("InvalidParameter.CdnParamError");
  return data;
}

function refusal(code: string): TencentError {
  return new TencentError(code, `The request is refused: ${code.split(".")[1] ?? code}.`);
}

function isWellFormed(url: string): boolean {
  return /^https?:\/\/\S+$/.test(url) && URL.canParse(url) && !isMalformedInSandbox(url);
}
