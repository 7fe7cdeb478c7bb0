/**
 * An emulator of Tencent EdgeOne's API on loopback. It follows the vendor's documentation and warms nothing.
 * Sources: https://www.tencentcloud.com/document/product/1145/50537 and …/50533, and the models of the vendor's client for Node.
 */

import { z } from "zod";
import { CHINA_UTC_OFFSET_HOURS, createDailyQuota } from "../limits.ts";
import { isMalformedInSandbox } from "../outcomes.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { type Reply, TencentError } from "./answer.ts";
import { type Action, type Params, startTencent, type TencentEmulator, type TencentEmulatorOptions } from "./frame.ts";
import { createTaskStore, hostOf, type TaskRow, type TaskStore } from "./tasks.ts";

export interface TencentEdgeOneEmulatorOptions extends TencentEmulatorOptions {
  /** Zone ids, each with its domains. */
  readonly zones?: Readonly<Record<string, readonly string[]>>;
  /** URLs of one request, by the plan. */
  readonly batch?: number;
}

const order = z.object({ ZoneId: z.string(), Targets: z.array(z.string()).min(1), Type: z.literal("purge_url").optional() });
const filter = z.object({ Name: z.enum(["job-id", "target", "domains", "statuses", "type"]), Values: z.array(z.string()).min(1).max(20) });
const question = z.object({
  ZoneId: z.string(),
  StartTime: z.iso.datetime().optional(),
  EndTime: z.iso.datetime().optional(),
  Filters: z.array(filter).default([]),
  Offset: z.number().int().nonnegative().default(0),
  Limit: z.number().int().positive().max(1_000).default(20),
});
const pageOf = (most: number) =>
  z.object({ ZoneId: z.string().optional(), Offset: z.number().default(0), Limit: z.number().max(most).default(20) });

const LONGEST_SPAN_MS = 7 * 86_400_000;

type Kind = TaskRow["kind"];

export async function startTencentEdgeOne(options: TencentEdgeOneEmulatorOptions = {}): Promise<TencentEmulator> {
  const {
    now = Date.now,
    firstMs = 1_500,
    eachMs = 5,
    dailyLimit = 1_000,
    refreshesPerDay = 1_000,
    batch = 500,
    listDelayMs = 0,
  } = options;
  const { zones = { "zone-sandbox1": ["tencent-edgeone.example.net"] } } = options;
  const warmed = createWarmedUrls(now);
  const tasks = createTaskStore({ now, warmed, firstMs, eachMs, idOf: (count) => `1379afjk91u${32 + count}h` });
  const quotas = new Map(
    Object.keys(zones).map((zone) => [
      zone,
      {
        prefetch: createDailyQuota(dailyLimit, now, CHINA_UTC_OFFSET_HOURS),
        purge: createDailyQuota(refreshesPerDay, now, CHINA_UTC_OFFSET_HOURS),
      },
    ]),
  );
  const quotasOf = (zone: string) => {
    const found = quotas.get(zone);
    if (!found) throw new TencentError("ResourceNotFound.ZoneNotFound", "The zone does not exist.");
    return found;
  };

  const submit =
    (kind: Kind): Action =>
    (params) => {
      const { ZoneId: zone, Targets: targets } = read(order, params);
      const quota = quotasOf(zone)[kind];
      if (targets.length > batch) throw new TencentError("LimitExceeded.BatchQuota", "Too many resources in one request.");
      const { good, bad } = sorted(targets, zones[zone] ?? []);
      if (!quota.take(good.length)) throw new TencentError("LimitExceeded.DailyQuota", "Too many resources on this day.");
      const FailedList = bad.length === 0 ? null : [{ Reason: "The target is invalid.", Targets: bad }];
      return { body: { JobId: tasks.start(good, kind, zone), FailedList }, accepted: good };
    };

  const quotaAction: Action = (params) => {
    const own = quotasOf(read(z.object({ ZoneId: z.string() }), params).ZoneId);
    const row = (Type: string, { limit, left }: { limit: number; left: number }) => ({
      Type,
      Batch: batch,
      Daily: limit,
      DailyAvailable: left,
    });
    return {
      body: {
        PrefetchQuota: [row("prefetch_url", own.prefetch)],
        PurgeQuota: [row("purge_all", { limit: 10, left: 10 }), row("purge_url", own.purge)],
      },
    };
  };

  const emulator = await startTencent(options, {
    service: "teo",
    version: "2022-09-01",
    actions: new Map<string, Action>([
      ["CreatePrefetchTask", submit("prefetch")],
      ["CreatePurgeTask", submit("purge")],
      ["DescribePrefetchTasks", (params) => listOf("prefetch", params, { now, tasks, listDelayMs })],
      ["DescribePurgeTasks", (params) => listOf("purge", params, { now, tasks, listDelayMs })],
      ["DescribeContentQuota", quotaAction],
      ["DescribeZones", (params) => zonesOf(Object.keys(zones), params)],
      ["DescribeAccelerationDomains", (params) => domainsOf(zones, params)],
    ]),
    warmed,
    quota: {
      get spent() {
        return [...quotas.values()].reduce((sum, { prefetch }) => sum + prefetch.spent, 0);
      },
    },
  });
  return {
    ...emulator,
    get spentToday() {
      return emulator.spentToday;
    },
  };
}

