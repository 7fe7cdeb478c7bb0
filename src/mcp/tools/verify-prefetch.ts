import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import type { VerifyRequest, VerifyRow, VerifyView } from "../../prefetch/calls/verify.ts";
import { MOST_VERIFIED } from "../../prefetch/calls/verify-page.ts";
import { warmths } from "../../prefetch/model/edge.ts";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { verifyHeadline } from "../headlines.ts";
import { cursor, lenientArray } from "../inputs.ts";
import { type SummaryRow, summaryRows } from "../verify-summary.ts";

const text = z.string().optional();
const number = z.number().optional();

export const verifyOutput = {
  counts: z.record(z.string(), z.number()),
  results: z.array(
    z.object({
      url: z.string(),
      sent_as: text,
      state: z.enum(warmths),
      reason: text,
      like: number,
      obstacles: z.array(z.object({ code: z.string(), reason: z.string(), change: z.string() })).optional(),
      evidence: z.array(z.string()).optional(),
      status: number,
      cdn: text,
      layer: text,
      pop: text,
      edge: text,
      variant: text,
      age_s: number,
      ttl_s: number,
      first_byte_ms: number,
    }),
  ),
  cdns: z.array(
    z.object({ host: z.string(), cdn: z.string(), confidence: z.string(), by: z.string(), provider: z.string(), configured: z.boolean() }),
  ),
  next_cursor: text,
  next_step: z.string(),
};

export function verifyPrefetch(deps: ToolDeps) {
  const { service } = deps;
  return defineTool(
    {
      name: "verify_prefetch",
      title: "Verify a prefetch",
      description:
        "Use this after a prefetch to prove that the CDN's edge holds the URLs, or to learn which CDN serves a URL and why it is not cached. Free of quota. It requests each URL from the edge, which can fill its cache.",
      intent: "read",
      view: true,
      input: {
        task_id: z.string("must be a task id, pf_…").optional().describe("Task whose URLs to check, in pages."),
        urls: lenientArray(z.array(z.unknown().meta({ type: "string" }), "must be an array of URLs").optional()).describe(
          `Or up to ${MOST_VERIFIED} URLs.`,
        ),
        detail: z
          .enum(["summary", "all"], 'must be "summary" or "all"')
          .default("summary")
          .describe("summary: every URL that is not warm, and one example of each kind; like is the index of its example. all: every row."),
        cursor,
      },
      output: verifyOutput,
      corrections: { url: "use urls", id: "use task_id", provider: "leave it out: this tool asks the edge itself", page: "use cursor" },
      headline: verifyHeadline,
      handle: async ({ task_id: taskId, urls, cursor, detail }, call) => {
        const view = await service.verify(requestFrom(taskId, urls, cursor), call);
        return resultFrom(view, detail === "all" ? view.rows.map(withVersion) : summaryRows(view.rows));
      },
    },
    deps,
  );
}

function requestFrom(taskId: string | undefined, urls: unknown[] | undefined, cursor: string | undefined): VerifyRequest {
  if (taskId !== undefined && urls === undefined) return { taskId, cursor };
  if (urls !== undefined && taskId === undefined && cursor === undefined) return { urls };
  const mistake = taskId === undefined && urls !== undefined ? "cursor: goes with task_id only" : "task_id, urls: pass just one of them";
  throw new PrefetchError("invalid_argument", mistake, { hint: "Nothing was checked. Correct the arguments and call again." });
}

/** Only rows that are asked for have the headers of the object: they decide no state. */
function withVersion(row: VerifyRow): VerifyRow {
  return { ...row, evidence: [...row.evidence, ...(row.version ?? [])] };
}

function resultFrom({ counts, cdns, nextCursor, nextStep }: VerifyView, rows: readonly SummaryRow[]) {
  return {
    counts: { ...counts },
    results: rows.map(rowResult),
    cdns: cdns.map(({ host, name, confidence, by, provider, configured }) => ({ host, cdn: name, confidence, by, provider, configured })),
    ...(nextCursor !== undefined && { next_cursor: nextCursor }),
    next_step: nextStep,
  };
}

function rowResult({ url, sentAs, state, ...row }: SummaryRow) {
  const start = { url, ...(sentAs !== undefined && { sent_as: sentAs }), state };
  if ("like" in row) return { ...start, ...row };
  const { reason, obstacles, evidence, version: _, cdn, ageS, ttlS, firstByteMs, ...rest } = row;
  return {
    ...start,
    reason,
    ...(obstacles.length > 0 && { obstacles: obstacles.map(({ code, reason: why, change }) => ({ code, reason: why, change })) }),
    ...(evidence.length > 0 && { evidence: [...evidence] }),
    ...rest,
    ...(cdn && { cdn: cdn.name }),
    ...(ageS !== undefined && { age_s: ageS }),
    ...(ttlS !== undefined && { ttl_s: ttlS }),
    ...(firstByteMs !== undefined && { first_byte_ms: firstByteMs }),
  };
}
