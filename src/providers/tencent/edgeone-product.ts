/**
 * The facts of Tencent EdgeOne, whose service is called TEO. A zone has quotas and tasks of its own.
 * https://www.tencentcloud.com/document/product/1145/50537 (prefetch), https://www.tencentcloud.com/document/product/1145/50533 (records)
 */

import { z } from "zod";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { ProviderLimits, Refusal, StatusRow } from "../../prefetch/model/provider.ts";
import type { Meaning } from "../kit/error-table.ts";
import type { CallAnswer } from "../kit/signed-call.ts";
import type { TaskRow } from "../kit/task-rows.ts";
import { commonLimits, type Meanings, type Product } from "./product.ts";
import type { TaskWork } from "./task-calls.ts";

/** The plan of a zone bounds the URLs of a request and of a day, and only the quota call tells them. */
export const edgeOneLimits = { ...commonLimits, urlsPerRequest: 500, urlsPerDay: undefined } satisfies ProviderLimits;

const codes = (is: Meanings): Readonly<Record<string, Meaning>> => ({
  "LimitExceeded.BatchQuota": is.tooMany,
  "LimitExceeded.PackNotAllow": { code: "unsupported", hint: "The plan of the zone does not include this. See the console of EdgeOne." },
  "InvalidParameter.DomainNotFound": is.foreignDomain,
  ResourceNotFound: { code: "not_found", hint: "Check the zone ids in PREFETCH_TENCENT_EDGEONE_HOSTS." },
  // The vendor's text says that its backend has an unknown error.
  "UnauthorizedOperation.Unknown": is.fault,
});

export const edgeOne: Product = {
  id: "tencent-edgeone",
  name: "Tencent EdgeOne",
  service: "teo",
  version: "2022-09-01",
  permissions:
    "teo:CreatePrefetchTask, teo:DescribePrefetchTasks and teo:DescribeContentQuota; refresh_first also needs teo:CreatePurgeTask and teo:DescribePurgeTasks, and PREFETCH_TENCENT_EDGEONE_HOSTS=auto needs teo:DescribeZones and teo:DescribeAccelerationDomains",
  domainHint: "The URL's domain must be an enabled domain of the zone. Check PREFETCH_TENCENT_EDGEONE_HOSTS.",
  endpointSetting: "PREFETCH_TENCENT_EDGEONE_ENDPOINT",
  traceable: true,
  codes,
};

interface Words {
  readonly what: string;
  readonly submit: string;
  readonly tasks: string;
  /** Parameters of the submit besides zone and URLs. */
  readonly more: object;
  readonly quotaField: "PrefetchQuota" | "PurgeQuota";
  readonly type: "prefetch_url" | "purge_url";
}

const prefetchWords: Words = {
  what: "the prefetch",
  submit: "CreatePrefetchTask",
  tasks: "DescribePrefetchTasks",
  more: {},
  quotaField: "PrefetchQuota",
  type: "prefetch_url",
};
const purgeWords: Words = {
  what: "the refresh",
  submit: "CreatePurgeTask",
  tasks: "DescribePurgeTasks",
  more: { Type: "purge_url" },
  quotaField: "PurgeQuota",
  type: "purge_url",
};

export const prefetchIn = (zone: string, redact: Redactor): TaskWork => workOf(prefetchWords, zone, redact);
export const purgeIn = (zone: string, redact: Redactor): TaskWork => workOf(purgeWords, zone, redact);

/** Our task ids name the zone, which every question about a task needs: `zone-2o1t24kgy362/1379afjk91u32h`. */
export function zoneOfTask(taskId: string): string | undefined {
  return /^(zone-[a-z0-9]{1,40})\/\w{1,64}$/.exec(taskId)?.[1];
}

