/** The server factory. The SDK calls it per connection, over HTTP even per request, so it only registers prepared tools. */

import { type AuthInfo, McpServer, type McpServerFactory, type ProtocolEra, type ServerCapabilities } from "@modelcontextprotocol/server";
import type { CallContext } from "../prefetch/model/caller.ts";
import { type NamedRequest, type Principal, principalOf, type Scope, scopeFor } from "./caller.ts";
import { cleanAnswers } from "./clean-answers.ts";
import type { Tool, ToolResult } from "./define-tool.ts";
import type { Intent } from "./intent.ts";
import { registerPublishAndWarm } from "./prompts/publish-and-warm.ts";
import { TASKS_EXTENSION } from "./protocol-task.ts";
import { type ResourceDeps, registerResources } from "./resources/index.ts";
import { registerTaskView } from "./resources/task-view.ts";
import { registerTasks, taskIntents } from "./task-methods.ts";
import { cancelPrefetch } from "./tools/cancel-prefetch.ts";
import { getPrefetchQuota } from "./tools/get-prefetch-quota.ts";
import { getPrefetchStatus } from "./tools/get-prefetch-status.ts";
import { listPrefetchTasks } from "./tools/list-prefetch-tasks.ts";
import { prefetchAsset } from "./tools/prefetch-asset.ts";
import { prefetchUrls } from "./tools/prefetch-urls.ts";
import { verifyPrefetch } from "./tools/verify-prefetch.ts";

const LISTS_TTL_MS = 300_000;

const instructions =
  "Warms CDNs. Call prefetch_asset or prefetch_urls once with everything, then get_prefetch_status with wait_seconds until the state is final, then verify_prefetch to prove warmth. Each URL costs daily quota: use dry_run for large lists. A call repeated within 10 minutes sends only the URLs that failed. Follow next_step.";

export interface ServerDeps extends ResourceDeps {
  readonly version: string;
  /** Whether the transport can send notifications outside of calls. */
  readonly subscribable: boolean;
}

export interface PreparedServers {
  readonly factory: McpServerFactory;
  /** The scope that the caller lacks for this request; `undefined` for a caller that may make it, and for an unknown tool or method. */
  readonly missingScope: (request: NamedRequest, authInfo: AuthInfo | undefined) => Scope | undefined;
  readonly runTool: RunTool;
}

/** Runs a tool without MCP, for the shell. Throws what the tool throws. */
export type RunTool = (name: string, args: ToolResult, call: CallContext) => Promise<ToolResult>;

export function prepareServers(deps: ServerDeps): PreparedServers {
  const tools = [
    prefetchAsset(deps),
    prefetchUrls(deps),
    getPrefetchStatus(deps),
    verifyPrefetch(deps),
    listPrefetchTasks(deps),
    cancelPrefetch(deps),
    getPrefetchQuota(deps),
  ];
  const toolIntents = new Map(tools.map(({ name, intent }) => [name, intent]));
  const methodIntents = new Map<string, Intent>(Object.entries(taskIntents));
  const factory: McpServerFactory = ({ era, authInfo }) => {
    const principal = principalOf(authInfo);
    // A list depends on the token's scopes, so shared caches must not keep it.
    const lists = { ttlMs: LISTS_TTL_MS, cacheScope: authInfo ? "private" : "public" } as const;
    const server = new McpServer(
      { name: "cdn-prefetch-mcp", title: "CDN Prefetch", version: deps.version },
      {
        instructions: deps.notice === undefined ? instructions : `${deps.notice} ${instructions}`,
        capabilities: capabilitiesOf(era, deps),
        requestState: { verify: deps.confirmations.verify },
        cacheHints: { "tools/list": lists, "prompts/list": lists, "resources/list": lists, "resources/templates/list": lists },
      },
    );
    for (const tool of tools.filter((each) => isOffered(each, principal))) tool.register(server, principal);
    registerResources(server, deps, principal);
    if (era === "modern") registerTasks(server, deps, principal);
    registerTaskView(server, deps);
    if (principal.may("spend")) registerPublishAndWarm(server);
    cleanAnswers(server, deps.foreign);
    return server;
  };
  return {
    factory,
    runTool: async (name, args, call) => {
      const tool = tools.find((each) => each.name === name);
      if (!tool) throw new Error(`There is no tool ${name}.`);
      return deps.foreign.clean(await tool.run(args, call));
    },
    missingScope: ({ method, name }, authInfo) => {
      const intent = method === "tools/call" ? toolIntents.get(name) : methodIntents.get(method);
      return intent === undefined || principalOf(authInfo).may(intent) ? undefined : scopeFor(intent);
    },
  };
}

function capabilitiesOf(era: ProtocolEra, { subscribable }: ServerDeps): ServerCapabilities {
  const isModern = era === "modern";
  return {
    tools: { listChanged: false },
    prompts: { listChanged: false },
    resources: { listChanged: false, subscribe: subscribable && isModern },
    ...(isModern && { extensions: { [TASKS_EXTENSION]: {} } }),
  };
}

/** Lists hide tools that the principal may not use. A call still reaches such a tool, which answers with the missing scope. */
function isOffered({ intent }: Tool, { may, callsTool }: Principal): boolean {
  return may(intent) || callsTool;
}
