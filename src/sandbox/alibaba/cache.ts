/**
 * The emulated calls that prefetch and refresh URLs and that tell the quota, such as `PreloadVodObjectCaches`, `RefreshVodObjectCaches`
 * and `DescribeVodRefreshQuota`.
 * Sources: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches,
 * …-refreshvodobjectcaches and …-describevodrefreshquota.
 */

import { z } from "zod";
import { isMalformedInSandbox } from "../outcomes.ts";
import { parseJson } from "../server/json.ts";
import { AcsError, invalid, missing, type Reply } from "./answer.ts";
import { isFlagSet, oneOf, type Params } from "./params.ts";
import { hostOf, type TaskRow, type TaskStore } from "./tasks.ts";

export interface CacheCallsOptions {
  readonly now: () => number;
  readonly tasks: TaskStore;
  readonly checkDomain: (domain: string) => void;
  readonly quotaCode: string;
  /** HTTP status of the refusal "queue is full". */
  readonly queueStatus: 400 | 403;
  readonly numbers: "strings" | "numbers";
  /** The field of an answer that has the task ids. */
  readonly idFields: Readonly<Record<TaskRow["type"], string>>;
}

interface CacheCalls {
  preload(params: Params): Reply;
  /** Of single URLs; the real call also takes directories and patterns. */
  refresh(params: Params): Reply;
  describeQuota(): Reply;
}

const MOST_URLS = 1_000;
const headerMap = z.record(z.string(), z.array(z.string()));

export function createCacheCalls({ now, tasks, checkDomain, quotaCode, queueStatus, numbers, idFields }: CacheCallsOptions): CacheCalls {
  const add = (params: Params, type: TaskRow["type"]): Reply => {
    const urls = urlsOf(params);
    for (const domain of new Set(urls.map(hostOf))) checkDomain(domain);
    const added = tasks.add(urls, { type, at: now(), merge: true });
    if (added.ok) return { body: { [idFields[type]]: added.ids.join(",") }, accepted: urls };
    throw added.problem === "queue"
      ? new AcsError(queueStatus, "PreloadQueueFull", "Preload queue is full, please try again later!")
      : new AcsError(400, quotaCode, "You have exceeded the prescribed limits of the day.");
  };

  return {
    preload: (params) => {
      oneOf(params, "Area", ["domestic", "overseas"]);
      isFlagSet(params, "L2Preload");
      isFlagSet(params, "QueryHashkey");
      if (!headerMap.safeParse(parseJson(params.get("WithHeader") ?? "{}")).success) throw invalid("WithHeader");
      return add(params, "preload");
    },

    refresh: (params) => {
      if (oneOf(params, "ObjectType", ["File", "Directory", "Regex", "IgnoreParams"]) !== "File") throw invalid("ObjectType");
      isFlagSet(params, "Force");
      return add(params, "file");
    },

    describeQuota: () => {
      const counts = {
        PreloadQuota: tasks.quotas.preload.limit,
        PreloadRemain: tasks.quotas.preload.left,
        UrlQuota: tasks.quotas.file.limit,
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

/** The vendor reads a URL without a scheme as `http`. */
function urlsOf(params: Params): string[] {
  const lines = (params.get("ObjectPath") ?? "").split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0) throw missing("ObjectPath");
  if (lines.length > MOST_URLS) {
    throw new AcsError(400, "InvalidObjectPath.Size.Malformed", `The size of ObjectPath is bigger than ${MOST_URLS}.`);
  }
  const urls = lines.map((line) => (/^https?:\/\//.test(line) ? line : `http://${line}`));
  if (!urls.every(isWellFormed)) throw invalid("ObjectPath");
  return urls;
}

function isWellFormed(url: string): boolean {
  return URL.canParse(url) && !/\s/.test(url) && !isMalformedInSandbox(url);
}