/** The vendor names bad targets beside the job of the good ones, and refuses a request without good ones. */
function sorted(targets: readonly string[], domains: readonly string[]): { readonly good: string[]; readonly bad: string[] } {
  const own = targets.filter((url) => domains.includes(hostOf(url)));
  if (own.length === 0) throw new TencentError("InvalidParameter.DomainNotFound", "The domain does not exist or is not the account's.");
  const good = own.filter((url) => !isMalformedInSandbox(url));
  if (good.length === 0) throw new TencentError("InvalidParameter.TaskNotGenerated", "No task can be generated.");
  return { good, bad: targets.filter((url) => !good.includes(url)) };
}

function zonesOf(ids: readonly string[], params: Params): Reply {
  const { Offset, Limit } = read(pageOf(100), params);
  const found = ids.slice(Offset, Offset + Limit).map((ZoneId) => ({ ZoneId, ZoneName: "example.net", Status: "active", Paused: false }));
  return { body: { TotalCount: ids.length, Zones: found } };
}

function domainsOf(zones: Readonly<Record<string, readonly string[]>>, params: Params): Reply {
  const { ZoneId = "", Offset, Limit } = read(pageOf(200), params);
  const domains = zones[ZoneId];
  if (!domains) throw new TencentError("ResourceNotFound", "The zone does not exist.");
  const found = domains.slice(Offset, Offset + Limit).map((DomainName) => ({ ZoneId, DomainName, DomainStatus: "online" }));
  return { body: { TotalCount: domains.length, AccelerationDomains: found } };
}

interface ListOptions {
  readonly now: () => number;
  readonly tasks: TaskStore;
  readonly listDelayMs: number;
}

function listOf(kind: Kind, params: Params, { now, tasks, listDelayMs }: ListOptions): Reply {
  const { ZoneId, StartTime, EndTime, Filters, Offset, Limit } = read(question, params);
  const wanted = (name: string): readonly string[] | undefined => Filters.find(({ Name }) => Name === name)?.Values;
  const [from, to] = [Date.parse(StartTime ?? ""), Date.parse(EndTime ?? "")];
  const hasTime = to >= from && to - from <= LONGEST_SPAN_MS;
  if (!hasTime && !wanted("job-id"))
    throw new TencentError("InvalidParameter.ParameterError", "Invalid EndTime, not in the allowed range.");
  const matches: readonly ((row: TaskRow) => boolean)[] = [
    (row) => row.kind === kind && row.place === ZoneId && now() >= row.at + listDelayMs,
    ({ at }) => !hasTime || (at >= from && at <= to),
    ({ taskId }) => wanted("job-id")?.includes(taskId) ?? true,
    ({ url }) => wanted("target")?.includes(url) ?? true,
    ({ url }) => wanted("domains")?.includes(hostOf(url)) ?? true,
    (row) => wanted("statuses")?.includes(wordOf(row, tasks)) ?? true,
  ];
  const found = tasks.rows.filter((row) => matches.every((match) => match(row)));
  const shown = found.slice(Offset, Offset + Limit).map((row) => {
    const Status = wordOf(row, tasks);
    const times = { CreateTime: writeTime(row.at), UpdateTime: writeTime(Math.min(now(), row.doneAt)) };
    const why = Status === "failed" ? { FailType: "originPullFailed", FailMessage: "The origin answers with an error." } : {};
    return { JobId: row.taskId, Target: row.url, Type: kind === "prefetch" ? "prefetch_url" : "purge_url", Status, ...times, ...why };
  });
  return { body: { TotalCount: found.length, Tasks: shown } };
}

function wordOf(row: TaskRow, { stateOf }: TaskStore): string {
  return { running: "processing", done: "success", failed: "failed" }[stateOf(row).state];
}

function writeTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function read<Value>(schema: z.ZodType<Value>, params: Params): Value {
  const { success, data } = schema.safeParse(params);
  if (!success) throw new TencentError("InvalidParameter.ParameterError", "The parameter is invalid.");
  return data;
}
