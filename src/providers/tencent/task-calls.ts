/** The calls of a product about one kind of task: submit, status, quota, and the look for a lost submit. */

import { PrefetchError } from "../../base/errors.ts";
import type { Call, Provider, Submission, VendorQuota } from "../../prefetch/model/provider.ts";
import type { CallAnswer } from "../kit/signed-call.ts";
import { type Page, readPages, type TaskRows } from "../kit/task-rows.ts";
import { createTrace } from "../kit/trace.ts";
import { statusByTask, urlsIn } from "../kit/url-tasks.ts";
import type { Api, ApiOptions } from "./api.ts";
import { commonLimits, type Product } from "./product.ts";

/** A call by its name and its parameters. */
export interface ApiCall {
  readonly action: string;
  readonly params: object;
}

/** The vendor's words for one kind of task. */
export interface TaskWork {
  /** For error messages: "the prefetch". */
  readonly what: string;
  readonly submit: (urls: readonly string[]) => ApiCall;
  readonly readSubmitted: (answer: CallAnswer) => Pick<Submission, "vendorTaskIds" | "refused">;
  /** The rows of one task. `undefined` for an id that no task can have. */
  readonly listTask: (taskId: string) => ApiCall | undefined;
  /** The rows of one host that were created from `from` to `to`, in milliseconds since the epoch. */
  readonly listSince: (host: string, from: number, to: number) => ApiCall;
  /** `clockOffset` follows from the answer. */
  readonly readRows: (answer: CallAnswer) => Omit<Page, "clockOffset">;
  readonly quota: ApiCall;
  readonly readQuota: (answer: CallAnswer) => VendorQuota;
}

interface TaskCallParts extends Pick<ApiOptions, "clock" | "redact"> {
  readonly product: Product;
  readonly api: Api;
}

export type TaskCalls = Pick<Provider, "submit"> & Required<Pick<Provider, "status" | "quota" | "findSubmitted">>;

/** The vendor names no largest page of CDN; EdgeOne's is 1,000. Larger pages come near the largest answer that the client reads. */
const PAGE_ROWS = 100;
/** The vendor does not document how long it lists tasks. Of an older submit, a missing row proves nothing. */
const LISTED_FOR_MS = 86_400_000;

export function createTaskCalls({ product, api, clock }: TaskCallParts, work: TaskWork): TaskCalls {
  const { what, readSubmitted, readRows, readQuota } = work;

  const readAll = ({ action, params }: ApiCall, asked: string, call: Call): Promise<TaskRows> => {
    // Pages may be shorter than asked for, so the offset counts the rows that have come.
    let offset = 0;
    return readPages(PAGE_ROWS, async (): Promise<Page> => {
      const page = { ...params, Offset: offset, Limit: PAGE_ROWS };
      const answer = await api({ action, params: page, intent: "read", what: asked, call, counted: true });
      const found = readRows(answer);
      offset += found.rows?.length ?? 0;
      return { ...found, clockOffset: answer.clockOffset };
    });
  };

  return {
    submit: async (batch, call) => {
      const answer = await api({ ...work.submit(urlsIn(batch, product)), intent: "spend", what, call, counted: true });
      return { ...readSubmitted(answer), ...(answer.requestId !== undefined && { requestId: answer.requestId }) };
    },
    status: statusByTask(async (taskId, call) => {
      const list = work.listTask(taskId);
      if (!list) throw noTask(taskId, product);
      const found = await readAll(list, "the status query", call);
      // A filter that the vendor ignores must not bring in rows of other tasks.
      return found.rows.filter((row) => row.taskId === taskId);
    }),
    quota: async (call) => readQuota(await api({ ...work.quota, intent: "read", what: "the quota query", call, counted: false })),
    findSubmitted: createTrace({
      clock,
      list: (host, from, to, call) => readAll(work.listSince(host, from, to), "the look-up of the request", call),
      urlsOf: async (batch) => ({ urls: urlsIn(batch, product), atOnce: true }),
      listedWithinMs: commonLimits.listedWithinMs,
      keptMs: LISTED_FOR_MS,
    }),
  };
}

export function noTask(taskId: string, { id, name }: Product): PrefetchError {
  return new PrefetchError("not_found", `task_id: ${name} has no task ${taskId.slice(0, 60)}`, { provider: id, hint: "Check the id." });
}
