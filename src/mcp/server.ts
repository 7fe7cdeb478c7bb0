/** The server factory. It is called once a connection (once a request over HTTP), so it only registers. */

import { McpServer, type McpServerFactory } from "@modelcontextprotocol/server";
import { type Principal, principalOf } from "./caller.ts";
import { registerPublishAndWarm } from "./prompts/publish-and-warm.ts";
import { type ResourceDeps, registerResources } from "./resources/index.ts";
import type { Tool } from "./tool.ts";
import { cancelPrefetch } from "./tools/cancel-prefetch.ts";
import { getPrefetchQuota } from "./tools/get-prefetch-quota.ts";
import { getPrefetchStatus } from "./tools/get-prefetch-status.ts";
import { listPrefetchTasks } from "./tools/list-prefetch-tasks.ts";
import { prefetchAsset } from "./tools/prefetch-asset.ts";
import { prefetchUrls } from "./tools/prefetch-urls.ts";
import { verifyPrefetch } from "./tools/verify-prefetch.ts";

const LISTS_TTL_MS = 300_000;

const instructions =
  "Warms CDNs. Call prefetch_asset or prefetch_urls once with everything, then get_prefetch_status with wait_seconds until the state is final, then verify_prefetch if warmth must be proved. Each URL costs daily quota: use dry_run for large lists. A call repeated within 10 minutes returns the first task and costs nothing. Follow next_step.";

export interface ServerDeps extends ResourceDeps {
  readonly version: string;
  /** Whether the transport carries notifications outside calls. */
  readonly subscribable: boolean;
}

export function createServerFactory(deps: ServerDeps): McpServerFactory {
  const tools = [
    prefetchAsset(deps),
    prefetchUrls(deps),
    getPrefetchStatus(deps),
    verifyPrefetch(deps),
    listPrefetchTasks(deps),
    cancelPrefetch(deps),
    getPrefetchQuota(deps),
  ];
  return ({ era, authInfo }) => {
    const principal = principalOf(authInfo);
    // What is listed depends on the token, where there are tokens.
    const lists = { ttlMs: LISTS_TTL_MS, cacheScope: authInfo ? "private" : "public" } as const;
    const server = new McpServer(
      { name: "cdn-prefetch-mcp", title: "CDN Prefetch", version: deps.version },
      {
        instructions: deps.notice === undefined ? instructions : `${deps.notice} ${instructions}`,
        capabilities: {
          tools: { listChanged: false },
          prompts: { listChanged: false },
          resources: { listChanged: false, subscribe: deps.subscribable && era === "modern" },
        },
        cacheHints: { "tools/list": lists, "prompts/list": lists, "resources/list": lists, "resources/templates/list": lists },
      },
    );
    for (const tool of tools) if (isOffered(tool, principal)) tool.register(server, principal);
    registerResources(server, deps, principal);
    if (principal.may("spend")) registerPublishAndWarm(server);
    return server;
  };
}

/** What a principal may not use is not listed; called all the same, it is refused with the scope that it takes. */
function isOffered({ intent }: Tool, { may, calling }: Principal): boolean {
  return may(intent) || calling;
}
