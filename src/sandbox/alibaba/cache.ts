/**
 * The emulated calls about caches.
 * Sources: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches,
 * …-describevodrefreshtasks and …-describevodrefreshquota.
 */

import { acsDate, parseAcsDate } from "../../providers/alibaba/sign.ts";
import { isMalformedInSandbox } from "../outcomes.ts";
import { AcsError, invalid, missing, oneOf, type Params, type Reply, wholeNumber } from "./answer.ts";
import { hostOf, PURGES_PER_DAY, type TaskRow, type TaskStore } from "./tasks.ts";

/** How a domain can be other than in service. */
export type DomainState = "offline" | "configuring" | "failed" | "illegal";

export interface CacheCallsOptions {
  readonly now: () => number;
  readonly tasks: TaskStore;
  readonly domains: readonly string[];
  readonly domainStates: Readonly<Record<string, DomainState>>;
  readonly dailyLimit: number;
  readonly quotaCode: string;
  readonly numbers: "strings" | "numbers";
  readonly echoScheme: boolean;
  readonly listDelayMs: number;
}

export interface CacheCalls {
  preload(params: Params): Reply;
  describeTasks(params: Params): Reply;
  describeQuota(): Reply;
}

const DAY_MS = 86_400_000;
const RECORD_DAYS = 3;
const MOST_URLS = 1_000;
const LARGEST_PAGE = 50;
const scheme = /^https?:\/\//;

export function createCacheCalls(options: CacheCallsOptions): CacheCalls {
  const { now, tasks, domains, domainStates, dailyLimit, quotaCode, numbers, echoScheme, listDelayMs } = options;

  const checkDomain = (domain: string): void => {
    if (domain.includes("*")) throw new AcsError(400, "InvalidExtensiveDomain.ValueNotSupported", "Extensive domain not supported.");
    if (!domains.includes(domain)) throw new AcsError(404, "InvalidDomain.NotFound", "The domain provided does not belong to you.");
    const state = Object.hasOwn(domainStates, domain) ? domainStates[domain] : undefined;
    if (state === "illegal") throw new AcsError(403, "IllegalOperation", "Illegal domain operate is not permitted.");
    if (state === "offline") throw new AcsError(404, "InvalidDomain.Offline", "The domain provided is offline.");
    if (state === "configuring") throw new AcsError(403, "ServiceBusy", "The domain is being configured, please try again later.");
    if (state === "failed") throw new AcsError(500, "InvalidDomain.Configure_failed", "Failed to configure the provided domain.");
  };

  const echo = (url: string): string => (echoScheme ? url : url.replace(scheme, ""));

  const written = (row: TaskRow) => {
    const { status, process, description } = tasks.statusOf(row);
    return {
      TaskId: row.taskId,
      ObjectPath: echo(row.url),
      ObjectType: row.type,
      Status: status,
      Process: process,
      CreationTime: acsDate(row.at),
      Description: description,
    };
  };

  return {
    preload: (params) => {
      const paths = (params.get("ObjectPath") ?? "").split(/\r?\n/).filter((path) => path.trim() !== "");
      if (paths.length === 0) throw missing("ObjectPath");
      oneOf(params, "Area", ["domestic", "overseas"]);
      oneOf(params, "L2Preload", ["false", "true"]);
      if (!isHeaderMap(params.get("WithHeader") ?? "{}")) throw invalid("WithHeader");
      if (paths.length > MOST_URLS) {
        throw new AcsError(400, "InvalidObjectPath.Size.Malformed", `The size of ObjectPath is bigger than ${MOST_URLS}.`);
      }
      const urls = paths.map((path) => (scheme.test(path) ? path : `http://${path}`));
      if (!urls.every(isWellFormed)) throw invalid("ObjectPath");
      for (const domain of new Set(urls.map(hostOf))) checkDomain(domain);
      const taken = tasks.take(urls, { type: "preload", at: now(), merge: true });
      if (taken.ok) return { body: { PreloadTaskId: taken.ids.join(",") }, accepted: urls };
      if (taken.problem === "queue") throw new AcsError(403, "PreloadQueueFull", "Preload queue is full, please try again later!");
      throw new AcsError(400, quotaCode, "You have exceeded the prescribed limits of the day.");
    },

    describeTasks: (params) => {
      const taskId = params.get("TaskId");
      if (taskId !== undefined && !/^\d+$/.test(taskId)) throw invalid("TaskId");
      const path = params.get("ObjectPath");
      const domain = params.get("DomainName");
      const type = params.has("ObjectType") ? oneOf(params, "ObjectType", ["preload", "file", "directory"]) : undefined;
      // "Pending" occurs in answers only.
      const status = params.has("Status") ? oneOf(params, "Status", ["Complete", "Refreshing", "Failed"]) : undefined;
      if ((domain !== undefined || status !== undefined) && type === undefined) throw missing("ObjectType");
      const size = wholeNumber(params, "PageSize", 20, LARGEST_PAGE);
      const number = wholeNumber(params, "PageNumber", 1, 100_000);
      const [from, to] = spanOf(params);
      const found = tasks.rows.filter((row) => {
        // Times in the list are whole seconds.
        const at = Math.floor(row.at / 1_000) * 1_000;
        if (now() < row.at + listDelayMs || now() > row.at + RECORD_DAYS * DAY_MS || at < from || at > to) return false;
        if (taskId !== undefined && row.taskId !== taskId) return false;
        if (path !== undefined && ![row.url, echo(row.url)].includes(path)) return false;
        if (domain !== undefined && hostOf(row.url) !== domain) return false;
        if (type !== undefined && row.type !== type) return false;
        return status === undefined || tasks.statusOf(row).status === status;
      });
      const page = found.slice((number - 1) * size, number * size);
      return { body: { PageNumber: number, PageSize: size, TotalCount: found.length, Tasks: { Task: page.map(written) } } };
    },

    describeQuota: () => {
      const counts = {
        PreloadQuota: dailyLimit,
        PreloadRemain: tasks.quotas.preload.left,
        UrlQuota: PURGES_PER_DAY,
        UrlRemain: tasks.quotas.file.left,
        DirQuota: 100,
        DirRemain: 100,
        BlockQuota: 300,
        // The vendor's own spelling.
        blockRemain: 300,
      };
      const write = (count: number) => (numbers === "strings" ? String(count) : count);
      return { body: Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, write(count)])) };
    },
  };
}

function spanOf(params: Params): readonly [from: number, to: number] {
  const [from, to] = (["StartTime", "EndTime"] as const).map((name) => {
    const text = params.get(name);
    if (text === undefined) return undefined;
    const time = parseAcsDate(text);
    if (Number.isNaN(time)) throw invalid(name);
    return time;
  });
  if (from !== undefined && to !== undefined && from > to) throw invalid("EndTime");
  return [from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY];
}

function isWellFormed(url: string): boolean {
  return URL.canParse(url) && !/\s/.test(url) && !isMalformedInSandbox(url);
}

function isHeaderMap(text: string): boolean {
  try {
    const map: unknown = JSON.parse(text);
    if (typeof map !== "object" || map === null || Array.isArray(map)) return false;
    return Object.values(map).every((values) => Array.isArray(values) && values.every((value) => typeof value === "string"));
  } catch {
    // Not JSON: the vendor calls that malformed, and so does the caller.
    return false;
  }
}