const jobId = z.union([z.string().regex(/^\w{1,64}$/), z.number()]).transform(String);
const units = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);
const failures = z.array(z.object({ Reason: z.string().nullish(), Targets: z.array(z.string()).nullish() })).nullish();
const submitted = z.object({ JobId: jobId.or(z.literal("")).nullish(), FailedList: failures });
const task = z.object({
  JobId: jobId,
  Target: z.string(),
  Status: z.string().nullish(),
  FailType: z.string().nullish(),
  FailMessage: z.string().nullish(),
});
const page = z.object({ Tasks: z.array(task).nullish(), TotalCount: units.nullish() });
const quota = z.array(z.object({ Type: z.string(), Batch: units, Daily: units, DailyAvailable: units })).nullish();
const quotas = z.object({ PrefetchQuota: quota, PurgeQuota: quota });

function workOf({ what, submit, tasks, more, quotaField, type }: Words, zone: string, redact: Redactor): TaskWork {
  const inZone = { ZoneId: zone };
  return {
    what,
    submit: (urls) => ({ action: submit, params: { ...inZone, ...more, Targets: urls } }),
    readSubmitted: (answer) => readSubmitted(answer, zone, redact),
    listTask: (taskId) => {
      if (zoneOfTask(taskId) !== zone) return undefined;
      return { action: tasks, params: { ...inZone, Filters: [{ Name: "job-id", Values: [taskId.slice(zone.length + 1)] }] } };
    },
    listSince: (host, from, to) => {
      const time = { StartTime: isoTime(from), EndTime: isoTime(to) };
      return { action: tasks, params: { ...inZone, ...time, Filters: [{ Name: "domains", Values: [host] }] } };
    },
    readRows: (answer) => {
      const { Tasks, TotalCount: total } = answer.read(page);
      return { rows: Tasks?.map((each) => rowOf(each, zone, redact)), total: total ?? undefined };
    },
    quota: { action: "DescribeContentQuota", params: inZone },
    readQuota: (answer) => {
      const found = answer.read(quotas)[quotaField]?.find((each) => each.Type === type);
      if (!found) throw answer.unreadable();
      const { Batch, Daily: limit, DailyAvailable } = found;
      return { limit, remaining: Math.max(0, Math.min(limit, DailyAvailable)), ...(Batch > 0 && { urlsPerRequest: Batch }) };
    },
  };
}

/** URLs that the vendor names as failed are refused; the job has the rest. */
function readSubmitted(answer: CallAnswer, zone: string, redact: Redactor) {
  const { JobId: job, FailedList } = answer.read(submitted);
  const refused = (FailedList ?? []).flatMap(({ Reason, Targets }): Refusal[] => {
    const why = tidyMessage(Reason ?? "", redact);
    const reason = why === "" ? "Tencent EdgeOne refuses the URL and gives no reason." : `Tencent EdgeOne refuses the URL: "${why}".`;
    return (Targets ?? []).map((url) => ({ url, code: "invalid_argument", reason }));
  });
  if (!job && refused.length === 0) throw answer.unreadable();
  return { vendorTaskIds: job ? [`${zone}/${job}`] : [], refused };
}

function isoTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** Every other word, known or not, counts as `processing`. */
const states: Readonly<Record<string, StatusRow["state"]>> = {
  success: "succeeded",
  failed: "failed",
  timeout: "failed",
  canceled: "failed",
  invalid: "failed",
};

function rowOf({ JobId, Target, Status, FailType, FailMessage }: z.infer<typeof task>, zone: string, redact: Redactor): TaskRow {
  const word = tidyMessage(Status ?? "", redact);
  const state = states[word.toLowerCase()] ?? "processing";
  const told = tidyMessage([FailType, FailMessage].filter(Boolean).join(": "), redact).replace(/\.$/, "");
  const silent = word === "invalid" ? "the origin did not answer with 2xx" : "it gives no reason";
  return {
    taskId: `${zone}/${JobId}`,
    url: Target,
    state,
    vendorState: word,
    ...(state === "failed" && { reason: `Tencent EdgeOne reports "${word}": ${told || silent}.` }),
  };
}
