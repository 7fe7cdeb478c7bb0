/**
 * The emulated call that lists tasks, such as `DescribeVodRefreshTasks`.
 * Source: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshtasks
 */

import { invalid, missing, type Reply } from "./answer.ts";
import { optionalOneOf, type Params, wholeNumber } from "./params.ts";
import { hostOf, type TaskRow, type TaskStore } from "./tasks.ts";
import { readTime, writeTime } from "./time.ts";

interface TaskListOptions {
  readonly now: () => number;
  readonly tasks: TaskStore;
  /** Whether rows show URLs with their scheme. */
  readonly echoScheme: boolean;
  readonly listDelayMs: number;
  /** The field within `Tasks` that has the rows. */
  readonly field: string;
  readonly largestPage: number;
}

const KEPT_MS = 3 * 86_400_000;

export function createTaskList({ now, tasks, echoScheme, listDelayMs, field, largestPage }: TaskListOptions): (params: Params) => Reply {
  const shownUrl = ({ url }: TaskRow): string => (echoScheme ? url : url.replace(/^https?:\/\//, ""));
  const isListed = ({ at }: TaskRow): boolean => now() >= at + listDelayMs && now() <= at + KEPT_MS;

  const show = (row: TaskRow) => {
    const { status, process, description } = tasks.statusOf(row);
    return {
      TaskId: row.taskId,
      ObjectPath: shownUrl(row),
      ObjectType: row.type,
      Status: status,
      Process: process,
      CreationTime: writeTime(row.at),
      Description: description,
    };
  };

  return (params) => {
    const { taskId, path, domain, type, status, from, to } = filterOf(params);
    const matches: readonly ((row: TaskRow) => boolean)[] = [
      isListed,
      ({ at }) => isWithin(at, from, to),
      (row) => taskId === undefined || row.taskId === taskId,
      (row) => path === undefined || [row.url, shownUrl(row)].includes(path),
      ({ url }) => domain === undefined || hostOf(url) === domain,
      (row) => type === undefined || row.type === type,
      (row) => status === undefined || tasks.statusOf(row).status === status,
    ];
    const size = wholeNumber(params, "PageSize", 20, largestPage);
    const number = wholeNumber(params, "PageNumber", 1, 100_000);
    const found = tasks.rows.filter((row) => matches.every((match) => match(row)));
    const page = found.slice((number - 1) * size, number * size);
    return { body: { PageNumber: number, PageSize: size, TotalCount: found.length, Tasks: { [field]: page.map(show) } } };
  };
}

function filterOf(params: Params) {
  const taskId = params.get("TaskId");
  if (taskId !== undefined && !/^\d+$/.test(taskId)) throw invalid("TaskId");
  const domain = params.get("DomainName");
  const type = optionalOneOf(params, "ObjectType", ["preload", "file", "directory"]);
  // Rows can be "Pending", but the vendor does not accept it as a filter.
  const status = optionalOneOf(params, "Status", ["Complete", "Refreshing", "Failed"]);
  if (type === undefined && (domain !== undefined || status !== undefined)) throw missing("ObjectType");
  const [from, to] = [timeOf(params, "StartTime"), timeOf(params, "EndTime")];
  if (from !== undefined && to !== undefined && from > to) throw invalid("EndTime");
  return { taskId, path: params.get("ObjectPath"), domain, type, status, from, to };
}

function timeOf(params: Params, name: string): number | undefined {
  const text = params.get(name);
  if (text === undefined) return undefined;
  const time = readTime(text);
  if (time === undefined) throw invalid(name);
  return time;
}

/** Times in the list are whole seconds. */
function isWithin(at: number, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): boolean {
  const second = Math.floor(at / 1_000) * 1_000;
  return second >= from && second <= to;
}
