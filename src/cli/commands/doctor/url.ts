/** One URL of the user: the provider that would get it, and what the CDN's edge says. */

import { z } from "zod";
import type { LocalApp } from "../../../app/app.ts";
import { asPrefetchError } from "../../../base/errors.ts";
import type { ForeignText } from "../../../base/foreign-text.ts";
import { parseUrls, shownInput } from "../../../prefetch/admission/parse-urls.ts";
import { type Choice, createRouter } from "../../../prefetch/admission/router.ts";
import { recordRoutes, type Sent } from "../../../prefetch/calls/routes-answer.ts";
import { shownUrl } from "../../../prefetch/calls/view.ts";
import { localCaller } from "../../../prefetch/model/caller.ts";
import { warmths } from "../../../prefetch/model/edge.ts";
import type { Guards } from "../../../prefetch/model/guards.ts";
import { within } from "./check.ts";
import { type Finding, type Rows, rowsOf } from "./finding.ts";

/** Larger: a slow edge holds the report. Smaller: edges that first fetch from a slow origin fail. */
const EDGE_MS = 20_000;
export const URL_MS = EDGE_MS + 2_000;

export interface UrlContext {
  readonly app: Pick<LocalApp, "directory" | "hostLists" | "runTool" | "breathe">;
  readonly guards: Guards;
  readonly foreign: ForeignText;
  /** The provider that a call would name. */
  readonly named: string | undefined;
}

export async function checkUrl(url: string, context: UrlContext, signal: AbortSignal): Promise<Finding[]> {
  const rows = rowsOf("url");
  const shown = shownInput(url, context.foreign.clean) || "(empty)";
  const route = await routeOf(url, shown, context, rows, signal);
  if (route.state === "failed") return [route, rows.skipped("edge", `${shown}: not asked.`, "Correct the URL or the setting first.")];
  return [route, ...(await askEdge(url, shown, context, rows, signal))];
}

/** As a call of prefetch_urls parses and routes it. */
async function routeOf(
  url: string,
  shown: string,
  { app, guards, foreign, named }: UrlContext,
  rows: Rows,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const { hostLists } = app;
    const { route, seen } = recordRoutes(await createRouter(app.directory, { named, hostLists, signal }));
    const { allowedDomains } = guards;
    const { candidates, rejected } = await parseUrls([url], { route, allowedDomains, foreign, breathe: app.breathe });
    const [candidate] = candidates;
    const [destination] = seen.values();
    if (candidate && destination) return rows.ok("provider", goesTo(shown, destination));
    const [{ code, reason } = { code: "", reason: "It cannot be used." }] = rejected;
    return rows.failed("provider", `${shown} is refused: ${reason}`, adviceOn(code));
  } catch (thrown) {
    return rows.error("provider", asPrefetchError(thrown));
  }
}

function goesTo(shown: string, { provider: { id }, choice, notes = [] }: Sent): string {
  return [`${shown} goes to ${id}, ${reasonOf(choice, id)}.`, ...notes].join(" ");
}

function reasonOf(choice: Choice, provider: string): string {
  if (choice.by === "name") return "which --provider names";
  if (choice.by === "route") return `by the route ${choice.pattern}`;
  if (choice.by === "list") return `by the domain list of ${provider}, which has ${choice.pattern}`;
  return "the only provider that a call without a name can mean";
}

function adviceOn(code: string): string {
  if (code === "forbidden_domain")
    return "Use a host that the server may connect to. PREFETCH_ALLOWED_DOMAINS names the hosts, where it is set.";
  if (code === "not_configured") return "Complete the settings of that provider, or correct PREFETCH_ROUTES.";
  return "Correct the URL, or name a provider that takes it with --provider.";
}

const answer = z.object({
  results: z.array(
    z.object({
      state: z.enum(warmths),
      reason: z.string().default(""),
      status: z.number().optional(),
      cdn: z.string().optional(),
      edge: z.string().optional(),
      obstacles: z.array(z.object({ change: z.string() })).default([]),
    }),
  ),
  next_step: z.string(),
});
type EdgeAnswer = z.infer<typeof answer>["results"][number];

async function askEdge(url: string, shown: string, { app }: UrlContext, rows: Rows, signal: AbortSignal): Promise<Finding[]> {
  try {
    const found = await within(EDGE_MS, `The edge of ${shown}`, signal, (bounded) =>
      app.runTool("verify_prefetch", { urls: [url], detail: "all" }, { caller: localCaller, signal: bounded }),
    );
    const { results, next_step: nextStep } = answer.parse(found);
    return results.map((result) => describeEdge(shownUrl(shown), result, nextStep, rows));
  } catch (thrown) {
    return [rows.error("edge", asPrefetchError(thrown))];
  }
}

const UNREACHABLE = "Ask for the URL from this machine, such as with curl -I, and correct what keeps it from answering.";

/** Exported for its test. */
export function describeEdge(
  shown: string,
  { state, reason, status, cdn, edge, obstacles }: EdgeAnswer,
  nextStep: string,
  rows: Rows,
): Finding {
  const where = [cdn, edge && `PoP ${edge}`].filter(Boolean).join(", ");
  const says = `${shown} is ${state}${where && ` (${where})`}. ${reason}`.trim();
  // Without an answer, the URL's host cannot be reached, or the server may not connect to it.
  if (state === "unknown" && status === undefined) return rows.failed("edge", says, UNREACHABLE);
  if (state === "unknown" || state === "uncacheable") return rows.warning("edge", says, obstacles[0]?.change ?? nextStep);
  return rows.ok("edge", says);
}
