/**
 * The facts of Tencent Cloud CDN.
 * https://www.tencentcloud.com/document/product/228/33600 (prefetch), https://www.tencentcloud.com/document/product/228/33603 (records)
 */

import { z } from "zod";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { ProviderLimits, StatusRow, VendorQuota } from "../../prefetch/model/provider.ts";
import type { Meaning } from "../kit/error-table.ts";
import type { TaskRow } from "../kit/task-rows.ts";
import { commonLimits, type Meanings, type Product } from "./product.ts";
import type { TaskWork } from "./task-calls.ts";

export const areas = ["mainland", "overseas", "global"] as const;
export type Area = (typeof areas)[number];

export const cdnLimits = { ...commonLimits, urlsPerRequest: 500, urlsPerDay: 1_000 } satisfies ProviderLimits;
/** URLs that an account may purge a day and area, by default. */
export const PURGES_PER_DAY = 10_000;

const toEdgeOne = "add edgeone to PREFETCH_TENCENT_PRODUCTS, and use provider tencent-edgeone.";
const moved: Meaning = { code: "unsupported", hint: `The vendor moves this account from CDN to EdgeOne: ${toEdgeOne}` };

const codes = (is: Meanings): Readonly<Record<string, Meaning>> => ({
  "LimitExceeded.CdnPushExceedBatchLimit": is.tooMany,
  "LimitExceeded.CdnPurgeExceedBatchLimit": is.tooMany,
  "LimitExceeded.CdnPurgeUrlExceedBatchLimit": is.tooMany,
  "LimitExceeded.CdnHostOpTooOften": is.throttled,
  "UnauthorizedOperation.OperationTooOften": is.throttled,
  "UnauthorizedOperation.CdnUserAuthFail": is.account,
  "UnauthorizedOperation.CdnUserAuthWait": is.account,
  "UnauthorizedOperation.CdnUserIsSuspended": is.account,
  "UnauthorizedOperation.CdnUserNoWhitelist": {
    code: "unsupported",
    hint: "The vendor opens this function for listed accounts only. Ask it.",
  },
  "UnauthorizedOperation.EcdnMigratedCdn": { code: "unsupported", hint: "The vendor allows this in the console of CDN only." },
  "UnauthorizedOperation.CdnHostUnauthorized": is.foreignDomain,
  "ResourceNotFound.CdnHostNotExists": is.foreignDomain,
  "ResourceNotFound.CdnUserNotExists": is.account,
  "ResourceUnavailable.CdnHostIsNotOnline": { ...is.foreignDomain, hint: "The domain is disabled. Enable it in the console of CDN." },
  "ResourceUnavailable.CdnHostIsLocked": { ...is.foreignDomain, hint: "The domain is locked. See the console of CDN." },
  "InvalidParameter.CdnHostInvalidStatus": {
    ...is.foreignDomain,
    hint: "The state of the domain does not allow this. See the console of CDN.",
  },
  "InvalidParameter.CdnHostInvalidMiddleConfig": {
    ...is.foreignDomain,
    hint: "The domain's middle layer is set up wrongly. See the console of CDN.",
  },
  "InvalidParameter.CdnPushWildcardNotAllowed": {
    code: "invalid_argument",
    hint: "The vendor cannot prefetch wildcard hosts. Name the host.",
  },
  "InvalidParameter.CdnPurgeWildcardNotAllowed": {
    code: "invalid_argument",
    hint: "The vendor cannot refresh wildcard hosts. Name the host.",
  },
  "InvalidParameter.CdnHostExistsInEdgeOne": { code: "forbidden_domain", hint: `The domain is served by EdgeOne: ${toEdgeOne}` },
  "OperationDenied.ProductUpgraded": moved,
  "OperationDenied.UserMigrating": moved,
  "OperationDenied.ProductUpdating": { ...is.busy, hint: "The vendor moves the domain to EdgeOne just now. Call again later." },
});

export const cdn: Product = {
  id: "tencent-cdn",
  name: "Tencent Cloud CDN",
  service: "cdn",
  version: "2018-06-06",
  permissions:
    "cdn:PushUrlsCache, cdn:DescribePushTasks and cdn:DescribePushQuota; refresh_first also needs cdn:PurgeUrlsCache, cdn:DescribePurgeTasks and cdn:DescribePurgeQuota",
  domainHint:
    "The URL's domain must be an enabled domain of Tencent Cloud CDN in this account, and serve the area in PREFETCH_TENCENT_CDN_AREA. " +
    `If EdgeOne serves it, ${toEdgeOne}`,
  endpointSetting: "PREFETCH_TENCENT_CDN_ENDPOINT",
  traceable: true,
  codes,
};

const id = z.union([z.string().regex(/^\w{1,64}$/), z.number()]).transform(String);
const units = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);
const submitted = z.object({ TaskId: id });
const text = z.string().nullish();
const row = z.object({ TaskId: id, Url: z.string(), Status: text, CreateTime: text, Percent: z.union([z.number(), z.string()]).nullish() });
const rows = z.array(row).nullish();
const page = z.object({ PushLogs: rows, PurgeLogs: rows, TotalCount: units.nullish() });
const quotas = z.array(z.object({ Area: z.string(), Batch: units.nullish(), Total: units, Available: units }));

