import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import type { VerifyRequest, VerifyView } from "../../prefetch/calls/verify.ts";
import { MOST_VERIFIED } from "../../prefetch/calls/verify-page.ts";
import { type Verification, warmths } from "../../prefetch/model/edge.ts";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { cursor, lenientArray } from "../inputs.ts";

const text = z.string().optional();
const number = z.number().optional();

export const verifyOutput = {
  counts: z.record(z.string(), z.number()),
  results: z.array(
    z.object({
      url: z.string(),
      state: z.enum(warmths),
      reason: z.string(),
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
  // Not described in detail, to save tokens: the members explain themselves.
  cdns: z.array(z.looseObject({ host: z.string() })),
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
        "Use this after a prefetch to prove that the CDN's edge holds the URLs, or to learn which CDN serves a URL and why it is not cached. Sends requests to the edge; free of quota. Gives evidence and changes to make.",
      intent: "read",
      input: {
        task_id: z.string("must be a task id, pf_…").optional().describe("Task whose URLs to check, in pages."),
        urls: lenientArray(z.array(z.unknown().meta({ type: "string" }), "must be an array of URLs").optional()).describe(
          `Or up to ${MOST_VERIFIED} URLs.`,
        ),
        cursor,
      },
      output: verifyOutput,
      corrections: { url: "use urls", id: "use task_id", provider: "leave it out: this tool asks the edge itself", page: "use cursor" },
      handle: async (input, call) => resultFrom(await service.verify(requestFrom(input.task_id, input.urls, input.cursor), call)),
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

function resultFrom({ rows, counts, cdns, nextCursor, nextStep }: VerifyView) {
  return {
    counts: { ...counts },
    results: rows.map(rowResult),
    cdns: cdns.map(({ host, name, confidence, by, provider, configured }) => ({ host, cdn: name, confidence, by, provider, configured })),
    ...(nextCursor !== undefined && { next_cursor: nextCursor }),
    next_step: nextStep,
  };
}

function rowResult(row: Verification) {
  const { url, state, reason, obstacles, evidence, cdn, ageS, ttlS, firstByteMs, ...rest } = row;
  return {
    url,
    state,
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
