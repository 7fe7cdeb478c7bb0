/** What can be read without calling a tool: quota, tasks, providers. */

import { type McpServer, ResourceNotFoundError, ResourceTemplate } from "@modelcontextprotocol/server";
import { explain, PrefetchError } from "../../base/errors.ts";
import { callOf } from "../call.ts";
import type { Principal } from "../caller.ts";
import type { ProviderInfo } from "../provider-info.ts";
import { quotaResult, taskResult } from "../result.ts";
import type { ToolDeps } from "../tool.ts";

export interface ResourceDeps extends ToolDeps {
  readonly describeProviders: () => Promise<readonly ProviderInfo[]>;
}

const mimeType = "application/json";
const QUOTA_TTL_MS = 5_000;
const TASK_TTL_MS = 1_000;
const PROVIDERS_TTL_MS = 300_000;
/** Tasks whose ids are offered while one is typed: the newest, as many as the protocol carries. */
const COMPLETIONS = 100;

export function registerResources(server: McpServer, deps: ResourceDeps, principal: Principal): void {
  const { service, providers, notice, report, describeProviders } = deps;
  const answer = (uri: URL, body: object) => ({
    contents: [{ uri: uri.href, mimeType, text: JSON.stringify({ ...body, ...(notice !== undefined && { notice }) }) }],
  });
  const privately = (ttlMs: number) => ({ mimeType, cacheHint: { ttlMs, cacheScope: "private" as const } });

  server.registerResource(
    "quota",
    "prefetch://quota",
    { title: "Prefetch quota", description: "Today's prefetch quota of every configured provider.", ...privately(QUOTA_TTL_MS) },
    async (uri, context) => {
      // With nothing configured there is no quota to tell, which is an answer and not an error.
      const quotas = providers.configured.length === 0 ? [] : await service.quota(undefined, callOf(context, principal, report));
      return answer(uri, { quotas: quotas.map(quotaResult) });
    },
  );

  server.registerResource(
    "provider-quota",
    new ResourceTemplate("prefetch://quota/{provider}", {
      list: () => ({ resources: providers.configured.map((id) => ({ uri: `prefetch://quota/${id}`, name: `quota of ${id}`, mimeType })) }),
      complete: { provider: (typed) => providers.known.filter((id) => id.startsWith(typed)) },
    }),
    { title: "Prefetch quota of one provider", description: "Limit, used, remaining, and when it resets.", ...privately(QUOTA_TTL_MS) },
    async (uri, { provider }, context) => {
      const [quota] = await known(uri, () => service.quota(String(provider), callOf(context, principal, report)));
      return answer(uri, quota ? quotaResult(quota) : {});
    },
  );

  server.registerResource(
    "task",
    new ResourceTemplate("prefetch://tasks/{task_id}", {
      list: undefined,
      complete: {
        task_id: async (typed) => {
          const { tasks } = await service.list({ limit: COMPLETIONS }, { caller: principal });
          return tasks.map(({ taskId }) => taskId).filter((id) => id.startsWith(typed));
        },
      },
    }),
    { title: "Prefetch task", description: "State, counts and problems of one task.", ...privately(TASK_TTL_MS) },
    async (uri, { task_id: taskId }, context) => {
      const request = { taskId: String(taskId), detail: "summary", waitSeconds: 0 } as const;
      return answer(uri, taskResult(await known(uri, () => service.status(request, callOf(context, principal, report)))));
    },
  );

  server.registerResource(
    "providers",
    "prefetch://providers",
    {
      title: "Prefetch providers",
      description: "What each provider can do, its limits, and what it needs to be configured.",
      ...privately(PROVIDERS_TTL_MS),
    },
    async (uri) => answer(uri, { providers: await describeProviders() }),
  );

  /** A name that stands for nothing is a missing resource; everything else keeps its own words. */
  async function known<Value>(uri: URL, read: () => Promise<Value>): Promise<Value> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof PrefetchError)) {
        report(error, `the resource ${uri.href}`);
        throw new Error("internal: an unexpected error inside the server");
      }
      if (error.code === "not_found" || error.code === "invalid_argument") throw new ResourceNotFoundError(uri.href, explain(error));
      throw new Error(`${error.code}: ${explain(error)}`);
    }
  }
}
