/**
 * The emulated calls about tasks of Huawei Cloud CDN.
 * Sources: https://support.huaweicloud.com/api-cdn/CreatePreheatingTasks.html, …/CreateRefreshTasks.html,
 * …/ShowHistoryTaskDetails.html, …/ShowUrlTaskInfo.html and …/ShowQuota.html.
 */

import { z } from "zod";
import type { DailyQuota } from "../limits.ts";
import { isMalformedInSandbox } from "../outcomes.ts";
import { jsonAnswer, parseJson } from "../server/json.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import type { VendorAnswer } from "./answered.ts";
import { type CdnDomains, foreign } from "./cdn-domains.ts";
import type { CdnRow, CdnStore } from "./cdn-store.ts";
import { cdnError } from "./errors.ts";

interface CdnTaskOptions {
  readonly now: () => number;
  readonly store: CdnStore;
  readonly quotas: Readonly<Record<"preheat" | "file_refresh", DailyQuota>>;
  readonly domains: CdnDomains;
  readonly enterpriseProject: string | undefined;
  readonly listDelayMs: number;
}

type Field = "preheating_task" | "refresh_task";

interface CdnTasks {
  create(request: ReceivedRequest, field: Field): VendorAnswer;
  detail(taskId: string, url: URL): VendorAnswer;
  records(url: URL): VendorAnswer;
  domains(url: URL): VendorAnswer;
  quota(): VendorAnswer;
}

const MOST_URLS = 1_000;
const LONGEST_URL = 4_096;
const KEPT_MS = 7 * 86_400_000;
const LONGEST_SPAN_MS = 86_400_000;
const order = z.object({ urls: z.array(z.string()).min(1), type: z.enum(["file", "directory"]).optional() });

const invalid = (field: string) => cdnError(400, "CDN.0001", `The parameter ${field} is missing or incorrect.`);

export function createCdnTasks(options: CdnTaskOptions): CdnTasks {
  const { now, store, quotas, domains, enterpriseProject, listDelayMs } = options;
  const isDenied = (url: URL): boolean =>
    enterpriseProject !== undefined && ![enterpriseProject, "all"].includes(url.searchParams.get("enterprise_project_id") ?? "");
  const denied = () => cdnError(403, "CDN.0020", "The enterprise project is not authorized.");

  const kinds = {
    preheating_task: { type: "PREHEATING", quota: quotas.preheat },
    refresh_task: { type: "REFRESH", quota: quotas.file_refresh },
  } as const;

  return {
    create: ({ url, body }, field) => {
      if (isDenied(url)) return denied();
      const parsed = z.object({ [field]: order }).safeParse(parseJson(body.toString())).data?.[field];
      if (!parsed) return invalid(field);
      const { urls } = parsed;
      if (urls.length > MOST_URLS || !urls.every(isWellFormed)) return invalid("urls");
      const refusal = domains.refusalOf(urls);
      if (refusal) return refusal;
      const { type, quota } = kinds[field];
      if (!quota.take(urls.length)) return cdnError(200, "CDN.0110", "The number of URLs exceeds the limit.");
      return { ...jsonAnswer(200, { [field]: store.start(urls, type) }), accepted: urls };
    },

    detail: (taskId, url) => {
      if (isDenied(url)) return denied();
      const found = store.rows.filter((row) => row.taskId === taskId && now() - row.at <= KEPT_MS);
      return found.length === 0 ? foreign() : detailOf(found, store, url);
    },

    records: ({ searchParams }) => recordsOf(store, searchParams, (row) => now() >= row.at + listDelayMs),

    domains: (url) => (isDenied(url) ? denied() : domains.list(url)),

    quota: () =>
      jsonAnswer(200, {
        quotas: Object.entries(quotas).map(([type, { limit, spent }]) => ({ type, quota_limit: limit, used: spent, user_domain_id: "0" })),
      }),
  };
}

function detailOf(found: readonly CdnRow[], { stateOf }: CdnStore, { searchParams }: URL): VendorAnswer {
  const [size, number] = [searchParams.get("page_size"), searchParams.get("page_number")];
  if ((size === null) !== (number === null)) return invalid("page_size");
  const from = (Number(number ?? 1) - 1) * Number(size ?? 30);
  const states = found.map(stateOf);
  const failed = states.filter((state) => state === "failed").length;
  const succeed = states.filter((state) => state === "succeed").length;
  return jsonAnswer(200, {
    id: found[0]?.taskId,
    task_type: found[0]?.type.toLowerCase(),
    status: succeed + failed === found.length ? "task_done" : "task_inprocess",
    processing: found.length - succeed - failed,
    succeed,
    failed,
    total: found.length,
    create_time: found[0]?.at,
    file_type: "file",
    urls: found.slice(from, from + Number(size ?? 30)).map((row) => {
      const status = stateOf(row);
      const why = status === "failed" ? { fail_classify: "ORIGIN_ERROR", fail_desc: "The origin answers with an error." } : {};
      return { id: row.number, url: row.url, status, create_time: row.at, task_id: row.taskId, task_type: row.type, ...why };
    }),
  });
}

function recordsOf({ rows, stateOf }: CdnStore, params: URLSearchParams, isListed: (row: CdnRow) => boolean): VendorAnswer {
  const [from, to] = [Number(params.get("start_time")), Number(params.get("end_time"))];
  const limit = Number(params.get("limit") ?? 10);
  if (!(from > 0 && to >= from && to - from <= LONGEST_SPAN_MS) || limit > 100) return invalid("start_time");
  const [type, wanted] = [params.get("task_type"), params.get("url")];
  const within = rows.filter((row) => row.at >= from && row.at <= to && isListed(row));
  const found = within.filter((row) => (type === null || row.type === type) && (wanted === null || row.url === wanted));
  const offset = Number(params.get("offset") ?? 0);
  const shown = found.slice(offset, offset + limit).map((row) => ({
    id: row.number,
    url: row.url,
    status: stateOf(row).toUpperCase(),
    type: row.type,
    task_id: Number(row.taskId),
    create_time: row.at,
    modify_time: row.at,
    file_type: "file",
  }));
  return jsonAnswer(200, { total: found.length, count: Math.ceil(found.length / limit), result: shown });
}

function isWellFormed(url: string): boolean {
  return /^https?:\/\/\S+$/.test(url) && url.length <= LONGEST_URL && URL.canParse(url) && !url.endsWith("/") && !isMalformedInSandbox(url);
}