interface Words {
  readonly what: string;
  readonly submit: string;
  readonly tasks: string;
  /** Parameters of the list besides task, time and host. */
  readonly more: object;
  readonly field: "PushLogs" | "PurgeLogs";
  readonly quota: string;
  readonly quotaField: "UrlPush" | "UrlPurge";
}

const prefetchWords: Words = {
  what: "the prefetch",
  submit: "PushUrlsCache",
  tasks: "DescribePushTasks",
  more: {},
  field: "PushLogs",
  quota: "DescribePushQuota",
  quotaField: "UrlPush",
};
const purgeWords: Words = {
  what: "the refresh",
  submit: "PurgeUrlsCache",
  tasks: "DescribePurgeTasks",
  more: { PurgeType: "url" },
  field: "PurgeLogs",
  quota: "DescribePurgeQuota",
  quotaField: "UrlPurge",
};

export const prefetchWork = (area: Area, redact: Redactor): TaskWork => workOf(prefetchWords, area, { Area: area }, redact);
/** A refresh takes no area `global`: without one it covers the domain's own. */
export const purgeWork = (area: Area, redact: Redactor): TaskWork =>
  workOf(purgeWords, area, area === "global" ? {} : { Area: area }, redact);

function workOf(words: Words, area: Area, where: object, redact: Redactor): TaskWork {
  const { what, submit, tasks, more, field, quota, quotaField } = words;
  const answered = z.object({ [quotaField]: quotas });
  return {
    what,
    submit: (urls) => ({ action: submit, params: { Urls: urls, ...where } }),
    readSubmitted: (answer) => ({ vendorTaskIds: [answer.read(submitted).TaskId], refused: [] }),
    listTask: (taskId) => (id.safeParse(taskId).success ? { action: tasks, params: { ...more, TaskId: taskId } } : undefined),
    listSince: (host, from, to) => {
      // The vendor names no zone for its times, so the span covers what they mean in each.
      const time = { StartTime: timeText(from, "UTC"), EndTime: timeText(to, "China") };
      return { action: tasks, params: { ...more, ...time, Keyword: host } };
    },
    readRows: (answer) => {
      const { [field]: found, TotalCount: total } = answer.read(page);
      return { rows: found?.map((each) => rowOf(each, redact)), total: total ?? undefined };
    },
    quota: { action: quota, params: {} },
    readQuota: (answer) => {
      const found = (answer.read(answered)[quotaField] ?? []).filter(({ Area }) => area === "global" || Area === area);
      if (found.length === 0) throw answer.unreadable();
      return smallest(found);
    },
  };
}

/** A global task spends from both areas, so the smaller rest counts. */
function smallest(rows: z.infer<typeof quotas>): VendorQuota {
  const limit = Math.min(...rows.map(({ Total }) => Total));
  const batches = rows.flatMap(({ Batch }) => (Batch ? [Batch] : []));
  return {
    limit,
    remaining: Math.max(0, Math.min(limit, ...rows.map(({ Available }) => Available))),
    ...(batches.length > 0 && { urlsPerRequest: Math.min(...batches) }),
  };
}

/** The zones that the vendor's times can be in: its own country's, or the one of its newer products. */
const aheadMs = { China: 8 * 3_600_000, UTC: 0 } as const;

/** `2026-11-21 20:00:00`. */
function timeText(at: number, zone: keyof typeof aheadMs): string {
  return new Date(at + aheadMs[zone]).toISOString().slice(0, 19).replace("T", " ");
}

/** What a time of the vendor can mean, in milliseconds since the epoch. `undefined` for a text of another form. */
function momentsOf(text: string | null | undefined): readonly number[] | undefined {
  const asUtc = Date.parse(`${text?.replace(" ", "T")}Z`);
  return Number.isNaN(asUtc) ? undefined : Object.values(aheadMs).map((ahead) => asUtc - ahead);
}

/** Every other word, known or not, counts as `processing`. */
const states: Readonly<Record<string, StatusRow["state"]>> = { done: "succeeded", fail: "failed", invalid: "failed" };

function rowOf({ TaskId, Url, Status, Percent, CreateTime }: z.infer<typeof row>, redact: Redactor): TaskRow {
  const word = tidyMessage(Status ?? "", redact);
  const state = states[word.toLowerCase()] ?? "processing";
  const percent = Number.parseInt(String(Percent ?? ""), 10);
  const createdAt = momentsOf(CreateTime);
  const why = word === "invalid" ? "the origin answered with 4xx or 5xx" : "it gives no reason";
  return {
    taskId: TaskId,
    url: Url,
    state,
    vendorState: Number.isNaN(percent) ? word : `${word} ${Math.min(100, Math.max(0, percent))}%`,
    ...(createdAt && { createdAt }),
    ...(state === "failed" && { reason: `Tencent Cloud reports "${word}": ${why}.` }),
  };
}
