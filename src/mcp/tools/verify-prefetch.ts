import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import type { VerifyRequest, VerifyView } from "../../prefetch/calls/verify.ts";
import { MOST_VERIFIED } from "../../prefetch/calls/verify-page.ts";
import { type Verification, warmths } from "../../prefetch/model/edge.ts";
import { lenientArray } from "../inputs.ts";
import { defineTool, type ToolDeps } from "../tool.ts";

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
  // Its members speak for themselves.
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
        "Use this after a prefetch to prove that the CDN's edge holds the URLs, or to learn which CDN serves a URL and why it is not cached. Asks the edge itself; free of quota. Gives evidence and what to change.",
      intent: "read",
      input: {
        task_id: z.string("must be a task id, pf_…").optional().describe("Task whose URLs to look at, in pages."),
        urls: lenientArray(z.array(z.unknown().meta({ type: "string" }), "must be an array of URLs").optional()).describe(
          `Or up to ${MOST_VERIFIED} URLs.`,
        ),
        cursor: z.string("must be a string").optional().describe("next_cursor of the previous page."),
      },
      output: verifyOutput,
      misnomers: { url: "use urls", id: "use task_id", provider: "leave it out: the edge itself is asked", page: "use cursor" },
      handle: async ({ task_id: taskId, urls, cursor }, call) => result(await service.verify(requestFrom(taskId, urls, cursor), call)),
    },
    deps,
  );
}

function requestFrom(taskId: string | undefined, urls: unknown[] | undefined, cursor: string | undefined): VerifyRequest {
  if (taskId !== undefined && urls === undefined) return { taskId, cursor };
  if (urls !== undefined && taskId === undefined && cursor === undefined) return { urls };
  const what = taskId === undefined && urls !== undefined ? "cursor: goes with task_id only" : "task_id, urls: pass one of them";
  throw new PrefetchError("invalid_argument", what, { hint: "Nothing was asked. Correct the arguments and call again." });
}

function result({ rows, counts, cdns, nextCursor, nextStep }: VerifyView) {
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
